"""`manage.py`: what is wrong with the configuration, the database or the disk ends a command with a sentence.

A defect still shows its traceback, and `--traceback` shows that of everything.
"""

import gc
import sys
from datetime import date

from django.conf import settings
from django.core.checks import Tags
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, ManagementUtility
from django.db import DatabaseError, OperationalError, connection
from procrastinate.exceptions import ConnectorException
from psycopg import Error, errors

from clientline.notations import parse_date
from clientline.postgres.backend.outcomes import OutcomeLost
from clientline.postgres.backend.unreachable import Unreachable, explain_only_reads
from clientline.refusals import Moved, Moving

NOT_MIGRATED = "{}. The tables are not those of this version: run `manage.py migrate`."
NO_RIGHTS = "{}. The role in DATABASE_URL has to own its database: ALTER DATABASE … OWNER TO … as a superuser."
NO_ROOM = "{}. The database's disk is full: make room, and try again; nothing is half done."
LOST = "The connection to the database was lost while it saved: {}. It may be saved or not: look before you repeat it."
PARTLY = "The database gave up: {}. What the command had done before may be saved: look before you repeat it."
NOBODY = "This asks for an answer, and there was nobody to give one: call it at a terminal."
SENTENCES = {
    errors.UndefinedTable: NOT_MIGRATED,
    errors.UndefinedColumn: NOT_MIGRATED,
    errors.InsufficientPrivilege: NO_RIGHTS,
    errors.DiskFull: NO_ROOM,
    errors.RaiseException: "{}.",  # a migration says what it needs
    errors.UniqueViolation: "{}: somebody else has saved it meanwhile.",
    errors.DeadlockDetected: "{}. Nothing was changed: try again.",
}
# By sqlstate, of an organization that is at home elsewhere: see `operations.GUARD_HOME`, whose hint is the address.
AWAY = {
    "CL421": "{} to {}. Nothing of it is changed here: call the command there.",
    "CL503": "{}. Nothing of it is changed meanwhile: try again later.",
}

# They tell what the database refuses in many lines of their own, none of which says what to do.
WORDY = {"flush", "procrastinate"}

# What Django checks of models, pages and urls depends on the code alone, and looking takes as long as a start again.
CHECKED = {"check", "makemigrations", "runserver", "test", "testserver"}


class Commands(ManagementUtility):
    def fetch_command(self, name):
        """Asked for once all is imported, which stays: to look through it for garbage takes a fifth of a start."""
        gc.freeze()
        gc.enable()
        if name in WORDY and "--help" not in self.argv:
            refuse_reader()
        command = super().fetch_command(name)
        if name not in CHECKED and command.requires_system_checks:
            command.requires_system_checks = [Tags.caches, Tags.files]  # of none, --skip-checks would be unknown
        return command


def refuse_reader() -> None:
    """Raises CommandError where nothing can be saved."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        if cursor.fetchone() == ("on",):
            raise CommandError(explain_only_reads(connection.settings_dict))


def read_date_argument(text: str) -> date:
    """The date that an option names. Raises CommandError with a sentence."""
    try:
        return parse_date(text)
    except ValueError as error:
        raise CommandError(str(error)) from error


def run(arguments):
    try:
        Commands(arguments).execute()
    except Exception as error:
        sentence = "" if "--traceback" in arguments else _write_sentence(error)
        if not sentence:
            raise
        sys.exit(sentence)


def _write_sentence(error):
    """What to tell people about an error; empty for a defect."""
    if isinstance(error, (ImproperlyConfigured, Unreachable, CommandError)):
        return str(error)
    if isinstance(error, (Moved, Moving)):
        return str(error.detail)
    if isinstance(error, EOFError):
        return NOBODY
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}. {_tell_disk_mend(error)}"
    return _write_database_sentence(error) if isinstance(error, (DatabaseError, ConnectorException)) else ""


def _tell_disk_mend(error):
    if str(error.filename).startswith(str(settings.DATA_DIR)):
        return f"CLIENTLINE_DATA is {settings.DATA_DIR}: name a directory of this user's own, on a disk with room."
    return "Let this user work there, or make room, and try again."


def _write_database_sentence(error):
    cause = error.__cause__ or getattr(error.__context__, "__cause__", None)  # `migrate` says it in words of its own
    words = str(cause or error).strip().partition("\n")[0].rstrip(".")
    if isinstance(error, OutcomeLost):
        return LOST.format(words)
    if isinstance(cause, Error) and cause.sqlstate in AWAY:
        return AWAY[cause.sqlstate].format(words.capitalize(), cause.diag.message_hint)
    if isinstance(cause, errors.ReadOnlySqlTransaction):
        only_reads = explain_only_reads(connection.settings_dict)
        return f"{only_reads} {PARTLY.format(words)}" if connection.has_committed else only_reads
    for kind, sentence in SENTENCES.items():
        if isinstance(cause, kind):
            return sentence.format(words)
    if isinstance(error, OperationalError):
        return PARTLY.format(words) if connection.has_committed else f"The database gave up: {words}."
    return ""
