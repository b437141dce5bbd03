"""An organization in another time zone: what its coming visits do is asked before anything is saved."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, TimeOffFactory
from organizations.models import Organization

TOKYO = "Asia/Tokyo"


@pytest.fixture
def coming(salon):
    """Two of the salon's visits, one after the other, three weeks ahead; all others are over."""
    Appointment.objects.update(status="completed")
    start = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(weeks=3)
    told = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return [AppointmentFactory(**told, appointment_date=start + timedelta(minutes=minutes)) for minutes in (0, 30)]


def patched(api, salon, **body):
    return api(salon.admin).patch(f"/organizations/{salon.organization.pk}", {"timezone": TOKYO} | body)


def now_of(visits):
    return [Appointment.objects.get(pk=visit.pk) for visit in visits]


def zone_of(salon):
    return Organization.objects.get(pk=salon.organization.pk).timezone


def test_with_visits_to_come_the_wish_is_asked_with_their_number_and_an_example(api, salon, coming):
    answer = patched(api, salon, name="Elsewhere")
    [error] = answer.json()["errors"]
    assert (answer.status_code, error["field"], error["code"]) == (400, "coming_visits", "required")
    agreed, shown = coming[0].local_start, coming[0].local_start + timedelta(hours=9 - offset(coming[0]))
    assert error["detail"] == (
        "2 visits are to come. Say whether they keep the time that clocks show (keep_local) or their instants "
        f"(keep_instant). The next one, number {coming[0].pk}, was agreed for {agreed:%Y-%m-%d %H:%M}: "
        f"it stays at that time, or it is at {shown:%Y-%m-%d %H:%M}."
    )
    assert (zone_of(salon), now_of(coming)[0].version) == ("Europe/Berlin", 1)


def offset(visit):
    """Berlin's hours before UTC."""
    return (visit.local_start - visit.appointment_date.replace(tzinfo=None)) // timedelta(hours=1)


def test_kept_at_their_local_time_they_move_with_the_zone(api, salon, coming):
    answer = patched(api, salon, coming_visits="keep_local")
    assert (answer.status_code, answer.json()["timezone"]) == (200, TOKYO)
    assert "coming_visits" not in answer.json()
    for visit, moved in zip(coming, now_of(coming), strict=True):
        by_how_much = timedelta(hours=offset(visit) - 9)
        assert moved.appointment_date == visit.appointment_date + by_how_much
        assert (moved.local_start, moved.version) == (visit.local_start, 2)
        [fact] = api(salon.admin).get(f"/appointments/{visit.pk}/history").json()["results"]
        assert (fact["action"], fact["by"]) == ("rezoned", salon.admin.pk)
        assert fact["from"] == visit.agreed_start.isoformat()
        assert fact["to"] == f"{visit.local_start.isoformat()}+09:00"


@pytest.mark.sweep
def test_kept_at_their_instants_they_show_another_time(api, salon, coming):
    assert patched(api, salon, coming_visits="keep_instant").status_code == 200
    for visit, kept in zip(coming, now_of(coming), strict=True):
        assert (kept.appointment_date, kept.version) == (visit.appointment_date, 2)
        assert kept.local_start == visit.appointment_date.replace(tzinfo=None) + timedelta(hours=9)
        [fact] = api(salon.admin).get(f"/appointments/{visit.pk}/history").json()["results"]
        assert datetime.fromisoformat(fact["from"]) == datetime.fromisoformat(fact["to"]) == visit.appointment_date
        assert (fact["from"], fact["to"][-6:]) == (visit.agreed_start.isoformat(), "+09:00")


def test_where_one_cannot_keep_its_time_nothing_is_saved(api, salon, coming):
    first, second = coming
    under_way = first.appointment_date - timedelta(hours=9 - offset(first))
    blocking = AppointmentFactory(
        client=salon.stranger, staff=salon.staff, service=salon.service, appointment_date=under_way, status="no_show"
    )
    answer = patched(api, salon, coming_visits="keep_local")
    assert (answer.status_code, answer.json()["code"], answer.json()["visits"]) == (
        409,
        "visits_cannot_move",
        [first.pk],
    )
    assert f"number {blocking.pk}," not in answer.json()["detail"]
    assert (zone_of(salon), [visit.version for visit in now_of(coming)]) == ("Europe/Berlin", [1, 1])
    assert not second.history.exists()


def test_the_wish_says_nothing_where_there_is_nothing_to_ask(api, salon, coming):
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    assert client.patch(path, {"phone": "1", "coming_visits": "keep_local"}).json()["phone"] == "1"
    assert client.patch(path, {"timezone": "Europe/Berlin"}).status_code == 200
    Appointment.objects.update(status="completed")
    assert patched(api, salon).json()["timezone"] == TOKYO
    assert [visit.version for visit in now_of(coming)] == [1, 1]


def test_a_put_needs_the_wish_too_and_takes_it(api, salon, coming):
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    body = client.get(path).json() | {"timezone": TOKYO}
    assert client.put(path, body).json()["errors"][0]["field"] == "coming_visits"
    assert client.put(path, body | {"coming_visits": "keep_instant"}).json()["timezone"] == TOKYO


@pytest.mark.sweep
def test_any_other_wish_is_refused(api, salon, coming):
    for wish in ("keep", "", None, 1, True):
        answer = patched(api, salon, coming_visits=wish)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "coming_visits"), wish
    assert zone_of(salon) == "Europe/Berlin"


def test_a_new_organization_has_no_visits_to_ask_about(api, operator):
    body = {"name": "New", "email": "new@new.example", "coming_visits": "keep_local"}
    [error] = api(operator).post("/organizations", body).json()["errors"]
    assert (error["field"], error["code"]) == ("coming_visits", "unknown")


def test_neither_time_off_nor_a_visit_by_psql_without_its_time_keeps_a_wrong_zone(api, salon, coming):
    there = coming[0].appointment_date - timedelta(hours=9)
    TimeOffFactory(staff=salon.staff, starts_at=there, ends_at=there + timedelta(hours=9))
    Appointment.objects.filter(pk=coming[1].pk).update(local_start=None)
    assert patched(api, salon, coming_visits="keep_local").status_code == 200
    assert [visit.local_start for visit in now_of(coming)] == [visit.local_start for visit in coming]


def test_what_the_wrong_zone_thought_over_is_yet_to_come_where_the_clocks_show_it_later(api, salon, coming):
    now = timezone.now().replace(microsecond=0)
    told = {"client": salon.client, "service": salon.service, "staff": salon.staff}
    starts = [now - timedelta(hours=hours) for hours in (1, 3, 30)]
    missed, there, long_ago = (AppointmentFactory(**told, appointment_date=start) for start in starts)
    Appointment.objects.filter(pk=there.pk).update(arrived_at=now)
    Appointment.objects.filter(pk__in=[each.pk for each in coming]).update(status="completed")
    told = {"timezone": "Pacific/Honolulu"}
    [error] = patched(api, salon, **told).json()["errors"]
    assert error["detail"].startswith("1 visit is to come. ")
    assert f"number {missed.pk}," in error["detail"]
    assert patched(api, salon, **told, coming_visits="keep_local").status_code == 200
    moved, *stayed = now_of([missed, there, long_ago])
    hours = 10 + offset(missed)
    assert moved.appointment_date == missed.appointment_date + timedelta(hours=hours)
    assert [visit.appointment_date for visit in stayed] == [there.appointment_date, long_ago.appointment_date]


def test_what_seems_over_stays_with_those_that_keep_their_instants(api, salon, coming):
    start = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    over = AppointmentFactory(client=salon.client, service=salon.service, staff=salon.staff, appointment_date=start)
    assert patched(api, salon, timezone="Pacific/Honolulu", coming_visits="keep_instant").status_code == 200
    assert [visit.version for visit in now_of([over, *coming])] == [1, 2, 2]


@pytest.mark.parametrize(
    ("day", "zone"),
    [("2099-12-31", "Pacific/Honolulu"), ("2000-01-01", TOKYO), ("2011-12-30", "Pacific/Apia")],
)
def test_every_date_can_be_off_in_every_zone(api, salon, day, zone):
    Appointment.objects.update(status="completed")
    dates = {"whole_days": True, "from_date": day, "to_date": day}
    Organization.objects.filter(pk=salon.organization.pk).update(timezone="UTC")
    assert api(salon.admin).post("/time-off", dates).status_code == 201
    assert patched(api, salon, timezone=zone).status_code == 200
    answer = api(salon.admin).post("/time-off", dates | {"staff": salon.staff.pk})
    assert (answer.status_code, answer.json()["from_date"]) == (201, day)
