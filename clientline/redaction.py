"""Migration operations for what stays as it was written: no TRUNCATE, and words blanked by one function alone."""

from django.db.migrations import RunSQL

REDACTOR_ROLE = "clientline_redactor"

CREATE_REDACTOR = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{REDACTOR_ROLE}') THEN
        BEGIN
            CREATE ROLE {REDACTOR_ROLE} NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'ClientLine needs the role {REDACTOR_ROLE}, too. As a superuser run: %',
        format('CREATE ROLE {REDACTOR_ROLE} NOLOGIN; GRANT {REDACTOR_ROLE} TO %I;', current_user);
END $$;
"""


def _as_redactor(statements):
    """SQL that runs the statements as a member of the redactor's role, which nobody is before or after.

    PostgreSQL 16 and newer let the role's creator join it; before, whoever may create roles.
    """
    return f"""
DO $$
DECLARE
    settable text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
    joins boolean := NOT pg_has_role(current_user, '{REDACTOR_ROLE}', settable);
    creates boolean := NOT has_schema_privilege('{REDACTOR_ROLE}', 'public', 'CREATE');
BEGIN
    IF joins THEN GRANT {REDACTOR_ROLE} TO CURRENT_USER; END IF;
    IF creates THEN GRANT CREATE ON SCHEMA public TO {REDACTOR_ROLE}; END IF;
    {statements}
    IF creates THEN REVOKE CREATE ON SCHEMA public FROM {REDACTOR_ROLE}; END IF;
    IF joins THEN REVOKE {REDACTOR_ROLE} FROM CURRENT_USER; END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE EXCEPTION 'ClientLine cannot give a function to the role {REDACTOR_ROLE}. As a superuser run: %',
        format('GRANT {REDACTOR_ROLE} TO %I;', current_user);
END $$;
"""


def _own_redaction(owner):
    return _as_redactor(
        "IF to_regprocedure('public.redact_client(bigint)') IS NOT NULL THEN"
        f" ALTER FUNCTION public.redact_client(bigint) OWNER TO {owner}; END IF;"
    )


HAND_OVER = _own_redaction(REDACTOR_ROLE)
TAKE_BACK = _own_redaction("CURRENT_USER")


def create_redactor_role():
    """The NOLOGIN role that owns `redact_client`. Reversing keeps it: other databases of the cluster may use it."""
    return RunSQL(CREATE_REDACTOR, RunSQL.noop)


def hand_over_redaction():
    """Give `redact_client` to its role, as the last operation; a migration that changes it takes it back first."""
    return RunSQL(HAND_OVER, TAKE_BACK)


def take_back_redaction():
    """Before a migration changes `redact_client`; then `hand_over_redaction`."""
    return RunSQL(TAKE_BACK, HAND_OVER)


def let_redactor(table, grants):
    """Let the function that blanks words use all rows of a table with row security."""
    return RunSQL(
        f"GRANT {grants} ON {table} TO {REDACTOR_ROLE};"
        f"CREATE POLICY {table}_for_redaction ON {table} TO {REDACTOR_ROLE} USING (true) WITH CHECK (true);",
        f"DROP POLICY {table}_for_redaction ON {table}; REVOKE ALL ON {table} FROM {REDACTOR_ROLE};",
    )


def redacted_by_role(table):
    """Rows of the append-only `table` are changed by what the redactor owns, and by no setting of the session."""

    def refuse(unless):
        return f"""
        CREATE OR REPLACE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND {unless} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation';
        END $$;
        """

    # Inside a SECURITY DEFINER function the current user is its owner.
    return RunSQL(
        refuse(f"current_user = '{REDACTOR_ROLE}'"), refuse("current_setting('clientline.redacting', true) = 'on'")
    )


REFUSE_TRUNCATE = """
CREATE FUNCTION refuse_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% are never emptied', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def refuse_truncate():
    """The function behind `never_emptied`."""
    return RunSQL(REFUSE_TRUNCATE, "DROP FUNCTION refuse_truncate();")


def never_emptied(table):
    """A trigger refuses TRUNCATE of `table` to everybody, by CASCADE from another table too."""
    # ALWAYS: it fires for a subscription as well, past which a TRUNCATE on the publisher would go otherwise.
    return RunSQL(
        f"CREATE TRIGGER {table}_are_never_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_truncate();"
        f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_are_never_emptied;",
        f"DROP TRIGGER {table}_are_never_emptied ON {table};",
    )


# Only names of new columns may be added: of rows that are sealed, those found here count by a digest of their own.
PERSONAL_WORDS = """
CREATE FUNCTION personal_columns() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ARRAY['name', 'email', 'phone', 'notes', 'internal_notes', 'cancellation_reason', 'reason']
$$;
CREATE FUNCTION blank_words(changes jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(
        key, CASE WHEN key = ANY (personal_columns()) THEN '["erased", "erased"]' ELSE value END
    ), '{}') FROM jsonb_each(changes)
$$;
"""


def personal_words():
    """`personal_columns()`, whose words an erasure takes out of the audit, and `blank_words(changes)` without them."""
    return RunSQL(PERSONAL_WORDS, "DROP FUNCTION blank_words(jsonb); DROP FUNCTION personal_columns();")


def more_personal_columns(*names, former):
    """Let an erasure take the words of these columns out of the audit, besides those of the `former` ones."""

    def replace(columns):
        listed = ", ".join(f"'{name}'" for name in columns)
        return f"""
        CREATE OR REPLACE FUNCTION personal_columns() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT ARRAY[{listed}]
        $$;
        """

    return RunSQL(replace((*former, *names)), replace(former))
