"""Two desks and a client at one visit, over HTTP: each time one of them wins, and the other is told what happened."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from accounts.tests.factories import UserFactory, token_for
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]

HOUR = timedelta(hours=1)


@pytest.fixture
def desks(salon):
    """The tokens of two desks."""
    always_at_work(salon.staff, salon.colleague)
    return token_for(salon.manager), token_for(salon.admin)


@pytest.fixture
def visits(salon, everything):
    """One a round, each on a day of its own; half of them are enough where the second desk never misses the first."""
    return [
        AppointmentFactory(
            client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(5 + number)
        )
        for number in range(8 if everything else 4)
    ]


@pytest.fixture
def at_once(gunicorn):
    """`at_once((token, path, body, version), …)`: POSTs all at once; (status, code or None) of each, and its detail."""
    with ThreadPoolExecutor(2) as callers:

        def ask(call):
            token, path, body, version = call
            seen = {"If_Match": f'"{version}"'} if version else {}
            answer = gunicorn.call("POST", path, token=token, body=body, **seen)
            return (answer.status, answer.body.get("code")), answer.body.get("detail")

        yield lambda *calls: list(callers.map(ask, calls))


def move(token, visit, start, version=None):
    return token, f"/appointments/{visit.pk}/reschedule", {"appointment_date": start.isoformat()}, version


def undo(token, visit, version=None):
    return token, f"/appointments/{visit.pk}/undo", {}, version


def tell(visit):
    return [fact.action for fact in visit.history.order_by("id")]


def test_two_desks_drag_one_visit_and_one_of_them_is_told(desks, visits, at_once):
    for visit in visits[::2]:
        targets = [visit.appointment_date + HOUR, visit.appointment_date + 2 * HOUR]
        answers = at_once(*(move(token, visit, to, 1) for token, to in zip(desks, targets, strict=True)))
        assert Counter(told for told, _ in answers) == {(200, None): 1, (412, "version_mismatch"): 1}
        winner = [told for told, _ in answers].index((200, None))
        visit.refresh_from_db()
        assert (visit.appointment_date, tell(visit)) == (targets[winner], ["rescheduled"])


def test_a_desk_drags_to_where_a_client_books_and_one_of_them_has_it(salon, desks, visits, at_once):
    guest = token_for(UserFactory(organization=salon.organization))
    for visit in visits:
        place = visit.appointment_date + 3 * HOUR
        body = {"service": salon.service.pk, "staff": salon.staff.pk, "appointment_date": place.isoformat()}
        answers = at_once(move(desks[0], visit, place, 1), (guest, "/appointments", body, None))
        (dragged, _), (booked, _) = answers
        assert (dragged, booked) in (((200, None), (409, "slot_taken")), ((409, "slot_taken"), (201, None)))
        assert Appointment.objects.filter(staff=salon.staff, appointment_date=place).count() == 1


def test_an_undo_and_another_desks_change_at_once_end_with_one_of_them(desks, visits, at_once, gunicorn):
    for visit in visits[::2]:
        start, moved, elsewhere = (visit.appointment_date + number * HOUR for number in range(3))
        assert at_once(move(desks[0], visit, moved))[0][0] == (200, None)
        (undone, why), (changed, _) = at_once(undo(desks[0], visit), move(desks[1], visit, elsewhere, 2))
        visit.refresh_from_db()
        if undone == (200, None):
            assert changed == (412, "version_mismatch")
            assert (visit.appointment_date, tell(visit)) == (start, ["rescheduled", "undone", "rescheduled"])
        else:
            assert (undone, changed) == ((409, "changed_since"), (200, None))
            assert why.startswith("Since then: Moved from ") and why.endswith(" by Salon admin.")
            assert (visit.appointment_date, tell(visit)) == (elsewhere, ["rescheduled", "rescheduled"])


def test_an_undo_whose_place_is_booked_at_once_gets_it_or_stays(salon, desks, visits, at_once):
    guest = token_for(UserFactory(organization=salon.organization))
    for visit in visits:
        start, elsewhere = visit.appointment_date, visit.appointment_date + 4 * HOUR
        assert at_once(move(desks[0], visit, elsewhere))[0][0] == (200, None)
        body = {"service": salon.service.pk, "staff": salon.staff.pk, "appointment_date": start.isoformat()}
        (undone, _), (booked, _) = at_once(undo(desks[0], visit), (guest, "/appointments", body, None))
        assert (undone, booked) in (((200, None), (409, "slot_taken")), ((409, "slot_taken"), (201, None)))
        visit.refresh_from_db()
        assert visit.appointment_date == (start if undone == (200, None) else elsewhere)


def test_one_move_is_undone_once(desks, visits, at_once):
    for visit in visits[::2]:
        start = visit.appointment_date
        assert at_once(move(desks[0], visit, start + HOUR))[0][0] == (200, None)
        answers = at_once(undo(desks[0], visit), undo(desks[0], visit))
        assert Counter(told for told, _ in answers) == {(200, None): 1, (409, "nothing_to_undo"): 1}
        visit.refresh_from_db()
        assert visit.appointment_date == start
