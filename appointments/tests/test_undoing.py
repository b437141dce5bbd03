"""Undo and reopening: what was done goes back as it was, unless something else happened since."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from appointments import booking
from appointments.amendments import alterations, rezoning, undoing
from appointments.models import Appointment
from appointments.refusals import NothingToUndo
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, always_at_work, days_ahead
from clientline.tests.problems import problem
from clientline.tests.rehearsals import undone
from organizations import changing
from organizations.models import Organization
from payments.tests.factories import PaymentFactory


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return at(salon, days_ahead(3))


@pytest.fixture
def past(salon):
    return at(salon, datetime(2026, 11, 2, 9, tzinfo=UTC))


def at(salon, start, **fields):
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    return AppointmentFactory(appointment_date=start, ends_at=start + timedelta(minutes=30), **people | fields)


def move(api, caller, visit, path, **body):
    return api(caller).post(f"/appointments/{visit.pk}/{path}", body)


def columns(visit):
    row = Appointment.objects.filter(pk=visit.pk).values().get()
    del row["version"], row["sequence"]  # both count on: calendars know of the move
    return row


def tell(visit):
    return [fact.action for fact in visit.history.order_by("id")]


MOVES = [
    ("past", "complete", {}, ["completed", "undone"]),
    ("past", "no-show", {"waive_fee": True}, ["no_show", "fee_waived_changed", "undone", "fee_waived_changed"]),
    (
        "visit",
        "cancel",
        {"reason": "ill", "waive_fee": True},
        ["cancelled", "fee_waived_changed", "undone", "fee_waived_changed"],
    ),
    ("visit", "arrive", {"in_service": True}, ["arrived", "in_service", "undone"]),
    (
        "visit",
        "reschedule",
        {"appointment_date": days_ahead(5, 14).isoformat(), "staff": "@colleague"},
        ["rescheduled", "reassigned", "undone", "rescheduled", "reassigned"],
    ),
]


@pytest.mark.sweep
def test_what_was_done_is_undone_to_the_last_column(api, salon, visit, past):
    for name, path, body, told in MOVES:
        row = {"visit": visit, "past": past}[name]
        before, so_far = columns(row), tell(row)
        body = {key: salon.colleague.pk if value == "@colleague" else value for key, value in body.items()}
        moved = move(api, salon.manager, row, path, **body).json()
        assert columns(row) != before, path
        answer = move(api, salon.manager, row, "undo")
        assert (answer.status_code, answer.json()["version"]) == (200, moved["version"] + 1), answer.json()
        assert columns(row) == before, path
        assert tell(row)[len(so_far) :] == told
        with pytest.raises(NothingToUndo):
            undoing.undo(by=salon.manager, visit=row, now=timezone.now())


def test_a_booking_is_not_undone(api, salon, visit):
    assert problem(move(api, salon.manager, visit, "undo")) == (409, "nothing_to_undo")
    assert move(api, salon.client, visit, "undo").status_code == 403


def test_undo_is_of_ones_own_move_and_the_other_is_told_what_happened(api, salon, visit):
    start = visit.appointment_date + timedelta(hours=2)
    move(api, salon.manager, visit, "reschedule", appointment_date=start.isoformat())
    move(api, salon.admin, visit, "arrive")
    answer = move(api, salon.manager, visit, "undo")
    assert problem(answer) == (409, "changed_since")
    assert answer.json()["detail"] == "Since then: Arrived by Salon admin."
    assert columns(visit)["appointment_date"] == start


def test_undo_waits_for_the_version_that_was_seen(api, salon, visit):
    seen = move(api, salon.manager, visit, "arrive")["ETag"]
    api(salon.manager).patch(f"/appointments/{visit.pk}", {"notes": "window seat"})
    answer = api(salon.manager).post(f"/appointments/{visit.pk}/undo", {}, headers={"If-Match": seen})
    assert problem(answer) == (412, "version_mismatch")


def test_another_price_since_is_not_passed_by(api, salon, past):
    move(api, salon.manager, past, "complete")
    api(salon.manager).patch(f"/appointments/{past.pk}", {"price": "30.00"})
    assert problem(move(api, salon.manager, past, "undo")) == (409, "changed_since")


@pytest.mark.sweep
def test_money_taken_since_keeps_a_move_as_it_is_and_what_failed_does_not(api, salon, past):
    move(api, salon.manager, past, "complete")
    for money in ({"completed": True}, {"status": "pending"}):
        with undone():
            PaymentFactory(appointment=past, **money)
            assert problem(move(api, salon.manager, past, "undo")) == (409, "changed_since"), money
    PaymentFactory(appointment=past, status="failed")
    assert move(api, salon.manager, past, "undo").status_code == 200


def test_a_place_that_was_taken_meanwhile_is_not_taken_back(api, salon, visit):
    move(api, salon.manager, visit, "cancel", reason="ill")
    at(salon, visit.appointment_date, client=salon.stranger)
    for path in ("undo", "reopen"):
        assert problem(move(api, salon.manager, visit, path)) == (409, "slot_taken")
    assert columns(visit)["status"] == "cancelled"


def test_undo_is_for_some_minutes(salon, visit):
    now = timezone.now()
    booking.cancel(by=salon.manager, visit=visit, reason="ill", now=now)
    with pytest.raises(NothingToUndo):
        undoing.undo(by=salon.manager, visit=visit, now=now + undoing.UNDO_WITHIN + timedelta(seconds=1))
    undoing.undo(by=salon.manager, visit=visit, now=now + undoing.UNDO_WITHIN)
    assert visit.status == "scheduled"


@pytest.mark.sweep
def test_a_stranded_visit_is_stranded_again(api, salon, visit):
    Appointment.objects.filter(pk=visit.pk).update(stranded=True)
    move(api, salon.manager, visit, "reschedule", appointment_date=days_ahead(4).isoformat())
    assert not columns(visit)["stranded"]
    assert move(api, salon.manager, visit, "undo").status_code == 200
    assert columns(visit)["stranded"]
    facts = api(salon.client).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["action"] for fact in facts} == {"rescheduled", "undone"}


def test_overbooked_knowingly_goes_back_there(api, salon, visit):
    beside = at(salon, visit.appointment_date, client=salon.stranger, overbooked=True)
    move(api, salon.manager, beside, "reschedule", appointment_date=days_ahead(4).isoformat())
    assert move(api, salon.manager, beside, "undo").json()["overbooked"] is True
    row = columns(beside)
    assert (row["appointment_date"], row["overbooked"]) == (beside.appointment_date, True)


@pytest.mark.sweep
def test_what_was_cancelled_together_is_undone_together(api, salon, visit):
    series = "7b9c2d5e-0000-4000-8000-000000000000"
    rows = [at(salon, days_ahead(10 + week * 7), series=series) for week in range(2)]
    before = [columns(row) for row in rows]
    move(api, salon.manager, rows[0], "cancel", reason="moving away", scope="following")
    assert {columns(row)["status"] for row in rows} == {"cancelled"}
    assert move(api, salon.manager, rows[1], "undo").status_code == 200
    assert [columns(row) for row in rows] == before
    move(api, salon.manager, rows[0], "cancel", reason="moving away", scope="following")
    at(salon, rows[1].appointment_date, client=salon.stranger)
    assert problem(move(api, salon.manager, rows[0], "undo")) == (409, "slot_taken")
    assert {columns(row)["status"] for row in rows} == {"cancelled"}


def test_managers_reopen_a_cancelled_visit_while_its_place_is_free(api, salon, visit):
    before = columns(visit)
    move(api, salon.client, visit, "cancel")
    assert move(api, salon.staff, visit, "reopen").status_code == 403
    answer = move(api, salon.manager, visit, "reopen", reason="she called again")
    assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "scheduled", 3)
    assert columns(visit) == before
    fact = api(salon.client).get(f"/appointments/{visit.pk}/history").json()["results"][0]
    assert (fact["action"], fact["from"], fact["to"], fact["reason"]) == (
        "reopened",
        "cancelled",
        "scheduled",
        "she called again",
    )


def test_only_what_is_cancelled_is_reopened_and_it_still_reaches_no_status(api, salon, visit):
    answer = move(api, salon.manager, visit, "reopen")
    assert (problem(answer), answer.json()["to"]) == ((409, "invalid_transition"), "scheduled")
    move(api, salon.manager, visit, "cancel", reason="x")
    assert move(api, salon.manager, visit, "complete").json()["allowed"] == []


def test_nobody_returns_to_who_is_away_or_gone(api, salon, visit):
    move(api, salon.manager, visit, "cancel", reason="x")
    away = TimeOffFactory(staff=salon.staff, starts_at=visit.appointment_date, ends_at=visit.ends_at)
    assert problem(move(api, salon.manager, visit, "reopen")) == (409, "time_off")
    away.delete()
    api(salon.admin).patch(f"/users/{salon.staff.pk}", {"is_active": False})
    answer = move(api, salon.manager, visit, "reopen")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "staff")


def change_zone(salon, wish):
    organization = Organization.objects.get(pk=salon.organization.pk)
    changing.change_organization(organization=organization, changes={"timezone": "Asia/Tokyo"}, coming_visits=wish)


@pytest.mark.parametrize("path", ["reopen", "undo"])
def test_a_cancelled_visit_comes_back_to_the_time_agreed_by_the_clocks_of_now(api, salon, visit, path):
    move(api, salon.manager, visit, "cancel", reason="x")
    change_zone(salon, changing.KEEP_LOCAL)
    answer = move(api, salon.manager, visit, path)
    assert answer.json()["appointment_date"] == f"{visit.local_start.isoformat()}+09:00"
    assert rezoning.find_strays(now=timezone.now()) == {}
    fact = api(salon.client).get(f"/appointments/{visit.pk}/history").json()["results"][0]
    assert (fact["action"], fact["from"]) == ("rezoned", visit.agreed_start.isoformat())
    assert fact["to"] == f"{visit.local_start.isoformat()}+09:00"


@pytest.mark.parametrize("others", ["scheduled", "completed"])
def test_a_cancelled_visit_keeps_its_instant_with_the_others_or_where_there_are_none(api, salon, visit, others):
    Appointment.objects.exclude(pk=visit.pk).update(status=others)
    move(api, salon.manager, visit, "cancel", reason="x")
    change_zone(salon, changing.KEEP_INSTANT)
    answer = move(api, salon.manager, visit, "undo")
    assert datetime.fromisoformat(answer.json()["appointment_date"]) == visit.appointment_date
    assert rezoning.find_strays(now=timezone.now()) == {}


def test_nothing_comes_back_to_a_time_that_the_clocks_skip(api, salon, visit):
    move(api, salon.manager, visit, "cancel", reason="x")
    start, skipped = datetime(2098, 3, 30, 1, 30, tzinfo=UTC), datetime(2098, 3, 30, 2, 30)  # noqa: DTZ001 -- a clock's
    times = {"appointment_date": start, "ends_at": start + timedelta(minutes=30), "local_start": skipped}
    Appointment.objects.filter(pk=visit.pk).update(**times, busy_from=start, busy_until=times["ends_at"])
    answer = move(api, salon.manager, visit, "reopen")
    assert answer.json()["errors"][0]["detail"] == "The clocks skip this time on that date."


def test_whatever_a_move_tells_has_a_way_back():
    assert booking.TOLD_OF_PLACES.keys() | alterations.TOLD.keys() <= undoing.FORMER_VALUES.keys()
