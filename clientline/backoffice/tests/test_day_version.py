"""The version of a day: the same while nothing changes, another after each change, whoever commits last."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, TimeOffFactory
from clientline.backoffice.calendar.versions import select_latest_changes, write_version
from organizations.models import Audit
from payments.tests.factories import PaymentFactory

AHEAD = date(2030, 6, 17)
VERSION = f"/admin/day/version/?date={AHEAD}"
QUERIES = 7  # the transaction, who asks, behind which walls, and one read of the audit's index


def asked(client, etag=None):
    return client.get(VERSION, headers={"If-None-Match": etag} if etag else {})


def test_it_is_not_modified_until_something_changes(salon, client):
    client.force_login(salon.manager)
    first = asked(client)
    assert (first.status_code, first.content) == (204, b"")
    assert asked(client, first["ETag"]).status_code == 304
    changes = (
        lambda: AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service),
        lambda: TimeOffFactory(staff=salon.staff),
        lambda: PaymentFactory(appointment=salon.visit),
        lambda: Appointment.objects.filter(pk=salon.visit.pk).update(notes="by the window"),
    )
    etag = first["ETag"]
    for change in changes:
        change()
        answer = asked(client, etag)
        assert answer.status_code == 204
        etag = answer["ETag"]


def test_the_board_carries_the_version_it_was_drawn_at(salon, client):
    client.force_login(salon.manager)
    page = client.get("/admin/", {"date": AHEAD})
    assert asked(client, page.context["version"]).status_code == 304
    week = client.get("/admin/week/", {"date": AHEAD})
    assert asked(client, week.context["version"]).status_code == 304


def test_another_organizations_changes_are_none_of_ours(salon, clinic, client):
    client.force_login(salon.manager)
    etag = asked(client)["ETag"]
    AppointmentFactory(client=clinic.client, staff=clinic.staff, service=clinic.service)
    assert asked(client, etag).status_code == 304


@pytest.mark.sweep
def test_it_is_one_read_of_an_index(salon, clinic, client, django_assert_num_queries):
    client.force_login(salon.manager)
    etag = asked(client)["ETag"]
    with django_assert_num_queries(QUERIES) as queries:
        assert asked(client, etag).status_code == 304
    assert sum('"audit"' in each["sql"] for each in queries.captured_queries) == 1
    others = {"organization": clinic.organization, "at": timezone.now(), "action": "update", "changes": {}}
    Audit.objects.bulk_create(Audit(**others) for _ in range(1500))  # newer than any of ours
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit")
    assert "audit_by_organization" in select_latest_changes(salon.organization).explain()


def test_today_is_another_each_minute_and_no_other_day_is(salon):
    now = timezone.now().replace(second=0, microsecond=0)
    today = now.astimezone(salon.organization.zone).date()

    def version(day, later):
        return write_version([7, 5], organization=salon.organization, day=day, now=now + timedelta(seconds=later))

    assert version(today, 0) == version(today, 59) != version(today, 60)
    assert version(AHEAD, 0) == version(AHEAD, 600) != version(today, 0)


def test_who_may_not_see_the_day_gets_no_version(salon, client):
    assert client.get(VERSION).status_code == 302
    client.force_login(salon.client)
    assert client.get(VERSION).status_code == 302


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_committed_after_a_later_one_is_seen(salon):
    """Numbers are given before rows are committed: the lower one comes into sight last here."""
    begun, later_is_seen = Barrier(2, timeout=20), Barrier(2, timeout=20)

    def write_slowly():
        with transaction.atomic():
            Appointment.objects.filter(pk=salon.visit.pk).update(notes="first to write")
            begun.wait()
            later_is_seen.wait()
        connections.close_all()

    slow = Thread(target=write_slowly)
    slow.start()
    begun.wait()
    UserFactory(organization=salon.organization)
    seen = list(select_latest_changes(salon.organization))
    later_is_seen.wait()
    slow.join()
    assert list(select_latest_changes(salon.organization)) != seen
    assert max(seen) == max(select_latest_changes(salon.organization))  # the very latest alone would not tell
