"""A month that is over stays as it is, whatever happens to its visits, people and services afterwards.

Visits are paid in advance, and then go to somebody else, become another service, are taxed anew, cancelled, merged.
"""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from appointments import booking
from appointments.amendments import alterations, merging
from appointments.models import Appointment
from appointments.periods import Period
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.refusals import Refused
from organizations.models import Audit
from payments import ledger
from payments.bookkeeping.movement_files import FORMATS, write_file
from payments.bookkeeping.movements import list_movements
from payments.models import Payment
from payments.reports import report_revenue
from payments.tests.factories import PaymentFactory
from services.tests.factories import ServiceFactory

MIGRATION = import_module("payments.migrations.0014_whose_and_for_what_of_old_money")
ACCOUNTS = "cash 1600, card 1360, tips 1755, rounding 2660, revenue 8200, revenue 7 8300, revenue 19 8400"
NOW = datetime(2026, 3, 10, 11, tzinfo=UTC)
FIGURES = ("taken", "refunded", "tips", "rounding")


@pytest.fixture
def home(salon):
    home = salon.organization
    home.country, home.datev_consultant, home.datev_client, home.bookkeeping_accounts = "FI", 29098, 55003, ACCOUNTS
    home.save()
    always_at_work(salon.staff, salon.colleague)
    return home


@pytest.fixture
def cut_and_colour(salon, home):
    return [ServiceFactory(organization=home, name=name, tax_rate=19) for name in ("Cut", "Colour")]


def pay_in_march(rng, salon, services):
    """Six visits in days to come, each paid for by now, some with a tip, some refunded in part or voided."""
    visits = []
    for number in range(6):
        start = days_ahead(20 + number)
        visit = AppointmentFactory(
            client=salon.client, staff=rng.choice([salon.staff, salon.colleague]), service=rng.choice(services),
            price="64.00", tax_rate=19, appointment_date=start,
        )  # fmt: skip
        paid = ledger.record_payment(
            by=salon.admin, appointment=visit, amount=Decimal("70.02"), tip=Decimal("6.00"), rounding=Decimal("0.02"),
            payment_method="cash", status="completed", now=NOW + timedelta(days=number),
        )  # fmt: skip
        if number == 1:
            ledger.void_payment(by=salon.admin, payment=paid, reason="x", now=NOW + timedelta(days=number))
        if number == 2:
            ledger.refund_payment(
                by=None, payment=paid, amount=Decimal("9.00"), reason="x", now=NOW + timedelta(days=3)
            )
        visits.append(visit)
    return visits


class Later:
    """What can happen to a visit that was paid for."""

    def __init__(self, rng, salon, services, api):
        self.rng, self.salon, self.services, self.api = rng, salon, services, api
        self.admin, self.now = salon.admin, datetime.now(UTC)

    def list_changes(self, repeats):
        often = [
            self.hand_to_another, self.become_another, self.be_taxed_anew,
            self.be_renamed, self.be_refunded, self.be_paid_again,
        ]  # fmt: skip
        later = [*often * repeats, self.be_cancelled, self.be_merged, self.lose_its_person]
        for changes in (often, later):
            self.rng.shuffle(changes)
        return often + later

    def patch(self, path, **values):
        assert self.api(self.admin).patch(path, values).status_code == 200

    def hand_to_another(self, visit):
        other = {self.salon.staff.pk: self.salon.colleague, self.salon.colleague.pk: self.salon.staff}[visit.staff_id]
        start = days_ahead(40 + self.rng.randrange(300), self.rng.randrange(24))
        booking.reschedule(by=self.admin, visit=visit, appointment_date=start, staff=other, now=self.now)

    def become_another(self, visit):
        service = self.rng.choice(self.services)
        alterations.change_visit(by=self.admin, visit=visit, service=service, price=Decimal("80.00"), now=self.now)

    def be_taxed_anew(self, visit):
        self.patch(f"/services/{visit.service_id}", tax_rate=self.rng.choice(["7.00", "19.00", None]))

    def be_renamed(self, visit):
        for path in (f"/services/{visit.service_id}", f"/users/{visit.staff_id}"):
            self.patch(path, name=f"Name {self.rng.randrange(10**6)}")

    def be_refunded(self, visit):
        ledger.refund_payment(by=self.admin, payment=visit.payments.order_by("id").first(), reason="x", now=self.now)

    def be_paid_again(self, visit):
        ledger.record_payment(
            by=self.admin, appointment=visit, amount=Decimal("5.00"), payment_method="card", status="completed",
            allow_overpayment=True, now=self.now,
        )  # fmt: skip

    def be_cancelled(self, visit):
        booking.cancel(by=self.admin, visit=visit, reason="x", on_behalf_of="client", now=self.now)

    def be_merged(self, visit):
        kept = self.salon.stranger if visit.client_id == self.salon.client.pk else self.salon.client
        merging.merge_clients(by=self.admin, kept=kept, duplicate=visit.client, now=self.now)

    def lose_its_person(self, visit):
        self.patch(f"/users/{visit.staff_id}", is_active=not visit.staff.is_active)


def sum_by_person(period):
    sums = defaultdict(lambda: defaultdict(Decimal))
    for line in list_movements(period):
        kind = {"settled": "taken", "voided": "taken", "tip": "tips"}.get(line.kind, line.kind)
        sums[line.staff][kind] += -line.amount if kind == "refunded" else line.amount
    return {key: {name: found[name] for name in FIGURES} for key, found in sums.items() if any(found.values())}


def read_report(period):
    rows = report_revenue(period)["rows"]
    return {row["key"]: {name: row[name] for name in FIGURES} for row in rows if any(row[name] for name in FIGURES)}


@pytest.mark.sweep
@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.whole) for seed in range(2, 8))])
def test_a_closed_month_is_the_same_bytes_after_any_later_change(salon, home, cut_and_colour, api, seed, everything):
    rng = random.Random(seed)
    visits = pay_in_march(rng, salon, cut_and_colour)
    march = Period(home, NOW.date().replace(day=1), NOW.date().replace(day=31), "staff")
    files = {form: write_file(march, form) for form in FORMATS}
    report = read_report(march)
    assert sum_by_person(march) == report
    done = set()
    for change in Later(rng, salon, cut_and_colour, api).list_changes(repeats=2 if everything else 1):
        visit = Appointment.objects.get(pk=rng.choice(visits).pk)
        try:
            with transaction.atomic():
                change(visit)
        except Refused:
            continue
        done.add(change.__name__)
        for form in FORMATS if everything else ("csv",):  # which says most
            assert write_file(march, form) == files[form], (change.__name__, form)
        assert read_report(march) == report == sum_by_person(march), change.__name__
    assert {form: write_file(march, form) for form in FORMATS} == files
    assert done >= {"hand_to_another", "become_another", "be_taxed_anew", "be_renamed", "be_refunded"}
    today = home.find_local_date(datetime.now(UTC))
    present = Period(home, today, today, "staff")
    assert read_report(present) == sum_by_person(present)


@pytest.mark.sweep
def test_whose_money_it_was_never_changes_and_its_receipt_neither(salon, home, cut_and_colour, api):
    [visit, *_] = pay_in_march(random.Random(1), salon, cut_and_colour)
    paid = Payment.objects.get(appointment=visit)
    assert (paid.staff_id, paid.service_id, paid.tax_rate) == (visit.staff_id, visit.service_id, 19)
    before = api(salon.admin).get(f"/payments/{paid.pk}/receipt").content
    other = next(service for service in cut_and_colour if service.pk != visit.service_id)
    other.tax_rate = 7
    other.save()
    alterations.change_visit(by=salon.admin, visit=visit, service=other, now=datetime.now(UTC))
    assert api(salon.admin).get(f"/payments/{paid.pk}/receipt").content == before
    for values in ({"staff": salon.admin}, {"service": other}, {"tax_rate": None}, {"staff": None}):
        with pytest.raises(IntegrityError, match="never change"), transaction.atomic():
            Payment.objects.filter(pk=paid.pk).update(**values)


def test_a_payment_notes_nothing_until_its_money_comes(salon, home, cut_and_colour):
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=cut_and_colour[0], tax_rate=19)
    pending = ledger.record_payment(by=None, appointment=visit, amount=Decimal("5.00"), payment_method="card", now=NOW)
    visit.staff, visit.tax_rate = salon.colleague, 7
    visit.save(update_fields=["staff", "tax_rate"])
    pending.refresh_from_db()
    assert (pending.staff_id, pending.service_id, pending.tax_rate) == (None, None, None)
    ledger.complete_payment(by=None, payment=pending, now=NOW)
    pending.refresh_from_db()
    assert (pending.staff_id, pending.service_id, pending.tax_rate) == (salon.colleague.pk, cut_and_colour[0].pk, 7)


def test_old_money_notes_what_its_visit_says_and_no_audit_tells_of_it(salon):
    paid = PaymentFactory(appointment=salon.visit, completed=True)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE payments DROP CONSTRAINT payment_settled_says_whose_and_for_what")
        cursor.execute("ALTER TABLE payments DISABLE TRIGGER USER")
        cursor.execute("UPDATE payments SET staff_id = NULL, service_id = NULL")
        cursor.execute("ALTER TABLE payments ENABLE TRIGGER USER")
        told = Audit.objects.count()
        cursor.execute(MIGRATION.NOTE)
    rows = Payment.objects.filter(organization=salon.organization).values_list("pk", "staff_id", "service_id")
    assert set(rows) == {
        (paid.pk, salon.visit.staff_id, salon.visit.service_id),
        (salon.payment.pk, None, None),
        (salon.strangers_payment.pk, None, None),
    }
    assert Audit.objects.count() == told
