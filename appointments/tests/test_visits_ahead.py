"""A client books no more coming visits at once than the organization lets them; the desk may book more."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from appointments import booking
from appointments.models import Appointment
from appointments.refusals import TooManyAhead
from appointments.tests.factories import always_at_work, days_ahead
from clientline.tests.problems import problem
from services.models import Service


def book(api, who, salon, day, client=None):
    body = {"service": salon.service.pk, "staff": salon.staff.pk, "appointment_date": days_ahead(day, 10).isoformat()}
    return api(who).post("/appointments", body | ({"client": client.pk} if client else {}))


@pytest.fixture
def limited(salon, api):
    always_at_work(salon.staff)
    Appointment.objects.filter(client=salon.client).update(status="cancelled", cancelled_at=timezone.now())
    answer = api(salon.admin).patch(
        f"/organizations/{salon.organization.pk}", {"max_visits_ahead": 2, "max_advance_days": 1095}
    )
    assert answer.json()["max_visits_ahead"] == 2
    return salon


def test_the_limit_is_told_and_binds_clients_only(limited, api):
    assert [book(api, limited.client, limited, day).status_code for day in (1, 2)] == [201, 201]
    refused = book(api, limited.client, limited, 3)
    assert problem(refused) == (409, "too_many_ahead")
    assert book(api, limited.staff, limited, 3, client=limited.client).status_code == 201
    assert book(api, limited.stranger, limited, 4).status_code == 201  # the limit is of each


def test_a_visit_that_is_cancelled_makes_room(limited, api):
    visits = [book(api, limited.client, limited, day).json()["id"] for day in (1, 2)]
    assert api(limited.client).post(f"/appointments/{visits[0]}/cancel", {}).status_code == 200
    assert book(api, limited.client, limited, 3).status_code == 201


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_of_two_bookings_at_once_only_the_last_free_one_is_made(limited, api):
    assert book(api, limited.client, limited, 1).status_code == 201
    together, service = Barrier(2), Service.objects.select_related("organization").get(pk=limited.service.pk)
    limited.client.refresh_from_db()  # its organization had no limit yet when it was made

    def work(day):
        together.wait()
        try:
            booking.book(
                by=limited.client,
                client=limited.client,
                staff=limited.staff,
                service=service,
                appointment_date=days_ahead(day, 10),
                now=timezone.now(),
            )
            return 1
        except TooManyAhead:
            return 0
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(work, (2, 3))) == [0, 1]
