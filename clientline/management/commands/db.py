"""The database from the command line: the embedded server, and psql, backup and restore for any server."""

import argparse
import os
import tempfile
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection
from django.template.defaultfilters import filesizeformat

from clientline.cells.drill import Drill, DrillFailed
from clientline.command_line import refuse_reader
from clientline.postgres.archive import NoOffset, read_target, start_archiving
from clientline.postgres.binaries import PostgresUnavailable
from clientline.postgres.cluster import Cluster
from clientline.postgres.dumps import (
    DumpFailed,
    find_postgres_program,
    is_dump,
    restore_dump,
    write_dump,
    write_libpq_environment,
)

ACTIONS = ("start", "stop", "status", "psql", "backup", "restore", "archive", "drill")
ELSEWHERE = "DATABASE_URL names the server: nothing is started or stopped here."


class Command(BaseCommand):
    help = "Start, stop, look at, back up or restore the database."
    requires_system_checks = []

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        actions.add_parser("start", help="start the embedded PostgreSQL")
        actions.add_parser("stop", help="stop the embedded PostgreSQL")
        actions.add_parser("status", help="say which server is used, and whether it runs")
        psql = actions.add_parser("psql", help="open PostgreSQL's shell")
        psql.add_argument("arguments", nargs=argparse.REMAINDER, help="arguments for psql, after --")
        backup = actions.add_parser("backup", help="write everything into a file")
        backup.add_argument("file", type=Path)
        archive = actions.add_parser("archive", help="archive everything from now on, and take a base backup")
        archive.add_argument("directory", type=Path, help="on another disk")
        drill = actions.add_parser("drill", help="restore an archive beside the database, and compare")
        drill.add_argument("directory", type=Path, help="what `archive` was told")
        drill.add_argument("--to", metavar="TIME", help="a second with its offset, 2026-11-29T12:00:00+01:00; else now")
        restore = actions.add_parser("restore", help="replace everything by what a backup has")
        restore.add_argument("file", type=Path)
        restore.add_argument("--noinput", "--no-input", action="store_true", help="do not ask before replacing data")

    def handle(self, *, action, **options):
        self.cluster = settings.EMBEDDED_DATA and Cluster(settings.EMBEDDED_DATA)
        try:
            getattr(self, action)(**options)
        except (PostgresUnavailable, DumpFailed, DrillFailed, NoOffset, Error, psycopg.Error) as error:
            raise CommandError(str(error).strip()) from error
        except OSError as error:
            raise CommandError(f"{error.strerror}: {error.filename}") from error

    def start(self, **options):
        if not self.cluster:
            return self.stdout.write(ELSEWHERE)
        self.cluster.ensure_running()
        return self.status()

    def stop(self, **options):
        if not self.cluster:
            return self.stdout.write(ELSEWHERE)
        stopped = self.cluster.stop()
        return self.stdout.write("PostgreSQL is stopped." if stopped else "PostgreSQL was not running.")

    def status(self, **options):
        if not self.cluster:
            return self.stdout.write(self.describe_server_elsewhere())
        status = self.cluster.status()
        state = f"runs as process {status.pid}" if status.running else "is not running"
        self.stdout.write(f"PostgreSQL {status.version} {state}.")
        for name in ("data_directory", "socket_directory", "log"):
            if place := getattr(status, name):
                self.stdout.write(f"{name.replace('_', ' ').capitalize()}: {place}")

    def describe_server_elsewhere(self):
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            version = cursor.fetchone()[0]
        info = connection.connection.info
        return f"DATABASE_URL names PostgreSQL {version} at {info.host}:{info.port}/{info.dbname}, and it answers."

    def psql(self, *, arguments, **options):
        environment = write_libpq_environment()
        executable = str(find_postgres_program("psql"))
        # In our place rather than below us, so that Ctrl-C and the terminal are psql's alone.
        os.execve(executable, [executable, *[argument for argument in arguments if argument != "--"]], environment)

    def backup(self, *, file, **options):
        if file.exists():
            raise CommandError(f"{file} exists ({_write_size(file)}) and is not overwritten: choose another name.")
        write_dump(file)
        self.stdout.write(f"Wrote {file.absolute()} ({_write_size(file)}).")

    def restore(self, *, file, noinput, **options):
        if not file.is_file():
            raise CommandError(f"There is no file {file}.")
        if not is_dump(file):
            raise CommandError(f"{file} is no backup: it was not written by `manage.py db backup`.")
        refuse_reader()
        if not noinput:
            self.confirm(file)
        restore_dump(file)
        self.stdout.write(f"Restored {file}. If it is older than the code, run `manage.py migrate` now.")

    def archive(self, *, directory, **options):
        if not self.cluster:
            raise CommandError(f"{ELSEWHERE} docs/operators/point-in-time.md says how it is archived.")
        base = start_archiving(self.cluster, directory.absolute())
        self.stdout.write(f"Wrote {base}. Everything that is saved from now on can be restored to its second.")

    def drill(self, *, directory, to, **options):
        if not self.cluster:
            raise CommandError(f"{ELSEWHERE} docs/operators/point-in-time.md says how to drill there.")
        target = read_target(to) if to else None
        with tempfile.TemporaryDirectory(prefix="drill-", dir=settings.EMBEDDED_DATA) as scratch:
            Drill(directory.absolute(), Path(scratch), self.stdout.write).rehearse(target)

    def confirm(self, file):
        """Ask before data is lost; an empty database has none."""
        with connection.cursor() as cursor:
            tables = connection.introspection.table_names(cursor)
        if not tables:
            return
        name = connection.settings_dict["NAME"]
        self.stdout.write(f"This replaces all {len(tables)} tables of the database {name} by those in {file}.")
        try:
            answer = input("Type yes to go on: ")
        except EOFError:
            answer = ""
        if answer != "yes":
            raise CommandError("Nothing was changed.")


def _write_size(file):
    return filesizeformat(file.stat().st_size).replace("\xa0", " ")
