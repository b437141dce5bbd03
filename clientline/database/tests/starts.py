"""Commands of manage.py beside each other, and the server that they meet on."""

import os
import subprocess
import sys

from django.conf import settings
from django.db import connection


def manage(*arguments, **environment):
    """A command of manage.py that runs beside us."""
    return subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"SECRET_KEY": "a-key", "PYTHONUNBUFFERED": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(*processes):
    """What each has said, and how it ended."""
    said = [process.communicate(timeout=120)[0] for process in processes]
    return list(zip(said, [process.returncode for process in processes], strict=True))


def read_parameters():
    """Where the tests' own database is."""
    parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname")
    return {name: parameters[name] for name in known if parameters.get(name)}
