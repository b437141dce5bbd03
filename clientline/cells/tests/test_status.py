"""What `cluster_status` says of a server, and when a monitor hears of it."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from clientline.cells import status


def tell(*arguments):
    out = StringIO()
    call_command("cluster_status", *arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def monitor(db, monkeypatch):
    """As a role that may look at the server's own views."""
    monkeypatch.setattr(status, "SERVER", status.SERVER.replace("pg_has_role('pg_monitor', 'USAGE')", "true"))


def test_a_role_that_sees_no_standbys_is_told_what_it_needs(db):
    with pytest.raises(CommandError, match="Wrong: rights"):
        tell()


def test_a_single_server_is_well(monitor):
    said = tell()
    assert "ok      writes: PostgreSQL" in said
    assert "archive: off: only dumps can be restored, no point in time" in said
    assert "what is saved" not in said


def test_where_a_standby_is_expected_its_absence_is_wrong(monitor):
    with pytest.raises(CommandError, match="Wrong: what is saved"):
        tell("--standby")
