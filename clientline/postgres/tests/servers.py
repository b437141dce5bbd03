"""What tests do with a private server, and with other processes beside it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from clientline import configuration
from clientline.postgres.backend.base import DatabaseWrapper
from clientline.postgres.backend.unreachable import Unreachable

PROJECT = Path(__file__).parents[3]
START = "import sys; from clientline.postgres.cluster import Cluster; print(Cluster(sys.argv[1]).ensure_running())"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def connect(cluster, user="clientline", **options):
    host = str(cluster.ensure_running())
    return psycopg.connect(host=host, port=5432, user=user, dbname="clientline", autocommit=True, **options)


def ask(cluster, sql, **options):
    with connect(cluster, **options) as connection:
        return connection.execute(sql).fetchone()


def pid_of(cluster):
    return int((cluster.directory / "postmaster.pid").read_text().split()[0])


def until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def python(code, *arguments, **options):
    """Another Python, which finds the project and nothing else that this one has set up."""
    return subprocess.Popen(
        [options.pop("interpreter", sys.executable), "-c", code, *map(str, arguments)],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def starts_of(cluster):
    return cluster.log.read_text().count("starting PostgreSQL")


def reason_of(url):
    """Why the server that the URL names cannot be used."""
    own = {"EMBEDDED_DATA": None, "OPTIONS": {}} | configuration.read_database(url)
    with pytest.raises(Unreachable) as refused:
        # Django looks at the version once for each alias, and the tests have connected to theirs.
        DatabaseWrapper(connection.settings_dict | own, alias="another").ensure_connection()
    assert "s3cret" not in str(refused.value)
    return str(refused.value)
