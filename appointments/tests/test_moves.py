"""The life of a visit over HTTP: who may move it, until when, and what is refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from appointments import lateness
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.tests.problems import problem

pytestmark = pytest.mark.clock

MONDAY = datetime(2026, 12, 7, 9, tzinfo=UTC)


@pytest.fixture
def soon():
    """The next full hour, three days from now."""
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=3)


@pytest.fixture
def visit(salon, soon):
    always_at_work(salon.staff, salon.colleague)
    return at(salon, soon)


def at(salon, start, **fields):
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start, **fields
    )


def test_a_client_moves_their_visit_and_keeps_its_id(api, salon, visit, soon):
    later = soon + timedelta(hours=2)
    answer = api(salon.client).post(f"/appointments/{visit.pk}/reschedule", {"appointment_date": later.isoformat()})
    assert answer.status_code == 200, answer.json()
    assert answer.json()["id"] == visit.pk
    assert answer.json()["version"] == 2
    assert datetime.fromisoformat(answer.json()["appointment_date"]) == later
    assert datetime.fromisoformat(answer.json()["ends_at"]) == later + timedelta(minutes=30)


def test_moving_to_the_present_time_changes_nothing(api, salon, visit, soon):
    answer = api(salon.client).post(f"/appointments/{visit.pk}/reschedule", {"appointment_date": soon.isoformat()})
    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert visit.history.count() == 0


def test_a_visit_may_move_onto_its_own_time(api, salon, visit, soon):
    start = (soon + timedelta(minutes=15)).isoformat()
    assert (
        api(salon.client).post(f"/appointments/{visit.pk}/reschedule", {"appointment_date": start}).status_code == 200
    )


def test_after_the_cutoff_only_staff_move_and_cancel(api, salon, visit):
    near = at(salon, timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=20))
    for path, body in (("reschedule", {"appointment_date": "2027-01-04T09:00:00+00:00"}), ("cancel", {})):
        answer = api(salon.client).post(f"/appointments/{near.pk}/{path}", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "too_late")
        cutoff = near.appointment_date - timedelta(days=1)
        assert answer.json()["cutoff_at"] == cutoff.astimezone(salon.organization.zone).isoformat()
    answer = api(salon.staff).post(f"/appointments/{near.pk}/cancel", {"reason": "ill"})
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


def test_staff_say_why_they_cancel_and_clients_need_not(api, salon, visit):
    answer = api(salon.staff).post(f"/appointments/{visit.pk}/cancel", {})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "reason")
    answer = api(salon.client).post(f"/appointments/{visit.pk}/cancel")
    assert (answer.status_code, answer.json()["cancelled_by"]) == (200, salon.client.pk)


@pytest.mark.sweep
def test_a_cancelled_visit_frees_its_slot_and_never_comes_back(api, salon, visit, soon):
    api(salon.manager).post(f"/appointments/{visit.pk}/cancel", {"reason": "double"})
    body = {"client": salon.stranger.pk, "staff": salon.staff.pk, "service": salon.service.pk}
    again = api(salon.manager).post("/appointments", body | {"appointment_date": soon.isoformat()})
    assert again.status_code == 201, again.json()
    for path, extra, to in (
        ("reschedule", {"appointment_date": soon.isoformat()}, "scheduled"),
        ("complete", {}, "completed"),
        ("no-show", {}, "no_show"),
        ("correct", {"status": "completed", "reason": "x"}, "completed"),
        ("cancel", {"reason": "x"}, "cancelled"),
    ):
        answer = api(salon.manager).post(f"/appointments/{visit.pk}/{path}", extra).json()
        assert answer["code"] == "invalid_transition", (path, answer)
        assert (answer["from"], answer["to"], answer["allowed"]) == ("cancelled", to, [])


def test_nothing_is_completed_before_it_begins(api, salon, visit):
    for path in ("complete", "no-show"):
        answer = api(salon.staff).post(f"/appointments/{visit.pk}/{path}")
        assert (answer.status_code, answer.json()["allowed"]) == (409, ["cancelled"])


@pytest.mark.sweep
def test_a_past_visit_is_completed_and_corrected_by_a_manager_only(api, salon, visit):
    past = at(salon, datetime(2026, 11, 2, 9, tzinfo=UTC))
    answer = api(salon.staff).post(f"/appointments/{past.pk}/complete")
    assert (answer.status_code, answer.json()["status"]) == (200, "completed")
    body = {"status": "no_show", "reason": "wrong client ticked"}
    assert api(salon.staff).post(f"/appointments/{past.pk}/correct", body).status_code == 403
    assert api(salon.manager).post(f"/appointments/{past.pk}/correct", {"status": "no_show"}).status_code == 400
    answer = api(salon.manager).post(f"/appointments/{past.pk}/correct", body)
    assert (answer.status_code, answer.json()["status"], answer.json()["version"]) == (200, "no_show", 3)
    history = api(salon.manager).get(f"/appointments/{past.pk}/history").json()["results"]
    assert [(row["action"], row["from"], row["to"], row["by_name"], row["reason"]) for row in history] == [
        ("corrected", "completed", "no_show", "Salon manager", "wrong client ticked"),
        ("completed", "scheduled", "completed", "Salon staff", ""),
    ]


@pytest.mark.sweep
def test_fees_are_waived_by_managers_only(api, salon, visit):
    past = at(salon, datetime(2026, 11, 2, 9, tzinfo=UTC))
    assert api(salon.staff).post(f"/appointments/{past.pk}/no-show", {"waive_fee": True}).status_code == 403
    assert api(salon.staff).post(f"/appointments/{past.pk}/no-show", {"waive_fee": False}).status_code == 200
    assert api(salon.staff).patch(f"/appointments/{past.pk}", {"fee_waived": True}).status_code == 403
    answer = api(salon.manager).patch(f"/appointments/{past.pk}", {"fee_waived": True})
    assert (answer.status_code, answer.json()["fee_waived"]) == (200, True)
    api(salon.manager).post(f"/appointments/{visit.pk}/cancel", {"reason": "ill", "waive_fee": True})
    assert told(api, salon.manager, visit.pk) == [
        ("fee_waived_changed", "false", "true"),
        ("cancelled", "scheduled", "cancelled"),
    ]


@pytest.mark.sweep
def test_the_price_of_a_visit_changes_by_managers_until_it_is_cancelled(api, salon, visit):
    assert api(salon.staff).patch(f"/appointments/{visit.pk}", {"price": "1.00"}).status_code == 403
    assert api(salon.staff).patch(f"/appointments/{visit.pk}", {"price": "45.00", "notes": "x"}).status_code == 200
    answer = api(salon.manager).patch(f"/appointments/{visit.pk}", {"price": "30.00"})
    assert (answer.status_code, answer.json()["price"], answer.json()["version"]) == (200, "30.00", 3)
    api(salon.manager).post(f"/appointments/{visit.pk}/cancel", {"reason": "x"})
    answer = api(salon.manager).patch(f"/appointments/{visit.pk}", {"price": "1.00"})
    assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition")


def test_staff_cannot_hand_a_visit_to_a_colleague_and_managers_can(api, salon, visit, soon):
    body = {"appointment_date": soon.isoformat(), "staff": salon.colleague.pk}
    answer = api(salon.staff).post(f"/appointments/{visit.pk}/reschedule", body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "does_not_exist")
    answer = api(salon.manager).post(f"/appointments/{visit.pk}/reschedule", body)
    assert (answer.status_code, answer.json()["staff"]) == (200, salon.colleague.pk)
    facts = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert [(row["action"], row["from"], row["to"]) for row in facts] == [
        ("reassigned", str(salon.staff.pk), str(salon.colleague.pk))
    ]


@pytest.mark.sweep
def test_overbooking_is_a_managers_knowing_choice_stored_and_worked_out_anew(api, salon, visit, soon):
    body = {
        "client": salon.stranger.pk,
        "staff": salon.staff.pk,
        "service": salon.service.pk,
        "appointment_date": soon.isoformat(),
    }
    assert api(salon.manager).post("/appointments", body).json()["code"] == "slot_taken"
    move = {"appointment_date": body["appointment_date"]}
    for path, sent in (("/appointments", body), (f"/appointments/{visit.pk}/reschedule", move)):
        for person, wish in ((salon.staff, True), (salon.client, False)):
            answer = api(person).post(path, sent | {"overbook": wish})
            assert (problem(answer)[0], answer.json()["detail"]) == (403, "You may not send `overbook`.")
    answer = api(salon.manager).post("/appointments", body | {"overbook": True})
    assert (answer.status_code, answer.json()["overbooked"]) == (201, True)
    pk = answer.json()["id"]
    later = {"appointment_date": (soon + timedelta(hours=5)).isoformat(), "overbook": True}
    assert api(salon.manager).post(f"/appointments/{pk}/reschedule", later).json()["overbooked"] is False
    assert told(api, salon.manager, pk) == [
        ("overbooked_changed", "true", "false"),
        ("rescheduled", soon.isoformat(), (soon + timedelta(hours=5)).isoformat()),
        ("overbooked_changed", "false", "true"),
        ("booked", None, soon.isoformat()),
    ]
    assert [fact[0] for fact in told(api, salon.stranger, pk)] == ["rescheduled", "booked"]
    exported = api(salon.stranger).get(f"/users/{salon.stranger.pk}/export").json()["history"]
    assert {fact["action"] for fact in exported} == {"rescheduled", "booked"}


def told(api, caller, pk):
    """The visit's history as the caller reads it: (action, from, to), times in UTC."""
    facts = api(caller).get(f"/appointments/{pk}/history").json()["results"]
    return [(fact["action"], in_utc(fact["from"]), in_utc(fact["to"])) for fact in facts]


def in_utc(text):
    return datetime.fromisoformat(text).astimezone(UTC).isoformat() if text and "T" in text else text


def test_a_client_learns_nothing_of_others(api, salon, visit, soon):
    """Neither a conflict nor the history names anybody, and a stranger's visit does not exist."""
    body = {"staff": salon.staff.pk, "service": salon.service.pk, "appointment_date": soon.isoformat()}
    answer = api(salon.stranger).post("/appointments", body)
    assert answer.json()["detail"] == "This time is taken."
    api(salon.manager).post(f"/appointments/{visit.pk}/cancel", {"reason": "ill"})
    fact = api(salon.client).get(f"/appointments/{visit.pk}/history").json()["results"][0]
    assert (fact["by"], fact["by_name"]) == (None, "staff")
    assert api(salon.stranger).get(f"/appointments/{visit.pk}/history").status_code == 404


@pytest.mark.sweep
def test_changing_hours_zone_service_or_policy_changes_no_booked_visit(api, salon, visit):
    before = Appointment.objects.filter(pk=visit.pk).values().get()
    boss = api(salon.admin)
    assert (
        boss.patch(
            f"/organizations/{salon.organization.pk}",
            {
                "timezone": "Asia/Kolkata",
                "coming_visits": "keep_instant",
                "cancellation_notice": 5,
                "no_show_fee": "100.00",
                "slot_interval": 60,
            },
        ).status_code
        == 200
    )
    assert (
        boss.patch(f"/services/{salon.service.pk}", {"duration": 90, "price": "1.00", "buffer_after": 30}).status_code
        == 200
    )
    salon.staff.working_hours.all().delete()
    shown = visit.appointment_date.astimezone(ZoneInfo("Asia/Kolkata")).replace(tzinfo=None)
    # The instant was to stay, so its wall clock is another, and calendars are told.
    kept = before | {"local_start": shown, "version": 2, "sequence": 1}
    assert Appointment.objects.filter(pk=visit.pk).values().get() == kept
    visit.refresh_from_db()
    assert lateness.find_cutoff(visit) == visit.appointment_date - timedelta(days=1)
