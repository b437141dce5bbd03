"""The till on a visit's page: exact money by one button, change, tips, groups, and the same again."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.backoffice.money.till import TillForm
from clientline.tests.pages import Page, judge, see, submit, tell, tell_messages
from payments.models import Payment

VISIT = "/admin/appointments/appointment"
GROUP = "7b9c2d5e-0000-4000-8000-000000000000"


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return make(salon, 0)


def make(salon, number, **fields):
    start = timezone.now().replace(second=0, microsecond=0) - timedelta(hours=3, minutes=-30 * number)
    people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    ends = start + timedelta(minutes=30)
    return AppointmentFactory(appointment_date=start, ends_at=ends, **people | fields)


def pay(client, visit, **values):
    return judge(client, f"{VISIT}/{visit.pk}/till/", **{"payment_method": "cash"} | values)


def taken():
    return [
        (str(each.amount), str(each.tip), each.payment_method)
        for each in Payment.objects.exclude(created_by=None).order_by("id")
    ]


@pytest.mark.sweep
def test_exact_money_takes_the_button_alone(client, salon, visit):
    client.force_login(salon.manager)
    shown = client.get(f"{VISIT}/{visit.pk}/change/").content.decode()
    assert 'name="payment_method" value="cash">Cash 45.00 EUR<' in shown
    assert submit(client, f"{VISIT}/{visit.pk}/till/").status_code == 302
    assert taken() == [("45.00", "0.00", "cash")]
    page = client.get(f"{VISIT}/{visit.pk}/change/")
    assert tell_messages(page)[0].startswith("Taken 45.00 EUR in cash.")
    assert "payment_method" not in page.content.decode()


def test_change_and_tip_are_said_and_only_what_stays_is_recorded(client, salon, visit):
    client.force_login(salon.manager)
    answer = pay(client, visit, given="60", tip="5")
    assert taken() == [("50.00", "5.00", "cash")]
    assert "Tip: 5.00 EUR. Change: 10.00 EUR." in tell(answer)[0]


def test_coins_settle_what_they_cannot_make_up_and_a_tip_has_no_more_than_came(salon, visit):
    salon.organization.currency = "CHF"
    salon.organization.save()
    visit.price = Decimal("12.03")
    visit.save(update_fields=["price"])
    # What is to pay and the tip as typed; what came, the tip in it, the rounding, and the price that is paid.
    for price, tip, taken in (
        ("12.00", "", ("12.00", "0", "-0.03", "12.03")),
        ("12.05", "", ("12.05", "0", "0.02", "12.03")),
        ("6.02", "", ("6.00", "0", "-0.02", "6.02")),
        ("0", "2.02", ("2.00", "2.00", "0.00", "0.00")),
        ("0.01", "2.01", ("2.00", "2.00", "-0.01", "0.01")),
    ):
        sent = {"payment_method": "cash", "amount": price, "tip": tip}
        form = TillForm(sent, caller=salon.manager, row=visit)
        assert form.is_valid(), form.errors
        assert (*map(str, form.taken), str(form.get_details()["amount"])) == taken
    visit.price = Decimal("0.02")
    visit.save(update_fields=["price"])
    # A tip alone settles nothing, not even what is too little for a coin.
    tipped = TillForm({"payment_method": "cash", "amount": "0", "tip": "5"}, caller=salon.manager, row=visit)
    assert tipped.is_valid() and tuple(map(str, tipped.taken)) == ("5.00", "5.00", "0.00")


@pytest.mark.sweep
def test_a_bill_is_split_between_methods(client, salon, visit):
    client.force_login(salon.manager)
    pay(client, visit, amount="20")
    pay(client, visit, payment_method="card")
    assert taken() == [("20.00", "0.00", "cash"), ("25.00", "0.00", "card")]


def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_taken(client, salon, visit):
    client.force_login(salon.manager)
    for values, field in (
        ({"given": "40"}, "given"),
        ({"given": "50", "payment_method": "card"}, "given"),
        ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"tip": "x"}, "tip"),
        ({"payment_method": "online"}, "payment_method"),
    ):
        form = TillForm({"payment_method": "cash"} | values, caller=salon.manager, row=visit)
        assert list(form.errors) == [field], values
    answer = pay(client, visit, amount="45.01")  # which only who takes it can tell
    assert (answer.status_code, list(answer.context["form"].errors)) == (200, ["amount"])
    assert pay(client, visit, **values).context["form"].errors == form.errors, "and the page says so"
    assert taken() == []


@pytest.mark.sweep
def test_a_group_is_paid_as_one_bill_and_printed_so(client, salon, visit):
    Appointment.objects.filter(pk=visit.pk).update(group=GROUP)
    other = make(salon, 1, staff=salon.colleague, group=GROUP, price="80.00")
    client.force_login(salon.manager)
    assert pay(client, other, tip="5").status_code == 302
    assert taken() == [("45.00", "0.00", "cash"), ("85.00", "5.00", "cash")]
    bill = see(client, f"{VISIT}/{visit.pk}/bill/")
    assert (len(bill["lines"]), bill["charge"], bill["paid"], bill["due"]) == (
        2,
        "125.00 EUR",
        "125.00 EUR",
        "0.00 EUR",
    )
    receipts = [(each["number"], each["what"], each["tip"], each["amount"]) for each in bill["receipts"]]
    assert receipts == [(1, "Cash", "", "45.00 EUR"), (2, "Cash", "5.00 EUR", "85.00 EUR")]
    # There is nothing to take any more, and still a way to the paper.
    assert f"{VISIT}/{visit.pk}/bill/" in Page(client.get(f"{VISIT}/{visit.pk}/change/")).links


@pytest.mark.sweep
def test_a_discount_is_a_click_from_the_till_for_who_may_reprice(client, salon, visit):
    discount = f"{VISIT}/{visit.pk}/price/"
    for caller, links in ((salon.manager, 2), (salon.staff, 0)):  # one of them among the moves
        client.force_login(caller)
        page = client.get(f"{VISIT}/{visit.pk}/change/")
        assert page.context["till"]["left"] == "45.00 EUR"
        assert Page(page).links.count(discount) == links
    client.force_login(salon.manager)
    assert judge(client, discount, price="40", reason="Regular").status_code == 302
    page = see(client, f"{VISIT}/{visit.pk}/change/")
    assert page["till"]["left"] == "40.00 EUR"
    assert [fact["reason"] for fact in page["history"]] == ["Regular"]


def test_the_bill_is_of_ones_own_visits(client, salon, clinic, visit):
    for person, row, expected in (
        (salon.staff, visit, 200),
        (salon.staff, salon.strangers_visit, 404),
        (clinic.manager, visit, 404),
    ):
        client.force_login(person)
        assert client.get(f"{VISIT}/{row.pk}/bill/").status_code == expected


def test_the_same_again_in_some_weeks_at_the_same_time_of_the_clock(client, salon, visit):
    client.force_login(salon.manager)
    answer = judge(client, f"{VISIT}/{visit.pk}/again/", weeks="6", once="a page's")
    assert (answer.status_code, tell(answer)) == (302, ["The same again is booked, 6 weeks later."])
    again = Appointment.objects.latest("id")
    zone = salon.organization.zone
    was, becomes = (each.appointment_date.astimezone(zone) for each in (visit, again))
    assert (becomes.date() - was.date(), becomes.time()) == (timedelta(weeks=6), was.time())
    assert (again.client, again.staff, again.service) == (visit.client, visit.staff, visit.service)
    answer = judge(client, f"{VISIT}/{visit.pk}/again/", weeks="6", once="another page's")
    assert "This time is taken." in str(answer.context["form"].errors)
    assert f"date={becomes.date()}" in answer.context["form"].booking_url


def test_a_group_is_booked_again_as_a_group(client, salon, visit):
    Appointment.objects.filter(pk=visit.pk).update(group=GROUP)
    make(salon, 1, staff=salon.colleague, group=GROUP)
    client.force_login(salon.manager)
    assert judge(client, f"{VISIT}/{visit.pk}/again/", weeks="2").status_code == 302
    first, second = Appointment.objects.order_by("-id")[:2]
    assert first.group == second.group
    assert str(first.group) != GROUP
