"""Booking, moving and cancelling at once over HTTP: nothing is sold twice, nothing is lost, nobody sees a deadlock."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import UserFactory, token_for
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]

OVERLAPS = """
    SELECT count(*) FROM appointments a JOIN appointments b ON a.staff_id = b.staff_id AND a.id < b.id
    WHERE a.status <> 'cancelled' AND b.status <> 'cancelled'
      AND a.busy_from < b.busy_until AND b.busy_from < a.busy_until
"""


@pytest.fixture
def rounds(everything):
    """How often two race; each time anew, and in places of their own. Where one misses the other often, twice that."""
    return 6 if everything else 2


def overlaps():
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return cursor.fetchone()[0]


@pytest.fixture
def morning(salon):
    """A full hour some days ahead, in a salon whose team is there day and night."""
    always_at_work(salon.staff, salon.colleague)
    return timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=5)


def visit_at(salon, start, staff=None):
    return AppointmentFactory(
        client=salon.client, staff=staff or salon.staff, service=salon.service, appointment_date=start
    )


@pytest.fixture
def at_once(gunicorn):
    """`at_once([(token, path, body), …])`: POSTs all at once and returns the answers in their order."""
    with ThreadPoolExecutor(64) as callers:

        def run(calls):
            answers = callers.map(lambda call: gunicorn.call("POST", call[1], token=call[0], body=call[2]), calls)
            return list(answers)

        yield run


def outcome(answer):
    return answer.status, answer.body.get("code")


def move(token, visit, start, **body):
    return token, f"/appointments/{visit.pk}/reschedule", {"appointment_date": start.isoformat()} | body


# What is bought once by many is asked in test_races.py, and of clients, who take anyone, below.
@pytest.mark.whole
def test_clients_buy_all_slots_exactly_once(salon, morning, at_once):
    many, number = 64, 100
    tokens = [token_for(UserFactory(organization=salon.organization)) for _ in range(many)]
    slots = [morning + timedelta(minutes=30 * n) for n in range(number) for _ in range(3)]
    body = {"staff": salon.staff.pk, "service": salon.service.pk}
    answers = at_once(
        [
            (tokens[n % many], "/appointments", body | {"appointment_date": slot.isoformat()})
            for n, slot in enumerate(slots)
        ]
    )
    assert Counter(map(outcome, answers)) == {(201, None): number, (409, "slot_taken"): 2 * number}
    assert overlaps() == 0


def test_of_clients_who_take_anyone_free_as_many_are_served_as_there_are_people(salon, morning, at_once, everything):
    many = 64 if everything else 8
    always_at_work(*(UserFactory(organization=salon.organization, role="staff") for _ in range(3)))
    for person in (salon.admin, salon.manager):
        person.is_active = False
        person.save()
    tokens = [token_for(UserFactory(organization=salon.organization)) for _ in range(many)]
    body = {"service": salon.service.pk, "appointment_date": morning.isoformat()}
    answers = at_once([(token, "/appointments", body) for token in tokens])
    assert Counter(map(outcome, answers)) == {(201, None): 5, (409, "slot_taken"): many - 5}
    assert len({answer.body["staff"] for answer in answers if answer.status == 201}) == 5
    assert overlaps() == 0


def test_two_visits_moved_into_one_gap(salon, morning, at_once, rounds):
    token = token_for(salon.client)
    for n in range(rounds):
        start = morning + timedelta(hours=4 * n)
        visits = [visit_at(salon, start), visit_at(salon, start + timedelta(hours=1))]
        gap = start + timedelta(hours=2)
        answers = at_once([move(token, visit, gap) for visit in visits])
        assert Counter(map(outcome, answers)) == {(200, None): 1, (409, "slot_taken"): 1}
    assert overlaps() == 0


def test_two_visits_that_cross_between_two_people(salon, morning, at_once, rounds):
    token = token_for(salon.manager)
    for n in range(2 * rounds):
        start = morning + timedelta(hours=4 * n)
        mine, theirs = visit_at(salon, start), visit_at(salon, start + timedelta(hours=1), salon.colleague)
        answers = at_once(
            [
                move(token, mine, start, staff=salon.colleague.pk),
                move(token, theirs, start + timedelta(hours=1), staff=salon.staff.pk),
            ]
        )
        assert Counter(map(outcome, answers)) == {(200, None): 2}
    assert overlaps() == 0


def test_two_visits_cannot_swap_their_times_by_crossing(salon, morning, at_once, rounds):
    token = token_for(salon.manager)
    for n in range(2 * rounds):
        first, second = morning + timedelta(hours=4 * n), morning + timedelta(hours=4 * n + 1)
        visits = visit_at(salon, first), visit_at(salon, second)
        answers = at_once([move(token, visits[0], second), move(token, visits[1], first)])
        assert Counter(map(outcome, answers)) == {(409, "slot_taken"): 2}
        assert [Appointment.objects.get(pk=visit.pk).appointment_date for visit in visits] == [first, second]


def test_a_visit_cancelled_and_moved_at_once_ends_cancelled(salon, morning, at_once, rounds):
    token = token_for(salon.client)
    for n in range(rounds):
        start = morning + timedelta(hours=4 * n)
        visit = visit_at(salon, start)
        cancelled, moved = at_once(
            [(token, f"/appointments/{visit.pk}/cancel", {}), move(token, visit, start + timedelta(hours=1))]
        )
        assert outcome(cancelled) == (200, None)
        assert outcome(moved) in ((200, None), (409, "invalid_transition"))
        visit.refresh_from_db()
        assert (visit.status, visit.version) == ("cancelled", 3 if moved.status == 200 else 2)
        assert [fact.action for fact in visit.history.order_by("id")] == (
            ["rescheduled", "cancelled"] if moved.status == 200 else ["cancelled"]
        )


def series(token, salon, start, **body):
    weekly = {"every": 1, "count": 4, "staff": salon.staff.pk, "service": salon.service.pk, "client": salon.client.pk}
    asked = weekly | {"appointment_date": start.isoformat()} | body
    return token, "/appointments/series", {key: value for key, value in asked.items() if value is not None}


def test_two_series_for_the_same_times_are_booked_once(salon, morning, at_once, rounds):
    token = token_for(salon.manager)
    for n in range(2 * rounds):
        start = morning + timedelta(hours=n)
        answers = at_once([series(token, salon, start)] * 2)
        assert Counter(map(outcome, answers)) == {(201, None): 1, (409, "slot_taken"): 1}
        weeks = [start + timedelta(weeks=week) for week in range(4)]
        booked = Appointment.objects.filter(staff=salon.staff, appointment_date__in=weeks)
        assert (booked.count(), booked.values("series").distinct().count()) == (4, 1)
    assert overlaps() == 0


def test_two_series_with_anyone_go_to_two_people(salon, morning, at_once):
    token = token_for(salon.manager)
    both = {"organization": salon.organization}
    salon.service.staff.set([salon.staff, salon.colleague], through_defaults=both)
    for n in range(3):
        answers = at_once([series(token, salon, morning + timedelta(hours=n), staff=None, count=2)] * 2)
        assert [outcome(answer) for answer in answers] == [(201, None)] * 2
    assert overlaps() == 0


# In which order the visits of a tail are held, whoever comes, is asked in test_side_races.py.
@pytest.mark.whole
def test_cancelling_two_tails_of_one_series_ends_in_no_deadlock(salon, morning, at_once, rounds):
    """Visits moved to the end have lower numbers than those before them."""
    token = token_for(salon.manager)
    for n in range(2 * rounds):
        start = morning + timedelta(hours=n)
        booked = at_once([series(token, salon, start, count=8)])[0].body["appointments"]
        pks = [visit["id"] for visit in booked]
        for week, pk in enumerate(pks[:3], start=10):
            Appointment.objects.filter(pk=pk).update(**moved(start + timedelta(weeks=week)))
        cancelling = {"reason": "x", "scope": "following"}
        answers = at_once([(token, f"/appointments/{pk}/cancel", cancelling) for pk in (pks[3], pks[7])])
        assert {outcome(answer) for answer in answers} <= {(200, None), (409, "invalid_transition")}
        assert not Appointment.objects.filter(pk__in=pks, status="scheduled").exists()


def moved(start):
    end = start + timedelta(minutes=30)
    return {"appointment_date": start, "ends_at": end, "busy_from": start, "busy_until": end}


def test_two_series_that_meet_in_three_weeks_share_five_visits(salon, morning, at_once, rounds):
    token = token_for(salon.manager)
    for n in range(rounds // 2):
        starts = morning + timedelta(hours=n), morning + timedelta(hours=n, weeks=1)
        answers = at_once([series(token, salon, start, on_conflict="skip") for start in starts])
        assert [outcome(answer) for answer in answers] == [(201, None)] * 2
        assert sorted(len(answer.body["appointments"]) for answer in answers) == [1, 4]
        assert sorted(len(answer.body["skipped"]) for answer in answers) == [0, 3]
    assert overlaps() == 0
