"""What is searched, listed and counted on pages is the organization's own, by the first wall alone."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import words
from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, always_at_work
from clientline.backoffice.calendar import unclosed
from clientline.tests.pages import see
from payments.models import Payment
from payments.tests.factories import PaymentFactory, RefundFactory
from services.tests.factories import ServiceFactory

pytestmark = pytest.mark.usefixtures("without_row_security")

NUMBER, RECEIPT = 987654321, 987654322
UNCLOSED = "/admin/unclosed/"


def visit_of(cast, ago, **details):
    given = {"client": cast.client, "staff": cast.staff, "service": cast.service, "overbooked": True}
    return AppointmentFactory(**given | details, appointment_date=timezone.now() - ago)


@pytest.mark.sweep
def test_a_search_finds_nobody_and_nothing_of_another_organization(salon, clinic, client):
    User.objects.filter(pk=clinic.client.pk).update(phone="030 7654321", phone_e164="+49307654321")
    words.write_all_words(clinic.organization)
    AppointmentFactory(pk=NUMBER, client=clinic.client, staff=clinic.staff, service=clinic.service)
    Payment.objects.filter(pk=clinic.payment.pk).update(receipt_number=RECEIPT)
    RefundFactory(payment=PaymentFactory(appointment=clinic.visit, completed=True), receipt_number=RECEIPT + 1)
    texts = ("clinic client", "clinic", "030 7654321", "7654321", NUMBER, RECEIPT, RECEIPT + 1)
    client.force_login(salon.manager)
    for text in texts:
        found = see(client, "/admin/search/", {"q": text})
        assert (found["people"], found["others"], found["more"]) == ([], [], []), text
    theirs = Client()
    theirs.force_login(clinic.manager)
    for text in texts:
        found = see(theirs, "/admin/search/", {"q": text})
        assert found is None or found["people"], f"{text} leads nowhere"


def test_what_another_organization_did_not_close_is_neither_listed_nor_counted_nor_closed(
    salon, clinic, client, monkeypatch
):
    monkeypatch.setattr(unclosed, "AT_ONCE", 1)
    mine, theirs = (visit_of(cast, timedelta(days=2)) for cast in (salon, clinic))
    client.force_login(salon.manager)
    page = see(client, UNCLOSED)
    assert (page["visits"], page["more"]) == ([mine], False)
    client.post(UNCLOSED, {"visits": [mine.pk, theirs.pk]})
    assert [Appointment.objects.get(pk=each.pk).status for each in (mine, theirs)] == ["completed", "scheduled"]


PAGES = (
    "/admin/",
    "/admin/day-sheet/",
    "/admin/day/version/",
    "/admin/owing/",
    "/admin/unclosed/",
    "/admin/rezoning/",
    "/admin/holidays/",
    "/admin/week-hours/",
    "/admin/online-booking/",
    "/admin/reports/",
    "/admin/reports/?report=no-shows",
    "/admin/accounts/user/{client}/change/",
    "/admin/accounts/user/{client}/merge/?duplicate={stranger}",
    "/admin/accounts/user/{staff}/change/",
)
CHANGING = re.compile(r'name="(?:csrfmiddlewaretoken|once)" value="[\w-]+"|nonce="[^"]+"')


def fill(cast):
    """A day of the organization: done and unpaid, not closed, missed, paid, given back; who works, and who is away."""
    hour = timedelta(hours=1)
    done = visit_of(cast, hour, status="completed", price="70.00", internal_notes="Twin")
    visit_of(cast, hour * 2)
    visit_of(cast, hour * 3, status="no_show")
    visit_of(cast, -hour * 30, stranded=True)
    paid = PaymentFactory(appointment=done, amount="20.00", completed=True)
    RefundFactory(payment=paid, amount="5.00", automatic=True)
    now = timezone.now()
    TimeOffFactory(staff=None, organization=cast.organization, starts_at=now, ends_at=now + hour, reason="Twin")
    ServiceFactory(organization=cast.organization, name="Twin service")
    always_at_work(UserFactory(organization=cast.organization, role="staff", name="Twin of the team"))


def name_twin(cast):
    twin = {"name": "Twin Lange", "phone": "030 7654321", "phone_e164": "+49307654321"}
    User.objects.filter(pk=cast.client.pk).update(**twin)
    words.write_all_words(cast.organization)


def read_pages(client, cast):
    rows = {name: row.pk for name, row in vars(cast).items()}
    answers = {page: client.get(page.format(**rows)) for page in PAGES}
    return {
        page: (answer.status_code, answer.get("ETag"), CHANGING.sub("", answer.content.decode()))
        for page, answer in answers.items()
    }


@pytest.mark.sweep
def test_no_page_tells_whether_another_organization_has_more(salon, clinic, client, monkeypatch):
    """Not only its names are missing, which the crawl looks for: nothing is counted, summed or offered either."""
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now)
    fill(salon)
    name_twin(salon)
    client.force_login(salon.manager)
    before = read_pages(client, salon)
    fill(clinic)
    name_twin(clinic)
    after = read_pages(client, salon)
    assert [page for page in PAGES if after[page] != before[page]] == []
    assert {status for status, _, _ in after.values()} == {200, 204}
