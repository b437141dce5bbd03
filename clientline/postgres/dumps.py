"""Backups: a file written by pg_dump, and its way back in place of everything that the database holds.

PostgreSQL's own programs do the work. They get the connection, password included, from their environment.
"""

import os
import re
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path
from shutil import copyfileobj

from django.conf import settings
from django.db import connection
from psycopg.pq import Conninfo

from clientline.operations import CREATE_ROLE
from clientline.postgres.binaries import find_binaries, find_program
from clientline.postgres.cluster import Cluster
from clientline.redaction import CREATE_REDACTOR, HAND_OVER, TAKE_BACK

MAGIC = b"PGDMP"  # how a dump in pg_dump's custom format begins
# What not every release takes: PostgreSQL knows that setting since 17, and the marks that Debian's 15.20 has on all
# columns nowhere else. Its own pg_dump leaves them out, a newer one writes them down.
NOT_FOR_ALL = re.compile(
    rb"SET transaction_timeout = 0;\n|ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(pg_attver=\d+\);\n"
)

# Everything, not only what the dump has: a table that came later may refer to an earlier one, and would hold it.
CLEAR = """
DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('DROP %s IF EXISTS %s CASCADE', kind, name) FROM (
            SELECT
                CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'm' THEN 'MATERIALIZED VIEW'
                ELSE 'TABLE' END,
                oid, oid::regclass::text, relnamespace
            FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S')
            UNION ALL SELECT 'ROUTINE', oid, oid::regprocedure::text, pronamespace FROM pg_proc
            UNION ALL SELECT 'TYPE', oid, oid::regtype::text, typnamespace FROM pg_type
            WHERE typtype IN ('e', 'd') OR typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
        ) AS object (kind, oid, name, namespace)
        WHERE namespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = object.oid AND deptype = 'e')
        ORDER BY kind <> 'TABLE'  -- first of all, with the sequences that are part of their columns
    LOOP
        EXECUTE statement;
    END LOOP;
END $$;
"""


class DumpFailed(Exception):
    """PostgreSQL's program gave up; the message is what it said."""


def find_postgres_program(name):
    if settings.EMBEDDED_DATA:
        return Cluster(settings.EMBEDDED_DATA).find_binary(name)
    return find_program(find_binaries(), name)


def write_libpq_environment():
    """Our environment, and the configured connection as the variables that PostgreSQL's programs read."""
    names = {option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar}
    parameters = connection.get_connection_params()
    return os.environ | {names[key]: str(value) for key, value in parameters.items() if key in names}


def write_dump(path):
    """Back the database up into `path`, which appears only when it is complete. Raises DumpFailed."""
    handle, draft = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        command = [find_postgres_program("pg_dump"), "--format=custom", f"--file={draft}"]
        result = subprocess.run(command, env=write_libpq_environment(), capture_output=True, text=True)
        if result.returncode:
            raise DumpFailed(result.stderr.strip())
        os.replace(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)


def is_dump(path):
    """Whether pg_dump wrote this file in its custom format, which alone pg_restore reads here."""
    with open(path, "rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def restore_dump(path):
    """Put the dump in place of all that the database holds, or raise DumpFailed and leave it as it was."""
    with connection.cursor() as cursor:
        cursor.execute(CREATE_ROLE + CREATE_REDACTOR)  # the dump grants to them, but roles are in no dump
    environment = write_libpq_environment()
    with tempfile.TemporaryFile("w+") as errors:
        reader = subprocess.Popen(
            [find_postgres_program("pg_restore"), "--no-owner", "--file=-", path],
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        writer = subprocess.Popen(
            [find_postgres_program("psql"), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        replay(reader, writer)
        if reader.returncode or writer.returncode:
            errors.seek(0)
            raise DumpFailed(errors.read().strip())


def replay(reader, writer):
    """Feed psql one transaction, which it commits only once pg_restore has read the dump to its end."""
    with suppress(BrokenPipeError):  # psql ends at the first error, and says it
        writer.stdin.write(f"BEGIN;\n{TAKE_BACK}{CLEAR}".encode())
        writer.stdin.writelines(list_for_all(reader.stdout))
        copyfileobj(reader.stdout, writer.stdin)
    reader.stdout.close()
    writer.communicate(f"{HAND_OVER}COMMIT;\n".encode() if reader.wait() == 0 else b"")


def list_for_all(script):
    """The lines up to the first rows, but those that not every release takes."""
    for line in script:
        if not NOT_FOR_ALL.fullmatch(line):
            yield line
        if line.startswith(b"COPY "):
            return
