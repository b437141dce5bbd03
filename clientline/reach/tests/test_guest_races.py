"""Many guests at once: one slot is one visit, and everybody else is shown what is left."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests import asking, codes
from clientline.reach.guests.forms import make_form_key
from clientline.reach.tests.guests import list_times, open_page

pytestmark = [pytest.mark.races, pytest.mark.xdist_group("gunicorn")]


class Answer:
    """What a thread was answered, as the helpers read it."""

    def __init__(self, status, location, content):
        self.status, self.location, self.content = status, location, content


def send(server, path, **form):
    connection = HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("POST", path, urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    found = Answer(answer.status, answer.getheader("Location"), answer.read())
    connection.close()
    return found


@pytest.fixture
def shop(gunicorn, salon):
    always_at_work(salon.staff)
    open_page(salon)
    salon.start = days_ahead(3, hour=10)
    return salon


def ask(shop, number):
    """A request, as the form makes it; the place and the code."""
    form = f"form {number}"
    asked = asking.ask_for_visit(
        organization=shop.organization,
        form=form,
        network="127.0.0.1",
        service=shop.service,
        appointment_date=shop.start,
        name=f"Guest {number}",
        contact_email=f"guest{number}@example.com",
        address=f"guest{number}@example.com",
        now=timezone.now(),
    )
    key = make_form_key(f"{shop.organization.pk} confirm")
    return f"/b/salon/confirm/{asking.derive_secret(form)}", {"form": key, "code": codes.write_code(asked)}


def test_of_many_guests_one_gets_the_slot_and_the_others_see_the_nearest_times(gunicorn, shop, everything):
    many = 12 if everything else 8
    asked = [ask(shop, number) for number in range(many)]
    with ThreadPoolExecutor(many) as pool:
        answers = list(pool.map(lambda each: send(gunicorn, each[0], **each[1]), asked))
    assert Counter(answer.status for answer in answers) == {303: 1, 409: many - 1}
    assert Appointment.objects.filter(appointment_date=shop.start).count() == 1
    assert User.objects.filter(name__startswith="Guest ").count() == 1  # who was refused is no client
    offered = {tuple(list_times(answer)) for answer in answers if answer.status == 409}
    assert {len(times) for times in offered} == {6}
    assert not any(shop.start.isoformat() in times for times in offered)


def test_a_code_sent_eight_times_at_once_books_one_visit_and_leads_there_each_time(gunicorn, shop):
    place, form = ask(shop, 1)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(gunicorn, place, **form), range(8)))
    assert {answer.status for answer in answers} == {303}
    assert Appointment.objects.filter(client__name="Guest 1").count() == 1


def test_two_requests_of_one_guest_at_once_make_one_client(gunicorn, shop):
    asked = [ask(shop, number) for number in range(2)]
    for request, hour in zip(asking.BookingRequest.objects.order_by("pk"), (12, 14), strict=True):
        request.name, request.contact_email = "Kim Weber", "kim@example.com"
        request.address, request.appointment_date = "kim@example.com", days_ahead(3, hour=hour)
        request.save()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda each: send(gunicorn, each[0], **each[1]), asked))
    assert [answer.status for answer in answers] == [303, 303]
    assert User.objects.filter(name="Kim Weber").count() == 1
