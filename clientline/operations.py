"""Migration operations for the third wall: the tenants' role, and row security on each tenant table."""

from django.db.migrations import RunSQL

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
    RAISE EXCEPTION 'ClientLine needs the role {TENANT_ROLE}. As a superuser run: %',
        format('CREATE ROLE {TENANT_ROLE} NOLOGIN; GRANT {TENANT_ROLE} TO %I;', current_user);
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
