"""Reports may be read from a replica; whatever is wrong with it, the primary answers."""

from datetime import datetime, timedelta

import pytest
from django.db import InternalError, OperationalError, connection, connections
from django.utils import timezone

from organizations import replica
from organizations.replica import read_behind
from services.models import Service

pytestmark = pytest.mark.django_db(transaction=True)


def ask(api, person, report):
    answer = api(person).get(f"/reports/{report}?from=2029-12-01&to=2029-12-31")
    assert answer.status_code == 200
    return answer.json()


def name_backend():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid(), current_setting('role'), current_setting('transaction_read_only')")
        return cursor.fetchone()


@pytest.mark.sweep
def test_reports_say_as_of_when_they_were_read_behind(salon, api, settings, with_replica):
    reports = ("utilization", "no-shows", "revenue")
    behind = {report: ask(api, salon.admin, report) for report in reports}
    for answer in behind.values():
        as_of = datetime.fromisoformat(answer.pop("as_of"))
        assert timezone.now() - as_of < timedelta(minutes=1)
        assert as_of.utcoffset() == as_of.astimezone(salon.organization.zone).utcoffset()
    settings.DATABASE_REPLICA = {}
    assert behind == {report: ask(api, salon.admin, report) for report in reports}


def test_it_reads_on_another_connection_behind_the_same_walls(salon, clinic, with_replica):
    here = name_backend()[0]
    (there, role, is_read_only), as_of = read_behind(name_backend, by=salon.admin)
    assert (there != here, role, is_read_only) == (True, "clientline_tenant", "on")
    assert as_of is not None
    names, _ = read_behind(lambda: [each.organization_id for each in Service.objects.all()], by=salon.admin)
    assert names == [salon.organization.pk]
    assert name_backend()[0] == here


def test_nothing_is_written_there(salon, with_replica):
    with pytest.raises(InternalError, match="read-only transaction"):
        read_behind(lambda: Service.objects.update(name="X"), by=salon.admin)
    assert connections["default"] is not replica._thread.replica


def test_which_of_several_servers_is_meant_is_not_asked_of_the_replica(salon, monkeypatch, with_replica):
    """DATABASE_URL says read-write where it names several: no standby would do."""
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "target_session_attrs", "standby")  # none is here
    _, as_of = read_behind(name_backend, by=salon.admin)
    assert as_of is not None
    with_replica["OPTIONS"] = {"target_session_attrs": "standby"}
    replica._thread.replica.close()
    replica._thread.replica = None
    _, as_of = read_behind(name_backend, by=salon.admin)
    assert as_of is None


def test_one_that_is_away_is_passed_by_and_left_alone_for_a_while(salon, api, settings, with_replica, caplog):
    settings.DATABASE_REPLICA = {"HOST": "127.0.0.1", "PORT": "1", "EMBEDDED_DATA": None}
    assert "as_of" not in ask(api, salon.admin, "utilization")
    assert replica._thread.asleep_until > 0
    assert "or mend host and port in DATABASE_REPLICA_URL." in caplog.text


def test_one_that_lags_is_passed_by(salon, monkeypatch, with_replica):
    for behind, age in ((2_000_000, "1 s"), (10, "11 s"), (10, None)):
        lag = f"SELECT {behind}, {f'interval {age!r}' if age else 'NULL::interval'}, now(), now(), %s::text"
        monkeypatch.setattr(replica, "LAG", f"SELECT a, b, c, d FROM ({lag}) AS lag (a, b, c, d, e)")
        replica._thread.asleep_until = 0.0  # it is left alone after each
        assert (behind, age, read_behind(lambda: "rows", by=salon.admin)) == (behind, age, ("rows", None))


def test_a_statement_that_the_replica_ends_is_asked_once_more(salon, with_replica):
    asked = []

    def read():
        asked.append(name_backend()[0])
        if len(asked) == 1:
            raise OperationalError("canceling statement due to conflict with recovery")
        return "rows"

    assert read_behind(read, by=salon.admin) == ("rows", None)
    assert len(set(asked)) == 2


def test_what_fails_at_the_primary_too_is_not_asked_again(salon, with_replica):
    asked = []

    def read():
        asked.append(1)
        raise OperationalError

    with pytest.raises(OperationalError):
        read_behind(read, by=salon.admin)
    assert len(asked) == 2
