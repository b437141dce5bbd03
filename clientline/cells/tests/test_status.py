"""What `cluster_status` says of a server, and when a monitor hears of it."""

import re
from io import StringIO
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command

from clientline.cells.status import Finding, examine_cluster

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
