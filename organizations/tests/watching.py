"""Who PostgreSQL itself thinks is writing, whichever door the write came through and however it was sent."""

from contextlib import contextmanager

from django.db import connection

TELL = """
    CREATE FUNCTION pg_temp.tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE NOTICE 'walls:%:%:%:%:%', TG_TABLE_NAME, lower(TG_OP), current_user,
            current_setting('clientline.organization_id', true), current_setting('clientline.user_id', true);
        RETURN NULL;
    END $$
"""
TRIGGER = "CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW EXECUTE FUNCTION pg_temp.tell()"


@contextmanager
def watched(*tables):
    """The rows written to these tables meanwhile: (table, operation, role, organization id, user id), all texts.

    For tests in one transaction, which takes the triggers back.
    """
    written = []

    def note(diagnostic):
        word, *facts = diagnostic.message_primary.split(":")
        if word == "walls":
            written.append(tuple(facts))

    with connection.cursor() as cursor:
        cursor.execute(TELL)
        for table in tables:
            cursor.execute(TRIGGER.format(table))
    connection.connection.add_notice_handler(note)
    try:
        yield written
    finally:
        connection.connection.remove_notice_handler(note)
