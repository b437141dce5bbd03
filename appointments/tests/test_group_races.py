"""Several visits in one go, by many at once over HTTP: all of a group or none, and nobody sees a deadlock."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from accounts.tests.factories import UserFactory, token_for
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from appointments.tests.test_groups import HALF, cut_and_colour, starts
from appointments.tests.test_races import OVERLAPS, ask, deadlocks
from services.tests.factories import ServiceFactory

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]


def test_callers_book_groups_of_three_over_two_people_and_none_by_half(gunicorn, salon, everything):
    team = [UserFactory(organization=salon.organization, role="staff") for _ in range(2)]
    token, deadlocks_before = token_for(salon.manager), deadlocks()
    first = days_ahead(90, hour=0)

    def book_three(number):
        # Half of them begin with one person, half with the other, and neighbours overlap.
        begins = first + timedelta(minutes=60 * (number // 8) + 15 * (number % 2))
        people = [team[(number + step) % 2].pk for step in range(3)]
        visits = [
            {"service": salon.service.pk, "staff": staff, "appointment_date": f"{begins + step * HALF:%FT%TZ}"}
            for step, staff in enumerate(people)
        ]
        body = {"client": salon.client.pk, "visits": visits}
        return gunicorn.call("POST", "/appointments/group", token=token, body=body)

    with ThreadPoolExecutor(64) as callers:
        answers = list(callers.map(book_three, range(192 if everything else 24)))

    counted = Counter((answer.status, answer.body.get("code")) for answer in answers)
    assert set(counted) == {(201, None), (409, "slot_taken")}
    groups = Appointment.objects.filter(staff__in=team).values_list("group", flat=True)
    assert Counter(map(str, groups)) == {answer.body["group"]: 3 for answer in answers if answer.status == 201}
    assert ask(OVERLAPS) == 0
    assert deadlocks() == deadlocks_before


def test_two_who_name_different_visits_of_a_group_move_it_one_after_the_other(gunicorn, salon, everything):
    always_at_work(salon.staff, salon.colleague)
    colour = ServiceFactory(organization=salon.organization, name="Colour", duration=60, price="80.00")
    rows = cut_and_colour(salon, colour, days_ahead(5, hour=10))
    token, deadlocks_before = token_for(salon.manager), deadlocks()

    def move(number):
        row = rows[number % 3]
        body = {"appointment_date": f"{row.appointment_date + timedelta(days=1 + number):%FT%TZ}", "scope": "group"}
        return gunicorn.call("POST", f"/appointments/{row.pk}/reschedule", token=token, body=body).status

    with ThreadPoolExecutor(6) as callers:
        assert set(callers.map(move, range(12 if everything else 4))) == {200}
    begins = starts(rows)
    assert [each - begins[0] for each in begins] == [timedelta(0), HALF, 3 * HALF]
    assert deadlocks() == deadlocks_before
