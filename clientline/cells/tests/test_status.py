"""What `cluster_status` says of a server, and when a monitor hears of it."""

import re
from io import StringIO
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from clientline.cells.invariants import INVARIANTS
from clientline.cells.models import Cell
from clientline.cells.moving import Move
from clientline.cells.refusals import MoveRefused
from clientline.cells.status import Finding, examine_cluster
from organizations.relocations import Relocation

pytestmark = pytest.mark.django_db


def tell(*arguments):
    out = StringIO()
    call_command("cluster_status", *arguments, stdout=out)
    return out.getvalue()


def test_a_role_that_sees_no_standbys_is_told_what_it_needs(settings):
    settings.EMBEDDED_DATA = None
    with pytest.raises(CommandError, match="Wrong: rights"):
        tell()


def test_the_private_server_is_well_and_asked_by_somebody_who_may_look():
    said = tell()
    assert re.match(r"ok      writes: PostgreSQL \S+\n", said)  # on a socket, at no address
    assert "archive: off: only dumps can be restored, no point in time" in said
    assert "what is saved" not in said


def test_a_standby_is_wrong_and_names_whom_it_follows():
    cursor = Mock()
    cursor.fetchone.return_value = (True, "18.6", True, " at 10.0.0.2:5432", " of 10.0.0.1:5432")
    assert list(examine_cluster(cursor, needs_standby=False)) == [
        Finding(
            "writes",
            "PostgreSQL 18.6 at 10.0.0.2:5432, a standby of 10.0.0.1:5432 that only reads:"
            " name the one that writes in DATABASE_URL",
            False,
        )
    ]


def test_where_a_standby_is_expected_its_absence_is_wrong():
    with pytest.raises(CommandError, match="Wrong: what is saved"):
        tell("--standby")


def test_homes_in_doubt_are_told_and_homes_alone_where_the_other_one_answers(monkeypatch):
    Cell.objects.create(number=7)
    for organization, state in ((1, "moved"), (2, "arrived"), (3, "alone")):
        Relocation.objects.create(organization=organization, state=state, address=f"https://{organization}.example")
    asked = []
    monkeypatch.setattr("clientline.cells.status._answers", lambda address: not asked.append(address))
    with connection.cursor() as cursor:
        found = [each for each in examine_cluster(cursor, needs_standby=False) if each.name.startswith("home of ")]
    assert found == [
        Finding("home of 1", "moved, with https://1.example", None),
        Finding(
            "home of 2",
            "arrived, with https://2.example, which does not read what changes here:"
            " if this one was given up there, it has two homes",
            False,
        ),
        Finding(
            "home of 3", "here, as https://3.example was given up as destroyed, and answers: it may have two", False
        ),
    ]
    assert asked == ["https://3.example"]
    assert Client().get("/ready").json()["homes_in_doubt"] == 1
    (invariant,) = [each for each in INVARIANTS if each.name == "who_came_is_followed_by_its_former_home"]
    assert invariant.find_offenders() == (1, [2])


def test_nothing_is_moved_or_deleted_where_there_are_two_homes():
    here, there = Mock(place="a:1/x"), Mock(place="b:1/x")
    here.is_same.return_value = False
    with pytest.raises(MoveRefused, match=r"^It is at home at a:1/x and at b:1/x: nothing is moved or deleted\."):
        Move(42, here, there, {}, len)
