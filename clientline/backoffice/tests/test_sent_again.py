"""A form that is sent again, by a second click, by Back or because the answer was lost, is done once."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment, WorkingHours
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.backoffice.once import SENT_BEFORE
from clientline.tests.pages import booking, errors_of, judge, see, standing, tell, typed
from organizations.idempotency import KEPT_FOR
from organizations.models import IdempotencyKey
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory
from services.models import Service


@pytest.fixture
def desk(salon, client):
    client.force_login(salon.admin)
    Payment.objects.update(status="failed")  # so that all of the price is due
    always_at_work(salon.staff, salon.colleague)
    return client


def page_of(row, action="change"):
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/{action}/"


def send_twice(client, url, /, **values):
    """The same form, sent, and sent again from the same page: where both led, after what the second said."""
    form = typed(client.get(url), **values)
    first = client.post(url, form)
    assert first.status_code == 302, errors_of(first)
    second = client.post(url, form)
    assert (second.status_code, second["Location"]) == (302, first["Location"])
    assert tell(second)[-1] == str(SENT_BEFORE)
    return first["Location"]


def list_actions(visit):
    return list(visit.history.order_by("id").values_list("action", flat=True))


@pytest.mark.sweep
def test_money_is_taken_and_given_back_once(desk, salon):
    before = Payment.objects.count()
    where = send_twice(desk, page_of(salon.visit, "payment"), amount="5.00", payment_method="cash", completed="on")
    assert where == page_of(salon.visit)
    assert Payment.objects.count() == before + 1
    paid = Payment.objects.latest("id")
    send_twice(desk, page_of(paid, "refund"), amount="2.00", reason="Late")
    assert [refund.amount for refund in Refund.objects.all()] == [2]


def test_an_online_payment_is_asked_of_its_provider_once(desk, salon):
    before = Payment.objects.count()
    send_twice(desk, page_of(salon.visit, "payment"), amount="5.00", payment_method="online")
    assert Payment.objects.count() == before + 1


@pytest.mark.sweep
def test_a_visit_and_a_series_are_booked_once(desk, salon):
    before = Appointment.objects.count()
    send_twice(desk, "/admin/appointments/appointment/add/", **booking(salon))
    assert Appointment.objects.count() == before + 1
    series = booking(salon, date="2027-02-01", count="3", once="a series'")
    answers = [desk.post("/admin/appointments/appointment/add/", series) for _ in range(2)]
    assert len({answer["Location"] for answer in answers}) == 1
    assert Appointment.objects.count() == before + 4


@pytest.mark.sweep
def test_a_visit_is_moved_settled_and_cancelled_once(desk, salon):
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service)
    moved = timezone.localtime(days_ahead(40), salon.organization.zone)
    send_twice(desk, page_of(visit, "reschedule"), date=f"{moved:%Y-%m-%d}", slot="", time="11:00")
    send_twice(desk, page_of(visit, "price"), price="44.00")
    send_twice(desk, page_of(visit, "cancel"), reason="Ill")
    assert list_actions(visit) == ["rescheduled", "price_changed", "cancelled"]
    past = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(-9)
    )
    send_twice(desk, page_of(past, "no-show"))
    send_twice(desk, page_of(past, "correct"), reason="Was there")
    assert list_actions(past) == ["no_show", "corrected"]


def test_a_quick_button_is_pressed_once(desk, salon):
    visit = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(-3)
    )
    form = {"once": "a", "seen": f"{visit.version}-0"}
    answers = [desk.post(page_of(visit, "complete"), form) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [page_of(visit)] * 2
    assert visit.history.filter(action="completed").count() == 1
    assert 'name="once"' in desk.get(page_of(salon.visit)).content.decode()


@pytest.mark.sweep
def test_what_is_chosen_from_a_list_is_done_once(desk, salon):
    past = [
        AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)
        for start in (days_ahead(-3), days_ahead(-2))
    ]
    url = "/admin/appointments/appointment/?status__exact=scheduled&q=Salon+client"
    form = typed(desk.get(url)) | {"action": "complete_visits", "_selected_action": [each.pk for each in past]}
    first, second = desk.post(url, form), desk.post(url, form)
    assert (first["Location"], second["Location"]) == (url, url.partition("&")[0])  # whose name it was is not kept
    told = desk.get(url).content.decode()
    assert ("2 appointments completed." in told, str(SENT_BEFORE) in told, "cannot" in told) == (True, True, False)


# test_every_form_carries_a_key_or_is_harmless reads that these forms have one, and what is done with it is the same.
@pytest.mark.whole
def test_rows_are_added_merged_and_saved_once(desk, salon):
    before = Service.objects.count()
    send_twice(desk, "/admin/services/service/add/", name="Shave", duration="20", price="15.00")
    assert Service.objects.count() == before + 1
    twin = UserFactory(organization=salon.organization, role="client", name="Twin")
    merge = f"{page_of(salon.client, 'merge')}?duplicate={twin.pk}"
    send_twice(desk, merge)
    send_twice(desk, f"/admin/week-hours/?staff={salon.staff.pk}")
    assert WorkingHours.objects.filter(staff=salon.staff).exists()


def test_a_form_that_was_refused_is_judged_anew(desk, salon):
    form = {"amount": "999.00", "payment_method": "cash", "completed": "on", "once": "a page's"}
    assert "more than is due" in errors_of(desk.post(page_of(salon.visit, "payment"), form))[0]
    Appointment.objects.filter(pk=salon.visit.pk).update(price=2000)
    assert desk.post(page_of(salon.visit, "payment"), form).status_code == 302


def test_a_form_that_did_something_does_nothing_else_and_another_does(desk, salon):
    url, before = page_of(salon.visit, "payment"), Payment.objects.count()
    form = standing(see(desk, url)["form"]) | {"amount": "5.00", "once": "a page's"}
    assert desk.post(url, form).status_code == 302
    assert tell(desk.post(url, form | {"amount": "6.00"}))[-1] == str(SENT_BEFORE)
    assert Payment.objects.count() == before + 1
    told = judge(desk, url, **form | {"amount": "6.00", "once": "another"}).context["form"].errors["__all__"][0]
    assert told.startswith("This was changed meanwhile, perhaps because it was sent twice.")
    assert Payment.objects.count() == before + 1


def test_keys_are_each_ones_own_and_forgotten_after_a_day(desk, salon, clinic):
    form = standing(see(desk, "/admin/services/service/add/")["adminform"].form)
    form |= {"name": "Shave", "duration": "20", "price": "15.00", "once": "a page's"}
    desk.post("/admin/services/service/add/", form)
    colleague = Client()
    colleague.force_login(salon.manager)
    assert str(SENT_BEFORE) not in tell(colleague.post("/admin/services/service/add/", form))
    IdempotencyKey.objects.update(created_at=timezone.now() - KEPT_FOR)
    desk.post("/admin/services/service/add/", form)
    assert Service.objects.filter(name="Shave").count() == 3


@pytest.mark.races
def test_two_clicks_at_once_take_the_money_once(desk, salon, transactional_db):
    paid = PaymentFactory(appointment=salon.visit, completed=True, amount=20)
    form = typed(desk.get(page_of(paid, "refund")), amount="2.00", reason="Late")
    cookies = desk.cookies

    def click(_):
        browser = Client()
        browser.cookies = cookies
        try:
            return browser.post(page_of(paid, "refund"), form)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(click, range(2)))
    assert [(answer.status_code, answer["Location"]) for answer in answers] == [(302, page_of(paid))] * 2
    assert Refund.objects.count() == 1


# What is the same however often it is done, or happens to nobody's money and books.
HARMLESS = {
    "accounts/templates/admin/code.html",
    "accounts/templates/admin/second_factor.html",
    "accounts/templates/admin/sign_ins.html",
    "clientline/templates/admin/backoffice/client_head.html",  # deactivates and reactivates
    "clientline/templates/admin/backoffice/erase.html",
    "clientline/templates/admin/backoffice/organization.html",  # chooses where to act
    "clientline/templates/admin/backoffice/organization_standing.html",
    "clientline/templates/admin/backoffice/person_standing.html",
    "clientline/templates/admin/backoffice/which_visit.html",  # only leads on
    "clientline/templates/admin/base_site.html",  # leaves where one acts
    "clientline/templates/admin/change_list.html",  # what is ticked becomes what it is already
    "clientline/templates/admin/delete_confirmation.html",
    "clientline/templates/admin/forgotten.html",
    "clientline/templates/admin/login.html",
    "clientline/templates/admin/new_password.html",
}


def test_every_form_carries_a_key_or_is_harmless():
    bare = set()
    for path in settings.BASE_DIR.glob("*/templates/admin/**/*.html"):
        text = path.read_text()
        if text.count('method="post"') > len(re.findall(r'name="once"|once\.html', text)):
            bare.add(str(path.relative_to(settings.BASE_DIR)))
    assert bare == HARMLESS
