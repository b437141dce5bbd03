"""Migration operations for what the models cannot say: the tenants' role, row security, the audit, what stays."""

import re

from django.db.migrations import RunSQL

from clientline.redaction import REDACTOR_ROLE

TENANT_ROLE = "clientline_tenant"
CURRENT_ORGANIZATION = "NULLIF(current_setting('clientline.organization_id', true), '')::bigint"

# Roles belong to the cluster: another database of it, or a parallel test run, may be making it right now.
CREATE_ROLE = f"""
DO $$
DECLARE
    settable text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{TENANT_ROLE}') THEN
        BEGIN
            CREATE ROLE {TENANT_ROLE} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
    -- Even the role's creator has to be granted it before it may SET ROLE.
    IF NOT pg_has_role(current_user, '{TENANT_ROLE}', settable) THEN
        GRANT {TENANT_ROLE} TO CURRENT_USER;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'ClientLine needs the roles {TENANT_ROLE} and {REDACTOR_ROLE}. As a superuser run: %',
        format('CREATE ROLE {TENANT_ROLE} NOLOGIN; CREATE ROLE {REDACTOR_ROLE} NOLOGIN; '
            'GRANT {TENANT_ROLE}, {REDACTOR_ROLE} TO %I;', current_user);
END $$;
"""


def create_tenant_role():
    """The NOLOGIN role that requests run as. Reversing keeps it: other databases of the cluster may use it."""
    return RunSQL(CREATE_ROLE, RunSQL.noop)


def confine(table, *, grants, rows=f"organization_id = {CURRENT_ORGANIZATION}"):
    """Row security: the tenants' role has `grants` on `table`, and sees and writes only `rows` (SQL).

    The owner passes by, so migrations, commands and dumps need nothing.
    """
    return RunSQL(
        f"GRANT {grants} ON {table} TO {TENANT_ROLE};"
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;"
        f"CREATE POLICY {table}_of_one_organization ON {table} TO {TENANT_ROLE} USING ({rows}) WITH CHECK ({rows});",
        f"DROP POLICY {table}_of_one_organization ON {table};"
        f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;"
        f"REVOKE ALL ON {table} FROM {TENANT_ROLE};",
    )


def grant(table, grants):
    """Let the tenants' role use a table that belongs to no organization."""
    return RunSQL(f"GRANT {grants} ON {table} TO {TENANT_ROLE};", f"REVOKE {grants} ON {table} FROM {TENANT_ROLE};")


def grant_columns(table, *, not_inserted=(), not_updated=()):
    """Of a confined table, let the tenants' role neither name nor change these columns; all others as before.

    PostgreSQL grants columns one by one: a migration that adds one to such a table has to say this again.
    """

    def on_other_columns(privilege, left_out):
        return f"""
            REVOKE {privilege} ON {table} FROM {TENANT_ROLE};
            SELECT string_agg(quote_ident(attname), ', ') INTO columns FROM pg_attribute
            WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped
                AND attname <> ALL ('{{{",".join(left_out)}}}');
            EXECUTE format('GRANT {privilege} (%s) ON {table} TO {TENANT_ROLE}', columns);
        """  # noqa: S608 -- words of our own migrations

    statements = on_other_columns("INSERT", not_inserted) + on_other_columns("UPDATE", not_updated)
    return RunSQL(
        f"DO $$ DECLARE columns text; BEGIN {statements} END $$;",
        f"GRANT INSERT, UPDATE ON {table} TO {TENANT_ROLE};",
    )


def never_deleted(table):
    """What happened stays: a trigger refuses to delete rows of `table`, to the owner too."""
    return RunSQL(
        f"""
        CREATE FUNCTION {table}_are_never_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{table} are never deleted' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER {table}_are_never_deleted BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_are_never_deleted();
        """,
        f"DROP TRIGGER {table}_are_never_deleted ON {table}; DROP FUNCTION {table}_are_never_deleted();",
    )


def append_only(table):
    """Rows of `table` are facts: a trigger refuses to change or delete them, to the owner too."""
    return RunSQL(
        f"""
        CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
        END $$;
        CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only();
        """,
        f"DROP TRIGGER {table}_is_append_only ON {table}; DROP FUNCTION {table}_is_append_only();",
    )


# Row-level: measured on visits, it costs 0.09 ms a row. Of rows that are added, a statement notes many for less.
# It runs as the owner, so whoever may change a table is audited, whatever they may do with the audit.
NOTE_CHANGE = """
CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    -- Arguments: columns that are left out, and columns of which only the change is told, not the values.
    untold text[] := TG_ARGV[0]::text[];
    secret text[] := TG_ARGV[1]::text[];
    was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
    became jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
    written jsonb := coalesce(became, was);
    program text := current_setting('application_name');
    source text := NULLIF(current_setting('clientline.source', true), '');
    found jsonb;
BEGIN
    SELECT jsonb_object_agg(
        key, CASE WHEN key = ANY (secret) THEN '["hidden", "hidden"]' ELSE jsonb_build_array(o.value, n.value) END
    ) INTO found
    FROM (SELECT key, NULLIF(value, '') AS value FROM jsonb_each_text(was)) AS o
    FULL JOIN (SELECT key, NULLIF(value, '') AS value FROM jsonb_each_text(became)) AS n USING (key)
    WHERE o.value IS DISTINCT FROM n.value AND key <> ALL (untold);
    IF TG_OP = 'UPDATE' AND coalesce(found, '{}') - 'version' = '{}' THEN
        RETURN NULL;
    END IF;
    INSERT INTO audit (organization_id, at, actor_id, source, request_id, action, "table", "row", changes) VALUES (
        (written ->> CASE WHEN TG_TABLE_NAME = 'organizations' THEN 'id' ELSE 'organization_id' END)::bigint,
        clock_timestamp(),
        NULLIF(current_setting('clientline.user_id', true), '')::bigint,
        coalesce(source, CASE WHEN program LIKE 'manage.py %' THEN 'command' ELSE 'psql' END),
        coalesce(CASE WHEN source IS NULL THEN program ELSE current_setting('clientline.request_id', true) END, ''),
        lower(TG_OP),
        TG_TABLE_NAME,
        (written ->> 'id')::bigint,
        coalesce(found, '{}')
    );
    RETURN NULL;
END $$;
-- Or somebody confined could hang it to a temporary table, and tell of other organizations.
REVOKE EXECUTE ON FUNCTION note_change() FROM PUBLIC;
"""


def fix_search_path(function):
    """Let a function with arguments, as `f()`, read tables of `public` only.

    Temporary tables come first in every search that does not put them last: one called `tokens`, which anybody may
    make, would be read in place of ours. For functions that run as the owner, and for guards that look at rows.
    """
    return RunSQL(
        f"ALTER FUNCTION {function} SET search_path = pg_catalog, public, pg_temp;",
        f"ALTER FUNCTION {function} RESET search_path;",
    )


def keep_from_public(function):
    """Nobody but its owner hangs the trigger function to a table: in a temporary one, it would run as the owner."""
    return RunSQL(
        f"REVOKE EXECUTE ON FUNCTION {function} FROM PUBLIC;", f"GRANT EXECUTE ON FUNCTION {function} TO PUBLIC;"
    )


def note_changes():
    """The function behind `audited`, once the table `audit` is there."""
    return RunSQL(NOTE_CHANGE, "DROP FUNCTION note_change();")


# As `note_change` says of an insert, for all rows of the statement at once: in two fifths of the time, which is most of
# what adding thousands of people takes. One row alone is noted as fast as by it.
NOTE_INSERTIONS = """
CREATE FUNCTION note_insertions() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    untold text[] := TG_ARGV[0]::text[];
    secret text[] := TG_ARGV[1]::text[];
    program text := current_setting('application_name');
    source text := NULLIF(current_setting('clientline.source', true), '');
BEGIN
    INSERT INTO audit (organization_id, at, actor_id, source, request_id, action, "table", "row", changes)
    SELECT (written ->> 'organization_id')::bigint,
        clock_timestamp(),
        NULLIF(current_setting('clientline.user_id', true), '')::bigint,
        coalesce(source, CASE WHEN program LIKE 'manage.py %' THEN 'command' ELSE 'psql' END),
        coalesce(CASE WHEN source IS NULL THEN program ELSE current_setting('clientline.request_id', true) END, ''),
        'insert',
        TG_TABLE_NAME,
        (written ->> 'id')::bigint,
        coalesce((
            SELECT jsonb_object_agg(key, CASE
                WHEN key = ANY (secret) THEN '["hidden", "hidden"]' ELSE jsonb_build_array(NULL, value)
            END) FROM jsonb_each_text(written - untold) WHERE value <> '' AND value NOT LIKE '%{hidden}'
        ), '{{}}')
    FROM (SELECT to_jsonb(came) AS written FROM came) AS rows;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION note_insertions() FROM PUBLIC;
"""


def note_insertions(hidden):
    """The function behind `audited_by_statement`; of texts with the end `hidden` it says that there was nothing."""
    return RunSQL(NOTE_INSERTIONS.format(hidden=hidden), "DROP FUNCTION note_insertions();")


def note_insertions_in_less_time(hidden):
    """Let it make JSON of each row once, not for each of its uses: a third of the time that adding people takes."""
    former = NOTE_INSERTIONS.format(hidden=hidden).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    changed = {
        "(written ->> 'organization_id')::bigint": "organization_id",
        "(written ->> 'id')::bigint": "id",
        "jsonb_each_text(written - untold)": "jsonb_each_text(to_jsonb(came) - untold)",
        "FROM (SELECT to_jsonb(came) AS written FROM came) AS rows": "FROM came",
    }
    better = former
    for old, new in changed.items():
        better = better.replace(old, new)
    return RunSQL(better, former)


def hide_in_audit(suffix):
    """Let the audit say of texts with this end that there was nothing."""
    replaced = NOTE_CHANGE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    hiding = replaced.replace(
        "NULLIF(value, '') AS", f"CASE WHEN value NOT LIKE '%{suffix}' THEN NULLIF(value, '') END AS"
    )
    return RunSQL(hiding, replaced)


IS_AUDITED = (
    f"current_setting('clientline.audit', true) IS DISTINCT FROM 'off' OR current_setting('role') = '{TENANT_ROLE}'"
)


def audited(table, *, without=(), secret=()):
    """Each change to a row of `table` becomes a row of `audit`, whichever door it came through.

    Columns in `without` are not told. Of those in `secret` it is told that they changed, and never a value.
    The owner, and nobody confined, can switch it off for a transaction: see organizations.audit.pause_audit.
    """
    arguments = [f"'{{{','.join(names)}}}'" for names in (("id", "organization_id", *without), secret)]
    return RunSQL(
        f"""
        CREATE TRIGGER {table}_are_audited AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW WHEN ({IS_AUDITED}) EXECUTE FUNCTION note_change({", ".join(arguments)});
        """,
        f"DROP TRIGGER {table}_are_audited ON {table};",
    )


def audited_by_statement(table, *, without=(), secret=()):
    """As `audited`, in its place: for a table of an organization to which thousands of rows are added at once."""
    names = ("id", "organization_id", *without)
    arguments = f"'{{{','.join(names)}}}', '{{{','.join(secret)}}}'"
    former = audited(table, without=without, secret=secret)
    return RunSQL(
        f"""
        {former.reverse_sql}
        CREATE TRIGGER {table}_are_audited AFTER UPDATE OR DELETE ON {table}
            FOR EACH ROW WHEN ({IS_AUDITED}) EXECUTE FUNCTION note_change({arguments});
        CREATE TRIGGER added_{table}_are_audited AFTER INSERT ON {table} REFERENCING NEW TABLE AS came
            FOR EACH STATEMENT WHEN ({IS_AUDITED}) EXECUTE FUNCTION note_insertions({arguments});
        """,
        f"DROP TRIGGER added_{table}_are_audited ON {table}; {former.reverse_sql} {former.sql}",
    )


# As `note_insertions`, with an expression for each column, which are looked up when the migration runs: to make JSON of
# whole rows and to take it apart again takes three times as long, a tenth of adding thousands of people.
NOTE_ADDED = """
DO $do$
DECLARE
    told text;
BEGIN
    SELECT string_agg(format(CASE
        WHEN attname = ANY ('{secret}') THEN $$CASE WHEN %1$s <> '' THEN %2$L || '["hidden", "hidden"],' END$$
        WHEN typcategory = 'S' THEN
            $$CASE WHEN %1$s <> '' AND %1$s NOT LIKE '%%{hidden}' THEN %2$L || '[null,' || to_json(%1$s) || '],' END$$
        WHEN typname IN ('bool', 'int2', 'int4', 'int8') THEN $$%2$L || '[null,"' || %1$s || '"],'$$
        ELSE $$%2$L || '[null,' || to_json(NULLIF(to_jsonb(%1$s) #>> '{{}}', '')) || '],'$$
        END, format('came.%I', attname), to_json(attname) || ':'), ', ' ORDER BY attnum) INTO told
    FROM pg_attribute JOIN pg_type ON pg_type.oid = atttypid
    WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped AND attname <> ALL ('{untold}');
    EXECUTE replace($function$
CREATE OR REPLACE FUNCTION note_added_{table}() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    program text := current_setting('application_name');
    source text := NULLIF(current_setting('clientline.source', true), '');
BEGIN
    INSERT INTO audit (organization_id, at, actor_id, source, request_id, action, "table", "row", changes)
    SELECT organization_id,
        clock_timestamp(),
        NULLIF(current_setting('clientline.user_id', true), '')::bigint,
        coalesce(source, CASE WHEN program LIKE 'manage.py %' THEN 'command' ELSE 'psql' END),
        coalesce(CASE WHEN source IS NULL THEN program ELSE current_setting('clientline.request_id', true) END, ''),
        'insert',
        TG_TABLE_NAME,
        id,
        -- What is null is left out.
        ('{{' || rtrim(concat(TOLD), ',') || '}}')::jsonb
    FROM came;
    RETURN NULL;
END $$;
    $function$, 'TOLD', told);
END $do$;
REVOKE EXECUTE ON FUNCTION note_added_{table}() FROM PUBLIC;
"""


def note_added(table, *, without=(), secret=(), hidden, new=()):
    """The function behind `audited_by_column`; of texts with the end `hidden` it says that there was nothing.

    It knows the columns that are here when it runs: a migration that adds one, as `new`, has to say this again.
    """

    def write_function(left_out):
        untold, hushed = (f"{{{','.join(names)}}}" for names in (("id", "organization_id", *left_out), secret))
        return NOTE_ADDED.format(table=table, untold=untold, secret=hushed, hidden=hidden)

    former = write_function((*without, *new)) if new else f"DROP FUNCTION note_added_{table}();"
    return RunSQL(write_function(without), former)


def audited_by_column(table, *, without=(), secret=()):
    """As `audited_by_statement`, in its place, once the function of `note_added` is there."""
    former = audited_by_statement(table, without=without, secret=secret)
    added = former.sql[former.sql.index(f"CREATE TRIGGER added_{table}_are_audited") :]
    drop = f"DROP TRIGGER added_{table}_are_audited ON {table};"
    return RunSQL(drop + re.sub(r"note_insertions\(.*\)", f"note_added_{table}()", added), drop + added)


def redactable(table):
    """Of version 0.1: whoever sets `clientline.redacting` blanks words. Now `redaction.redacted_by_role` says who."""

    def refuse(unless):
        return f"""
        CREATE OR REPLACE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            {unless}
            RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
        END $$;
        """

    redaction = """IF TG_OP = 'UPDATE' AND current_setting('clientline.redacting', true) = 'on' THEN
                RETURN NEW;
            END IF;"""
    return RunSQL(refuse(redaction), refuse(""))


# Hung to the tables of an organization by `clientline.cells`, while it moves and until it is forgotten at one end.
# Whoever writes shares a lock until commit: who freezes the organization takes it alone, and so waits for all writers.
GUARD_HOME = """
CREATE FUNCTION guard_home() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    -- Arguments: the organization, and the column that names the row.
    moving bigint := TG_ARGV[0]::bigint;
    changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
    -- A worker's round or a command that goes through all organizations passes by those that are elsewhere.
    passes_by boolean := TG_OP <> 'INSERT'
        AND coalesce(current_setting('clientline.organization_id', true), '') = ''
        AND coalesce(current_setting('clientline.source', true), '') = '';
    home relocations;
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('home', moving));
    SELECT * INTO home FROM relocations WHERE organization = moving;
    IF passes_by AND home.state IN ('frozen', 'arriving', 'moved') THEN
        RETURN NULL;
    ELSIF home.state IN ('frozen', 'arriving') THEN
        RAISE EXCEPTION 'organization % is moving', moving USING ERRCODE = 'CL503';
    ELSIF home.state = 'moved' THEN
        RAISE EXCEPTION 'organization % has moved', moving USING ERRCODE = 'CL421', HINT = home.address;
    ELSIF home.notes_rows THEN
        INSERT INTO relocated_rows (organization, "table", "row")
        VALUES (moving, TG_TABLE_NAME, (changed ->> TG_ARGV[1])::bigint) ON CONFLICT DO NOTHING;
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
REVOKE EXECUTE ON FUNCTION guard_home() FROM PUBLIC;
"""


def guard_home():
    """The function that refuses changes to an organization that is not at home here."""
    return RunSQL(GUARD_HOME, "DROP FUNCTION guard_home();")
