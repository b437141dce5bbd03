"""How the other installation reaches this one, and a command as somebody who may."""

import pytest
from django.db import connection
from psycopg.conninfo import conninfo_to_dict

from clientline.cells.refusals import MoveRefused
from clientline.cells.sides import Side, find_own_address, read_address
from clientline.configuration import read_database
from clientline.postgres.backend.base import DatabaseWrapper

SEVERAL = "postgres://me:secret@one:1,two:2/name?target_session_attrs=read-write&sslmode=verify-full&sslrootcert=/ca"


def test_an_address_keeps_all_that_it_says(settings, monkeypatch):
    settings.EMBEDDED_DATA = None
    told = connection.settings_dict | read_database(SEVERAL) | {"EMBEDDED_DATA": None}
    told["OPTIONS"] = told["OPTIONS"] | {"application_name": "clientline"}
    monkeypatch.setattr("clientline.cells.sides.connection", DatabaseWrapper(told))
    found = conninfo_to_dict(find_own_address())
    assert {
        "host": "one,two",
        "port": "1,2",
        "user": "me",
        "password": "secret",
        "dbname": "name",
    }.items() <= found.items()
    assert (found["target_session_attrs"], found["sslmode"]) == ("read-write", "verify-full")
    assert found["sslrootcert"] == "/ca"
    assert "application_name" not in found  # by which a subscription is known


def test_the_private_server_is_asked_as_its_superuser():
    assert conninfo_to_dict(find_own_address())["user"] == "postgres"


def test_why_a_database_is_not_reached_is_said_in_its_first_words():
    for address in ("postgres://me@127.0.0.1:1/name", "postgres://me@127.0.0.1:1"):
        with pytest.raises(MoveRefused, match=r"^No connection to 127\.0\.0\.1:1/(name)?: Connection refused\.$"):
            Side(read_address(address))
