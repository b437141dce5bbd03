"""Why no connection to the database can be had, in one sentence that says what to mend and holds no password."""

import re

from django.db import OperationalError

# PostgreSQL's words in English, and what to do about them. In another language, or for anything else, its own words
# stand alone.
MENDS = {
    "invalid connection option|invalid .*value|invalid port|bad value": "mend what stands in DATABASE_URL",
    "resolve|translate host name": "mend the host in DATABASE_URL",
    "refused|No such file|no route|unreachable|timeout": "start that server, or mend host and port in DATABASE_URL",
    "password|pg_hba|no encryption": "mend user and password in DATABASE_URL, or that server's pg_hba.conf",
    "database .* does not exist": "create it, or mend the name in DATABASE_URL",
    "role .* does not exist": "create it, or mend the user in DATABASE_URL",
    "invalid response|expected authentication|eof": "no PostgreSQL listens there, mend host and port in DATABASE_URL",
    "closed the connection unexpectedly": "perhaps no PostgreSQL listens there, look into its log",
    "too many|slots are reserved": "allow more connections in that server's max_connections, or run fewer workers",
    "starting up|shutting down|recovery": "try again when it is up",
    "session is read-only": "name the one that writes in DATABASE_URL, too, or wait until one of these leads",
}
LAST_REASON = re.compile(r"(?:.*failed: |.*connection is bad: )?(?:FATAL:  )?(.*)")


class Unreachable(OperationalError):
    """No connection can be had; the message is a sentence."""


def explain_unreachable(error, settings):
    """What psycopg says about the server of these settings, as Unreachable. Of several attempts the last counts."""
    reason = find_reason(error)
    mends = (mend for pattern, mend in MENDS.items() if re.search(pattern, str(error), re.IGNORECASE))
    mend = "" if settings.get("EMBEDDED_DATA") else next(mends, "")
    mend = mend.replace("DATABASE_URL", _name_variable(settings))
    return Unreachable(f"No connection to {place(settings)}: {reason}{'; ' if mend else ''}{mend}.")


def find_reason(error):
    """PostgreSQL's own words, on one line and without a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return LAST_REASON.fullmatch(next((line for line in lines if "failed: " in line), lines[0]))[1].rstrip(".")


def explain_too_old(version, oldest, settings):
    """`version` and `oldest` as (14, 2) or (14,)."""
    found, needed = (".".join(map(str, each)) for each in (version, oldest))
    return Unreachable(
        f"The database at {place(settings)} is PostgreSQL {found}, and ClientLine needs {needed} or newer: "
        "name another server in DATABASE_URL, or unset it to use the embedded one."
    )


def explain_only_reads(settings):
    return (
        f"The database at {place(settings)} only reads: it is a standby, or default_transaction_read_only is on there. "
        f"Name the one that writes in {_name_variable(settings)}, or turn that setting off."
    )


def _name_variable(settings):
    return settings.get("VARIABLE", "DATABASE_URL")


def place(settings):
    """Where the database is, as an address without the password."""
    if data := settings.get("EMBEDDED_DATA"):
        return f"the private PostgreSQL in {data}"
    name = f"{settings['NAME']} as {settings['USER']}" if settings["USER"] else settings["NAME"]
    if not settings["HOST"]:
        return f"{name} at PostgreSQL's own default place, as {_name_variable(settings)} names no host"
    return f"postgres://{settings['USER']}@{settings['HOST']}:{settings['PORT'] or 5432}/{settings['NAME']}"
