"""The page of a visit: facts, money, history, and buttons for exactly what is open now; refusals keep the input."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.contrib.admin.sites import site
from django.test import RequestFactory
from django.utils import timezone

from appointments import booking
from appointments.models import Appointment, AppointmentHistory
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.pages import Page, judge, see, submit, typed
from payments import ledger
from payments.tests.factories import PaymentFactory

VISIT = "/admin/appointments/appointment"
PAYMENT = "/admin/payments/payment"
BESIDE = ("till", "bill", "again")  # the till and what follows have tests of their own
ALL_MOVES = [
    "complete",
    "payment",
    "reschedule",
    "alter",
    "no-show",
    "cancel",
    "reopen",
    "correct",
    "price",
    "waive-fee",
    "charge-fee",
]


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(10)
    )


@pytest.fixture
def past(salon):
    start = datetime(2026, 3, 2, 9, tzinfo=UTC)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


def page(visit):
    return f"{VISIT}/{visit.pk}/change/"


def text(response):
    """What the page says, without tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def buttons(client, row, where=VISIT):
    """The moves whose buttons the page of `row` shows, whether they lead to a page or act at once."""
    shown = client.get(f"{where}/{row.pk}/change/").content.decode()
    shown = re.sub(r'<a class="undo".*?</a>', "", shown)  # of a message
    shown = re.sub(r'<section class="card till">.*?</section>', "", shown, flags=re.DOTALL)
    found = re.findall(rf'(?:href|action)="{where}/{row.pk}/([\w-]+)/', shown.replace("history", ""))
    return [each for each in found if each not in BESIDE]


def do(client, visit, move, **values):
    """A move by its page: `test_sent_again.py` opens each of them and sends it as it stands."""
    return judge(client, f"{VISIT}/{visit.pk}/{move}/", **values)


def status(visit):
    return Appointment.objects.get(pk=visit.pk).status


def errors(answer):
    """What the page of a refused move says is wrong, in general or beside a field."""
    return [problem for problems in answer.context["form"].errors.values() for problem in problems]


def offered(person, *rows):
    """The moves that are open now to a person, of each row, as its page asks for them."""
    request = RequestFactory().get("/")
    request.user = person
    found = site.get_model_admin(type(rows[0])).open_moves(request, rows)
    return [[button.name for button in found[row.pk]] for row in rows]


def test_buttons_are_the_moves_that_are_open_now(client, salon, visit, past):
    client.force_login(salon.manager)
    over = ["complete", "reschedule", "alter", "no-show", "cancel", "price", "payment"]
    assert buttons(client, past) == over
    assert {*offered(salon.manager, past)[0]} == {*over}
    assert offered(salon.manager, visit) == [["payment", "reschedule", "alter", "cancel", "price"]]
    do(client, past, "no-show")
    past.refresh_from_db()
    assert offered(salon.manager, past) == [["payment", "correct", "price"]]
    assert offered(salon.staff, visit, past) == [["payment", "reschedule", "alter", "cancel"], ["payment"]]


@pytest.mark.sweep
def test_a_fee_is_waived_and_charged_after_all_by_managers(client, salon, past):
    Appointment.objects.filter(pk=past.pk).update(no_show_fee=50)
    client.force_login(salon.manager)
    do(client, past, "no-show")
    past.refresh_from_db()
    assert {"waive-fee"} < {*offered(salon.manager, past)[0]}
    assert do(client, past, "waive-fee").status_code == 302
    past.refresh_from_db()
    assert {"charge-fee"} < {*offered(salon.manager, past)[0]}
    shown = text(client.get(page(past)))
    assert "Fee waived by Salon manager" in shown
    assert "Due 0.00 EUR" in shown
    assert do(client, past, "charge-fee").status_code == 302
    shown = text(client.get(page(past)))
    assert "Charge 22.50 EUR" in shown
    assert "Fee charged after all by Salon manager" in shown
    client.force_login(salon.staff)
    assert client.get(f"{VISIT}/{past.pk}/waive-fee/").status_code == 403


def test_a_move_says_before_what_it_charges(client, salon, visit, past):
    fees = {"no_show_fee": 50, "late_cancellation_fee": 33}
    Appointment.objects.filter(pk__in=[visit.pk, past.pk]).update(**fees)
    client.force_login(salon.staff)

    def about(row, move):
        return see(client, f"{VISIT}/{row.pk}/{move}/")["form"].about

    assert "In time: nothing will be charged." in text(client.get(f"{VISIT}/{visit.pk}/cancel/"))
    assert about(past, "cancel") == "Late: 14.85 EUR will be charged, unless it is waived."
    assert about(past, "no-show") == "No-show: 22.50 EUR will be charged, unless it is waived."
    Appointment.objects.filter(pk=past.pk).update(no_show_fee=0)
    assert about(past, "no-show") == "Nothing will be charged."


def test_what_is_on_the_way_is_named_where_money_is_taken(client, salon, past):
    PaymentFactory(appointment=past, amount="20.00")
    client.force_login(salon.staff)
    shown = text(client.get(f"{VISIT}/{past.pk}/payment/"))
    assert "Due: 25.00 EUR, and 20.00 EUR on the way in pending payments" in shown
    answer = do(client, past, "payment", amount="45.00", payment_method="cash")
    assert errors(answer) == [
        "This is more than is due, counting pending payments. Tick “Take more than is due” if that is meant."
    ]


def test_a_manager_changes_the_price_and_the_balance_follows(client, salon, visit):
    client.force_login(salon.manager)
    assert do(client, visit, "price", price="-1").status_code == 200
    assert do(client, visit, "price", price="30").status_code == 302
    shown = text(client.get(page(visit)))
    assert "Due 30.00 EUR" in shown
    assert "Price changed from 45.00 to 30.00 by Salon manager" in shown
    client.force_login(salon.staff)
    assert client.get(f"{VISIT}/{visit.pk}/price/").status_code == 403


def test_the_page_says_who_what_when_and_how_long(client, salon):
    start = datetime(2026, 12, 1, 8, tzinfo=UTC)
    visit = AppointmentFactory(
        client=salon.client,
        staff=salon.staff,
        service=salon.service,
        appointment_date=start,
        busy_until=start + timedelta(minutes=40),
        ends_at=start + timedelta(minutes=30),
        overbooked=True,
    )
    client.force_login(salon.staff)
    answer = client.get(page(visit))
    shown = text(answer)
    assert "Tue 1 Dec 2026, 09:00–09:30" in shown
    assert "30 min, kept free: 10 min after" in shown
    assert "Overbooked: beside another visit" in shown
    assert "Nothing has been paid yet." in shown
    assert f"/admin/accounts/user/{salon.client.pk}/change/" in Page(answer).links


def test_an_operator_reads_the_time_of_the_visits_organization_which_is_named(client, clinic, operator):
    visit = AppointmentFactory(client=clinic.client, appointment_date=datetime(2026, 12, 1, 14, tzinfo=UTC))
    client.force_login(operator)
    assert "09:00–09:30 (America/New_York)" in text(client.get(page(visit)))


@pytest.mark.sweep
def test_what_happened_is_told_in_plain_words(client, salon, visit):
    client.force_login(salon.manager)
    was = timezone.localtime(visit.appointment_date, salon.organization.zone)
    there = {"slot": "", "date": f"{was:%Y-%m-%d}", "time": "21:07"}
    assert do(client, visit, "reschedule", staff=salon.colleague.pk, **there).status_code == 302
    do(client, visit, "cancel", on_behalf_of="organization", reason="Caught a cold")
    shown = text(client.get(page(visit)))
    day = f"{was:%a} {was.day} {was:%b %Y}"
    assert f"Moved from {day} {was:%H:%M} to {day} 21:07 by Salon manager" in shown
    assert "Handed over from Salon staff to Salon colleague by Salon manager" in shown
    assert "Cancelled by Salon manager: Caught a cold" in shown


@pytest.mark.sweep
def test_the_payments_stand_with_their_refunds_receipts_and_buttons(client, salon, past):
    pending = PaymentFactory(appointment=past, amount="5.00", payment_method="cash")
    settled = PaymentFactory(appointment=past, amount=Decimal(45), payment_method="card", completed=True)
    ledger.refund_payment(
        by=salon.manager, payment=settled, now=timezone.now(), amount=Decimal("10"), reason="Kind words"
    )
    client.force_login(salon.manager)
    answer = client.get(page(past))
    links = Page(answer).links
    assert {f"{PAYMENT}/{pending.pk}/complete/?from=visit", f"{PAYMENT}/{pending.pk}/fail/?from=visit"} <= {*links}
    assert {f"{PAYMENT}/{settled.pk}/refund/?from=visit", f"/payments/{settled.pk}/receipt"} <= {*links}
    assert f"{PAYMENT}/{pending.pk}/refund/?from=visit" not in links
    assert f"/payments/{pending.pk}/receipt" not in links
    assert "−10.00 EUR Refund: Kind words" in text(answer)
    assert "Paid 45.00 EUR Refunded 10.00 EUR Due 10.00 EUR Payments to come 5.00 EUR" in text(answer)
    assert "refund" in offered(salon.manager, settled)[0]
    assert "refund" not in offered(salon.staff, settled)[0]


def test_a_client_who_paid_too_much_has_credit_in_words(client, salon, past):
    PaymentFactory(appointment=past, amount="50.00", completed=True)
    client.force_login(salon.staff)
    assert "Credit of the client 5.00 EUR" in text(client.get(page(past)))


def test_a_visit_is_cancelled_with_a_reason_that_is_asked_for_and_stays_in_its_history(client, salon, visit):
    client.force_login(salon.staff)
    asked = client.post(f"{VISIT}/{visit.pk}/cancel/", {"on_behalf_of": "organization", "reason": ""})
    assert (asked.status_code, Page(asked).errors) == (200, ["This field is required."])
    assert status(visit) == "scheduled"
    answer = do(client, visit, "cancel", on_behalf_of="organization", reason="Caught a cold")
    assert (answer.status_code, answer["Location"]) == (302, page(visit))
    assert status(visit) == "cancelled"
    shown = text(client.get(page(visit)))
    assert "Cancelled by Salon staff: Caught a cold" in shown
    assert "Cancelled because Caught a cold" in shown


def test_a_correction_is_a_managers_and_has_a_reason(client, salon, past):
    client.force_login(salon.manager)
    booking.complete(by=salon.manager, visit=past, now=timezone.now())
    assert do(client, past, "correct", reason="Wrong client").status_code == 302
    assert status(past) == "no_show"
    shown = text(client.get(page(past)))
    assert "Corrected from completed to no-show by Salon manager: Wrong client" in shown
    client.force_login(salon.staff)
    assert client.get(f"{VISIT}/{past.pk}/correct/").status_code == 403


def test_a_move_that_is_no_longer_open_is_refused_on_the_page(client, salon, visit, past):
    client.force_login(salon.manager)
    do(client, past, "no-show")
    answer = do(client, past, "complete", seen="1-0")
    assert errors(answer) == ["A visit that is no-show cannot become completed now."]
    answer = do(client, visit, "complete")
    assert errors(answer) == ["A visit that is scheduled cannot become completed now."]


@pytest.mark.sweep
def test_a_correction_from_two_pages_is_done_once(client, salon, past):
    booking.complete(by=salon.manager, visit=past, now=timezone.now())
    client.force_login(salon.manager)
    url = f"{VISIT}/{past.pk}/correct/"
    sent = {"seen": f"{past.version}-0", "reason": "Wrong client"}
    assert judge(client, url, **sent).status_code == 302
    answer = client.post(url, sent)
    assert 'role="alert">This was changed meanwhile' in answer.text
    assert Page(answer).fields["reason"] == "Wrong client"
    assert status(past) == "no_show"
    assert client.post(url, typed(answer)).status_code == 302  # who has looked again may


MANAGERS_MOVES = ("correct", "reopen", "price", "waive-fee", "charge-fee")


@pytest.mark.sweep
def test_visits_out_of_scope_do_not_exist(client, salon, clinic, without_row_security, share):
    """A third of the moves, as all look for their row in one place; each of them by permission; and no visit at all."""
    client.force_login(salon.manager)
    absent = [(clinic.visit.pk, move) for move in share(ALL_MOVES, 0)]
    absent += [(pk, "cancel") for pk in (987654321, 2**63, 10**30)]
    for pk, move in absent:
        assert do(client, SimpleNamespace(pk=pk), move, reason="x").status_code == 404, (pk, move)
    assert client.get(f"{VISIT}/{clinic.visit.pk}/cancel/").status_code == 404
    client.force_login(salon.staff)
    asked = {move: do(client, salon.strangers_visit, move).status_code for move in ALL_MOVES}
    assert asked == {move: 403 if move in MANAGERS_MOVES else 404 for move in ALL_MOVES}
    client.force_login(salon.client)  # before any move is looked at: to the login page
    assert client.get(f"{VISIT}/{salon.visit.pk}/cancel/").status_code == 302
    assert status(clinic.visit) == "scheduled"


def test_the_following_visits_of_a_series_are_cancelled_on_one_page(client, salon, visit, api):
    body = {
        "client": salon.client.pk,
        "staff": salon.staff.pk,
        "service": salon.service.pk,
        "appointment_date": (timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=4)).isoformat(),
        "every": 1,
        "count": 3,
    }
    booked = api(salon.manager).post("/appointments/series", body).json()["appointments"]
    client.force_login(salon.manager)
    moved = {"on_behalf_of": "organization", "reason": "Moves away", "scope": "following"}
    judge(client, f"{VISIT}/{booked[1]['id']}/cancel/", **moved)
    rows = Appointment.objects.filter(series=booked[0]["series"]).order_by("appointment_date")
    assert [row.status for row in rows] == ["scheduled", "cancelled", "cancelled"]


def test_of_a_visit_only_the_notes_are_typed(salon, client):
    client.force_login(salon.staff)
    crafted = {"status": "completed", "price": "0", "appointment_date": "2027-01-01", "staff": salon.colleague.pk}
    answer = submit(client, page(salon.visit), notes="called", **crafted)
    assert (answer.status_code, answer["Location"]) == (302, page(salon.visit))
    visit = Appointment.objects.get(pk=salon.visit.pk)
    assert (visit.notes, visit.version, visit.status, visit.price, visit.staff) == (
        "called",
        2,
        "scheduled",
        Decimal("45.00"),
        salon.staff,
    )
    assert visit.appointment_date == salon.visit.appointment_date


@pytest.mark.sweep
def test_nobody_deletes_a_visit(salon, operator, client):
    url = f"{VISIT}/{salon.visit.pk}/delete/"
    crafted = {"action": "delete_selected", "_selected_action": [salon.visit.pk], "post": "yes", "index": "0"}
    for who in (salon.admin, operator):  # who may most of all
        client.force_login(who)
        assert judge(client, url, post="yes").status_code == 403
    assert client.get(url).status_code == 403
    client.post(f"{VISIT}/", crafted)
    assert Appointment.objects.filter(pk=salon.visit.pk).exists()


@pytest.mark.sweep
def test_the_page_costs_so_many_queries_whatever_was_paid(salon, client, past, django_assert_num_queries):
    PaymentFactory(appointment=past, amount="1.00", completed=True)
    client.force_login(salon.manager)
    see(client, page(past))  # fills the cache of content types
    for _ in range(3):
        payment = PaymentFactory(appointment=past, amount=Decimal(2), completed=True)
        ledger.refund_payment(by=salon.manager, payment=payment, now=timezone.now(), amount=Decimal(1), reason="x")
        AppointmentHistory.objects.create(
            organization=salon.organization, appointment=past, at=timezone.now(), by=salon.staff, action="completed"
        )
    with django_assert_num_queries(19):
        client.get(page(past))
