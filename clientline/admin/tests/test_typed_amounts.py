"""Every field for an amount in the admin reads what was typed by one reader, and says how it understood it."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.contrib.messages import get_messages

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work
from clientline.tests.pages import (
    Page,
    booking,
    errors_of,
    faults_of,
    fill_in,
    form_of,
    judge,
    see,
    submit,
    tell,
    typed,
    typed_into,
)
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory
from services.models import Service

BOOK = "/admin/appointments/appointment/add/"
PAYMENTS = "/admin/payments/payment"
QUESTION = "Is “1,405” 1405.00 EUR? Then write 1405.00. 1.405 EUR has more decimals than the currency."
READ = {
    "39,50": "39.50 EUR",
    "39.50": "39.50 EUR",
    "1.405,00": "1,405.00 EUR",
    "1,405.00": "1,405.00 EUR",
    "1'405.00": "1,405.00 EUR",
    "1 405,00": "1,405.00 EUR",
}


@pytest.fixture
def past(salon):
    """A visit dear enough that none of the amounts is far off."""
    Service.objects.filter(pk=salon.service.pk).update(price="300.00")
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start, price="3000.00"
    )


@pytest.fixture
def fields(salon, past):
    """By name: the page, the field, what else is typed, what then is stored, and what the page says."""
    always_at_work(salon.staff)
    paid = PaymentFactory(appointment=past, amount="2000.00", payment_method="cash", completed=True)
    service = f"/admin/services/service/{salon.service.pk}/change/"
    visit = f"/admin/appointments/appointment/{past.pk}"
    return {
        "service": (service, "price", {}, Service, "Price: {}."),
        "new service": ("/admin/services/service/add/", "price", {"name": "New"}, Service, "Price: {}."),
        "booking": (BOOK, "price", booking(salon), Appointment, " Price: {}."),
        "change of price": (f"{visit}/price/", "price", {}, Appointment, "Price: {}."),
        "payment": (f"{visit}/payment/", "amount", {"allow_overpayment": "on"}, Payment, "Payment recorded: {}."),
        "refund": (f"{PAYMENTS}/{paid.pk}/refund/", "amount", {"reason": "x"}, Refund, "Refunded: {}."),
    }


def one_by_one(cases):
    """The first is asked after each change, and before each merge the others, too."""
    first, *others = cases
    return [first, *(pytest.param(*case, marks=pytest.mark.sweep) for case in others)]


FIELDS = ["service", "new service", "booking", "change of price", "payment", "refund"]


def stored(name, model, past):
    """The amount of the row that the page changes, or of the last one made; None where none is."""
    rows = model.objects.filter(pk=past.pk) if name == "change of price" else model.objects.order_by("-id")
    column = "amount" if model in (Payment, Refund) else "price"
    return rows.values_list(column, flat=True).first()


@pytest.mark.parametrize(("name", "text"), one_by_one(zip(FIELDS, READ, strict=True)))
def test_what_is_ambiguous_is_asked_back_as_it_was_typed_and_the_right_amount_stored_and_said(
    client, salon, past, fields, name, text
):
    """All spellings of an amount are in `clientline/api/tests/test_typed_money.py`: here each field has one."""
    client.force_login(salon.manager)
    url, field, rest, model, said = fields[name]
    before, form = (model.objects.count(), stored(name, model, past)), form_of(see(client, url))
    assert_is_typed_as_text(str(form[field]), field)
    asked = judge(client, url, **typed_into(form, **rest, **{field: "1,405"}))
    assert (asked.status_code, faults_of(asked)) == (200, [QUESTION])
    again = form_of(asked.context)
    assert ' value="1,405"' in str(again[field])
    assert (model.objects.count(), stored(name, model, past)) == before
    answer = client.post(url, typed_into(again, **{field: text}))
    assert answer.status_code == 302
    assert said.format(READ[text]) in " ".join(str(each) for each in get_messages(answer.wsgi_request))
    assert stored(name, model, past) == Decimal(READ[text].removesuffix(" EUR").replace(",", ""))


# Of the page, where its form is sent, and its fields: all that `FIELDS` leaves.
OTHERS = [
    ("alter", "alter", ["price"]),
    ("payment", "payment", ["tip", "given"]),
    ("change", "till", ["amount", "tip", "given"]),
]


@pytest.mark.sweep
def test_each_other_field_for_money_asks_back_by_the_same_reader(client, salon, past):
    paid = PaymentFactory(appointment=past, amount="2000.00", tip="100.00", payment_method="cash", completed=True)
    client.force_login(salon.manager)
    visit, refund = f"/admin/appointments/appointment/{past.pk}", f"{PAYMENTS}/{paid.pk}/refund/"
    places = [(f"{visit}/{page}/", f"{visit}/{sent}/", fields) for page, sent, fields in OTHERS]
    for page, sent, fields in [*places, (refund, refund, ["tip"])]:
        form = client.get(page)
        for field in fields:
            assert_is_typed_as_text(form.content.decode(), field)
        asked = client.post(sent, typed(form, payment_method="cash", reason="x", **dict.fromkeys(fields, "1,405")))
        assert errors_of(asked).count(QUESTION) == len(fields), sent
        assert [Page(asked).fields[field] for field in fields] == [["1,405"]] * len(fields), sent


def assert_is_typed_as_text(written, field):
    """On a keyboard of digits."""
    [tag] = [each for each in written.split("<input") if f' name="{field}"' in each]
    assert ('type="text"' in tag, 'inputmode="decimal"' in tag, 'type="number"' in tag) == (True, True, False)


@pytest.mark.sweep
def test_fields_are_filled_in_with_the_decimals_of_the_currency(client, salon, past):
    client.force_login(salon.manager)
    pages = [service_of(salon)]
    pages += [f"/admin/appointments/appointment/{past.pk}/{move}/" for move in ("price", "payment")]

    def filled():
        shown = [form_of(see(client, url)) for url in pages]
        return [form["price" if "price" in form.fields else "amount"].value() for form in shown]

    assert filled() == ["300.00", "3000.00", "3000.00"]
    salon.organization.currency = "JPY"
    salon.organization.save()
    assert filled() == ["300", "3000", "3000"]
    Service.objects.filter(pk=salon.service.pk).update(price="12.50")  # of before the currency was another
    assert written(client, pages[0]) == "12.50"


@pytest.mark.sweep
def test_yen_have_one_reading(client, salon, past):
    salon.organization.currency = "JPY"
    salon.organization.save()
    client.force_login(salon.manager)
    url = f"/admin/appointments/appointment/{past.pk}/price/"
    assert faults_of(fill_in(client, url, price="1405,50")) == ["JPY has no smaller unit. Write a whole amount."]
    assert tell(fill_in(client, url, price="1.405")) == ["Price: 1,405 JPY."]


def test_the_currency_of_a_new_service_is_that_of_the_organization_an_operator_chose(client, clinic, operator):
    clinic.organization.currency = "JPY"
    clinic.organization.save()
    client.force_login(operator)
    add = "/admin/services/service/add/"
    nowhere = fill_in(client, add, name="New", price="1,405")
    assert nowhere.context["adminform"].form.errors == {
        "organization": ["This field is required."],
        "price": ["Is “1,405” 1405.00? Then write 1405.00. 1.405 has more decimals than the currency."],
    }
    assert fill_in(client, add, name="New", price="1,405", organization=clinic.organization.pk).status_code == 302
    assert Service.objects.latest("id").price == 1405


@pytest.mark.sweep
def test_percents_are_read_by_the_same_reader(client, salon):
    client.force_login(salon.admin)
    url = f"/admin/organizations/organization/{salon.organization.pk}/change/"
    assert fill_in(client, url, no_show_fee="12,5").status_code == 302
    salon.organization.refresh_from_db()
    assert salon.organization.no_show_fee == Decimal("12.50")


def test_a_price_left_as_it_is_counts_as_unchanged(client, salon, past):
    client.force_login(salon.manager)
    url = f"/admin/services/service/{salon.service.pk}/change/"
    assert fill_in(client, url, price="300").status_code == 302
    salon.service.refresh_from_db()
    assert salon.service.version == 1


DEAR = "3,000.01 EUR is more than ten times the usual 300.00 EUR. Send it again if it is meant."
CHEAP = "29.99 EUR is less than a tenth of the usual 300.00 EUR. Send it again if it is meant."


@pytest.mark.parametrize(
    ("name", "price", "question"),
    one_by_one([("change of price", "3000.01", DEAR), ("service", "3000.01", DEAR), ("booking", "29.99", CHEAP)]),
)
def test_a_price_far_from_the_services_is_asked_back_once(client, salon, past, fields, name, price, question):
    client.force_login(salon.manager)
    url, _, rest, model, _ = fields[name]
    asked = submit(client, url, **rest, price=price)
    assert errors_of(asked) == [question]
    assert client.post(url, typed(asked)).status_code == 302
    assert stored(name, model, past) == Decimal(price)


@pytest.mark.sweep
def test_what_is_asked_about_one_price_is_not_answered_for_another(client, salon, past):
    client.force_login(salon.manager)
    url = f"/admin/appointments/appointment/{past.pk}/price/"
    asked = fill_in(client, url, price="3000.01")
    other = judge(client, url, **typed_into(form_of(asked.context), price="9999999"))
    assert len(faults_of(other)) == 1
    assert faults_of(judge(client, url, **typed_into(form_of(other.context), price="3000.01"))) == [DEAR]


@pytest.mark.parametrize(
    ("name", "price"), one_by_one([("change of price", "0"), ("service", "3000"), ("booking", "30")])
)
def test_ten_times_as_much_a_tenth_and_nothing_at_all_are_not_asked_about(client, salon, past, fields, name, price):
    client.force_login(salon.manager)
    url, _, rest, model, _ = fields[name]
    assert fill_in(client, url, **rest, price=price).status_code == 302
    assert stored(name, model, past) == Decimal(price)


@pytest.mark.sweep
def test_an_amount_stands_in_its_field_as_the_country_writes_it_and_comes_back_unchanged(salon, past, client):
    client.force_login(salon.manager)
    path = service_of(salon)
    move_to("DE", salon)
    form = client.get(path)
    assert Page(form).fields["price"] == ["300,00"]
    assert client.post(path, typed(form, name="Renamed")).status_code == 302
    kept = Service.objects.get(pk=salon.service.pk)
    assert (kept.name, kept.price) == ("Renamed", Decimal("300.00"))
    assert fill_in(client, path, price="290.50").status_code == 302
    assert Service.objects.get(pk=salon.service.pk).price == Decimal("290.50")


def move_to(country, salon):
    salon.organization.country = country
    salon.organization.save(update_fields=["country"])


def service_of(salon):
    return f"/admin/services/service/{salon.service.pk}/change/"


def written(client, path):
    """What stands in the field for a service's price."""
    return see(client, path)["adminform"].form["price"].value()


@pytest.mark.sweep
def test_other_countries_write_it_their_way_and_none_with_a_point(salon, past, client):
    client.force_login(salon.manager)
    shown = {}
    for country in ("FR", "CH", "US", ""):
        move_to(country, salon)
        shown[country] = written(client, service_of(salon))
    assert shown == {"FR": "300,00", "CH": "300.00", "US": "300.00", "": "300.00"}


def test_yen_have_no_sign_in_any_country(salon, past, client):
    home = salon.organization
    home.country, home.currency = "DE", "JPY"
    home.save(update_fields=["country", "currency"])
    client.force_login(salon.manager)
    assert written(client, service_of(salon)) == "300"
