"""The page of a visit: facts, money, history, and buttons for exactly what is open now; refusals keep the input."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.models import User
from appointments import booking
from appointments.models import Appointment, AppointmentHistory
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.tests.pages import Page, submit, tell_messages, typed
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
    return submit(client, f"{VISIT}/{visit.pk}/{move}/", **values)


def status(visit):
    return Appointment.objects.get(pk=visit.pk).status


def errors(answer):
    """What the page of a refused move says is wrong, in general or beside a field."""
    notes = re.findall(r'role="alert">([^<]+)<', answer.content.decode())
    return Page(answer).errors or notes


def test_buttons_are_the_moves_that_are_open_now(client, salon, visit, past):
    client.force_login(salon.manager)
    assert buttons(client, visit) == ["reschedule", "alter", "cancel", "price", "payment"]
    assert buttons(client, past) == ["complete", "reschedule", "alter", "no-show", "cancel", "price", "payment"]
    do(client, past, "no-show")
    assert buttons(client, past) == ["correct", "price", "payment"]
    client.force_login(salon.staff)
    assert buttons(client, visit) == ["reschedule", "alter", "cancel", "payment"]
    assert buttons(client, past) == ["payment"]


def test_a_fee_is_waived_and_charged_after_all_by_managers(client, salon, past):
    Appointment.objects.filter(pk=past.pk).update(no_show_fee=50)
    client.force_login(salon.manager)
    do(client, past, "no-show")
    assert "Charge 22.50 EUR" in text(client.get(page(past)))
    assert "waive-fee" in buttons(client, past)
    assert do(client, past, "waive-fee").status_code == 302
    shown = text(client.get(page(past)))
    assert "Fee waived" in shown
    assert "Fee waived by Salon manager" in shown
    assert "Due 0.00 EUR" in shown
    assert do(client, past, "charge-fee").status_code == 302
    assert "Fee charged after all by Salon manager" in text(client.get(page(past)))
    client.force_login(salon.staff)
    assert client.get(f"{VISIT}/{past.pk}/waive-fee/").status_code == 403


def test_a_move_says_before_what_it_charges(client, salon, visit, past):
    fees = {"no_show_fee": 50, "late_cancellation_fee": 33}
    Appointment.objects.filter(pk__in=[visit.pk, past.pk]).update(**fees)
    client.force_login(salon.staff)
    assert "In time: nothing will be charged." in text(client.get(f"{VISIT}/{visit.pk}/cancel/"))
    assert "Late: 14.85 EUR will be charged, unless it is waived." in text(client.get(f"{VISIT}/{past.pk}/cancel/"))
    assert "No-show: 22.50 EUR will be charged, unless" in text(client.get(f"{VISIT}/{past.pk}/no-show/"))
    Appointment.objects.filter(pk=past.pk).update(no_show_fee=0)
    assert "Nothing will be charged." in text(client.get(f"{VISIT}/{past.pk}/no-show/"))


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
    shown = text(client.get(page(visit)))
    assert "Tue 1 Dec 2026, 09:00–09:30" in shown
    assert "30 min, kept free: 10 min after" in shown
    assert "Overbooked: beside another visit" in shown
    assert "Nothing has been paid yet." in shown
    assert f"/admin/accounts/user/{salon.client.pk}/change/" in Page(client.get(page(visit))).links


def test_an_operator_reads_the_time_of_the_visits_organization_which_is_named(client, clinic, operator):
    visit = AppointmentFactory(client=clinic.client, appointment_date=datetime(2026, 12, 1, 14, tzinfo=UTC))
    client.force_login(operator)
    assert "09:00–09:30 (America/New_York)" in text(client.get(page(visit)))


def test_what_happened_is_told_in_plain_words(client, salon, visit):
    client.force_login(salon.manager)
    was = timezone.localtime(visit.appointment_date, salon.organization.zone)
    there = {"slot": "", "date": f"{was:%Y-%m-%d}", "time": "21:07"}
    assert do(client, visit, "reschedule", staff=salon.colleague.pk, **there).status_code == 302
    do(client, visit, "cancel", reason="Caught a cold")
    shown = text(client.get(page(visit)))
    day = f"{was:%a} {was.day} {was:%b %Y}"
    assert f"Moved from {day} {was:%H:%M} to {day} 21:07 by Salon manager" in shown
    assert "Handed over from Salon staff to Salon colleague by Salon manager" in shown
    assert "Cancelled by Salon manager: Caught a cold" in shown


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
    client.force_login(salon.staff)
    assert f"{PAYMENT}/{settled.pk}/refund/?from=visit" not in Page(client.get(page(past))).links


def test_a_client_who_paid_too_much_has_credit_in_words(client, salon, past):
    PaymentFactory(appointment=past, amount="50.00", completed=True)
    client.force_login(salon.staff)
    assert "Credit of the client 5.00 EUR" in text(client.get(page(past)))


def test_a_visit_is_cancelled_with_a_reason_that_stays_in_its_history(client, salon, visit):
    client.force_login(salon.staff)
    answer = do(client, visit, "cancel", reason="Caught a cold")
    assert (answer.status_code, answer["Location"]) == (302, page(visit))
    assert status(visit) == "cancelled"
    shown = text(client.get(page(visit)))
    assert "Cancelled by Salon staff: Caught a cold" in shown
    assert "Cancelled because Caught a cold" in shown


def test_a_reason_is_asked_for_and_the_page_says_so(client, salon, visit):
    client.force_login(salon.staff)
    answer = do(client, visit, "cancel", reason="")
    assert (answer.status_code, Page(answer).errors) == (200, ["This field is required."])
    assert status(visit) == "scheduled"


def test_a_visit_is_moved_to_a_free_time_of_a_day_one_looked_at(client, salon, visit):
    client.force_login(salon.staff)
    url = f"{VISIT}/{visit.pk}/reschedule/"
    day = timezone.localtime(visit.appointment_date, salon.organization.zone).date() + timedelta(days=1)
    looked = client.post(url, typed(client.get(url), date=str(day), look="1"))
    slots = looked.context["form"].fields["slot"].widget.choices
    assert [label for _, label in slots][:3] == ["00:00", "00:15", "00:30"]
    assert status(visit) == "scheduled"
    moved = client.post(url, typed(looked, slot=slots[4][0]))
    assert (moved.status_code, moved["Location"]) == (302, page(visit))
    visit.refresh_from_db()
    local = timezone.localtime(visit.appointment_date, salon.organization.zone)
    assert (local.date(), f"{local:%H:%M}") == (day, "01:00")


def test_a_time_of_another_day_than_the_chosen_one_is_refused(client, salon, visit):
    client.force_login(salon.staff)
    url = f"{VISIT}/{visit.pk}/reschedule/"
    form = client.get(url)
    slot = form.context["form"].fields["slot"].widget.choices[0][0]
    answer = client.post(url, typed(form, slot=slot, date="2026-12-24"))
    assert Page(answer).errors == ["The day was changed: choose one of its times."]


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"slot": "", "time": ""}, "Choose a free time, or type another one."),
        ({"slot": "nonsense", "time": ""}, "Choose one of the free times."),
        ({"slot": "2027-03-28T10:00:00+02:00", "time": "11:00"}, "Choose a free time or type another one, not both."),
        ({"slot": "", "time": "02:30"}, "The clocks skip this time on that day."),
        ({"slot": "", "time": "9:00", "date": "9999-12-31"}, "Choose a real date between 2000 and 2100."),
        ({"slot": "", "time": "9:00", "date": "tomorrow"}, "Write a date like 2026-12-01."),
    ],
)
def test_an_impossible_time_is_said_beside_its_field(client, salon, visit, values, problem):
    client.force_login(salon.manager)
    answer = do(client, visit, "reschedule", **{"date": "2027-03-28"} | values)
    assert (answer.status_code, Page(answer).errors) == (200, [problem])


def local(instant, salon):
    start = instant.astimezone(salon.organization.zone)
    return {"date": f"{start:%Y-%m-%d}", "slot": "", "time": f"{start:%H:%M}"}


def test_a_taken_time_is_refused_with_what_was_typed_and_a_manager_may_insist(client, salon, visit):
    other = AppointmentFactory(
        client=salon.stranger,
        staff=salon.staff,
        service=salon.service,
        appointment_date=visit.appointment_date + timedelta(hours=3),
    )
    there = local(other.appointment_date, salon)
    client.force_login(salon.staff)
    answer = do(client, visit, "reschedule", **there)
    assert (answer.status_code, errors(answer)) == (200, ["This time is taken."])
    assert answer.context["form"].anyway is None
    client.force_login(salon.manager)
    answer = do(client, visit, "reschedule", **there)
    assert errors(answer) == ["This time is taken."]
    assert {name: Page(answer).fields[name] for name in there} == {name: [value] for name, value in there.items()}
    assert "Both will stand in the calendar." in text(answer)
    insisted = client.post(
        f"{VISIT}/{visit.pk}/reschedule/", typed(answer, overbook=answer.context["form"].anyway.value)
    )
    assert insisted.status_code == 302
    visit.refresh_from_db()
    assert (visit.appointment_date, visit.overbooked) == (other.appointment_date, True)


def test_insisting_on_one_time_does_not_double_book_another(client, salon, visit):
    other = AppointmentFactory(
        client=salon.stranger,
        staff=salon.staff,
        service=salon.service,
        appointment_date=visit.appointment_date + timedelta(hours=3),
    )
    client.force_login(salon.manager)
    anyway = do(client, visit, "reschedule", **local(other.appointment_date, salon)).context["form"].anyway.value
    there = local(other.appointment_date + timedelta(minutes=15), salon)
    assert errors(do(client, visit, "reschedule", overbook=anyway, **there)) == ["This time is taken."]


def test_a_manager_hands_a_visit_to_a_colleague_and_staff_cannot(client, salon, visit):
    client.force_login(salon.manager)
    there = local(visit.appointment_date, salon)
    assert do(client, visit, "reschedule", staff=salon.colleague.pk, **there).status_code == 302
    visit.refresh_from_db()
    assert visit.staff == salon.colleague
    client.force_login(salon.colleague)
    answer = do(client, visit, "reschedule", staff=salon.staff.pk, **there)
    assert "not one of the available choices" in Page(answer).errors[0]


def test_a_visit_of_somebody_who_left_waits_for_a_choice(client, salon, visit):
    User.objects.filter(pk=salon.staff.pk).update(is_active=False)
    client.force_login(salon.manager)
    assert "Needs somebody: Salon staff is deactivated" in text(client.get(page(visit)))
    there = local(visit.appointment_date, salon)
    answer = do(client, visit, "reschedule", **there)
    assert (Page(answer).errors, "Choose somebody to see" in text(answer)) == (["This field is required."], True)
    assert client.post(answer.request["PATH_INFO"], typed(answer, staff=salon.colleague.pk)).status_code == 302
    visit.refresh_from_db()
    assert visit.staff == salon.colleague


def test_a_correction_is_a_managers_and_has_a_reason(client, salon, past):
    client.force_login(salon.manager)
    do(client, past, "complete")
    assert status(past) == "completed"
    assert do(client, past, "correct", reason="Wrong client").status_code == 302
    assert status(past) == "no_show"
    shown = text(client.get(page(past)))
    assert "Corrected from completed to no-show by Salon manager: Wrong client" in shown
    client.force_login(salon.staff)
    assert client.get(f"{VISIT}/{past.pk}/correct/").status_code == 403


def test_a_move_that_is_no_longer_open_is_refused_on_the_page(client, salon, visit, past):
    client.force_login(salon.manager)
    form = client.get(f"{VISIT}/{past.pk}/complete/")
    do(client, past, "no-show")
    answer = client.post(f"{VISIT}/{past.pk}/complete/", typed(form))
    assert errors(answer) == ["A visit that is no-show cannot become completed now."]
    answer = client.post(f"{VISIT}/{visit.pk}/complete/", {})
    assert errors(answer) == ["A visit that is scheduled cannot become completed now."]


def test_a_correction_from_two_pages_is_done_once(client, salon, past):
    booking.complete(by=salon.manager, visit=past, now=timezone.now())
    client.force_login(salon.manager)
    url = f"{VISIT}/{past.pk}/correct/"
    sent = typed(client.get(url), reason="Wrong client")
    assert client.post(url, sent).status_code == 302
    answer = client.post(url, sent | {"once": "another page's"})
    assert errors(answer)[0].startswith("This was changed meanwhile")
    assert Page(answer).fields["reason"] == "Wrong client"
    assert status(past) == "no_show"
    assert client.post(url, typed(answer)).status_code == 302  # who has looked again may


@pytest.mark.parametrize("move", ALL_MOVES)
def test_visits_out_of_scope_do_not_exist(client, salon, clinic, move):
    client.force_login(salon.manager)
    for pk in (clinic.visit.pk, 987654321, 2**63, 10**30):
        assert client.get(f"{VISIT}/{pk}/{move}/").status_code == 404
        assert client.post(f"{VISIT}/{pk}/{move}/", {"reason": "x"}).status_code == 404
    client.force_login(salon.staff)
    expected = 403 if move in ("correct", "reopen", "price", "waive-fee", "charge-fee") else 404
    assert client.get(f"{VISIT}/{salon.strangers_visit.pk}/{move}/").status_code == expected
    client.force_login(salon.client)
    assert client.get(f"{VISIT}/{salon.visit.pk}/{move}/").status_code == 302  # to the login page
    assert status(clinic.visit) == "scheduled"


def test_a_stale_link_to_a_move_leads_back_and_says_so(client, salon, visit):
    client.force_login(salon.manager)
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled", cancelled_at=timezone.now())
    link = f"{VISIT}/{visit.pk}/reschedule/"
    for send, sent in ((client.get, {}), (client.post, {"look": "1", "date": "2030-06-17"})):
        answer = send(link, sent)
        assert (answer.status_code, answer["Location"]) == (302, page(visit))
        told = tell_messages(client.get(page(visit)))
        assert told == ["Reschedule: not possible as it stands now."]
    assert client.post(link, {"seen": ""}).status_code == 200, "what was sent is the domain's to refuse"


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
    submit(client, f"{VISIT}/{booked[1]['id']}/cancel/", reason="Moves away", scope="following")
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


@pytest.mark.parametrize("who", ["admin", "manager", "staff", "operator"])
def test_nobody_deletes_a_visit(salon, operator, client, who):
    client.force_login(operator if who == "operator" else getattr(salon, who))
    url = f"{VISIT}/{salon.visit.pk}/delete/"
    assert client.get(url).status_code == 403
    assert client.post(url, {"post": "yes"}).status_code == 403
    client.post(
        f"{VISIT}/", {"action": "delete_selected", "_selected_action": [salon.visit.pk], "post": "yes", "index": "0"}
    )
    assert Appointment.objects.filter(pk=salon.visit.pk).exists()


def test_the_page_costs_the_same_with_more_payments(salon, client, past, django_assert_num_queries):
    PaymentFactory(appointment=past, amount="1.00", completed=True)
    client.force_login(salon.manager)
    client.get(page(past))  # fills the cache of content types
    with django_assert_num_queries(19):
        client.get(page(past))
    for _ in range(3):
        payment = PaymentFactory(appointment=past, amount=Decimal(2), completed=True)
        ledger.refund_payment(by=salon.manager, payment=payment, now=timezone.now(), amount=Decimal(1), reason="x")
        AppointmentHistory.objects.create(
            organization=salon.organization, appointment=past, at=timezone.now(), by=salon.staff, action="completed"
        )
    with django_assert_num_queries(19):
        client.get(page(past))
