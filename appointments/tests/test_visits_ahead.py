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
def limited(salon):
    """One visit ahead for each client, and nobody has one yet."""
    always_at_work(salon.staff)
    Appointment.objects.filter(organization=salon.organization).update(status="cancelled", cancelled_at=timezone.now())
    salon.organization.max_visits_ahead, salon.organization.max_advance_days = 1, 1095
    salon.organization.save(update_fields=["max_visits_ahead", "max_advance_days"])
    return salon


def test_a_client_books_no_more_than_the_limit_until_a_visit_is_cancelled(limited, api):
    first = book(api, limited.client, limited, 1)
    assert first.status_code == 201
    assert problem(book(api, limited.client, limited, 2)) == (409, "too_many_ahead")
    assert api(limited.client).post(f"/appointments/{first.json()['id']}/cancel", {}).status_code == 200
    assert book(api, limited.client, limited, 2).status_code == 201


def test_the_limit_is_told_and_binds_clients_only_and_each_of_them(limited, api):
    home = f"/organizations/{limited.organization.pk}"
    assert api(limited.admin).patch(home, {"max_visits_ahead": 1}).json()["max_visits_ahead"] == 1
    assert book(api, limited.client, limited, 1).status_code == 201
    assert book(api, limited.staff, limited, 3, client=limited.client).status_code == 201
    assert book(api, limited.stranger, limited, 4).status_code == 201


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_of_two_bookings_at_once_only_the_last_free_one_is_made(limited, api):
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
