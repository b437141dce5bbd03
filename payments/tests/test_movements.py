"""Movements and their files add up to the reports, a closed month stays as it is, and DATEV's batch is read back."""

import csv
import hashlib
import io
import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from appointments.periods import Period
from appointments.tests.factories import AppointmentFactory
from organizations.models import Audit
from payments import ledger
from payments.bookkeeping.movement_files import write_file
from payments.bookkeeping.movements import list_movements
from payments.models import Payment, Refund
from payments.reports import report_revenue
from payments.tests.batches import read_batch
from services.tests.factories import ServiceFactory

ACCOUNTS = "cash 1600, card 1360, online 1361, other 1590, tips 1755, rounding 2660, revenue 8200, revenue 19 8400"
MARCH = {"from": "2026-03-01", "to": "2026-03-31"}
NOON = datetime(2026, 3, 10, 11, tzinfo=UTC)
NOTHING = Decimal("0.00")


@pytest.fixture
def home(salon):
    """The salon as its bookkeeper set it up, in a place where cash is rounded."""
    home = salon.organization
    home.country, home.datev_consultant, home.datev_client, home.bookkeeping_accounts = "FI", 29098, 55003, ACCOUNTS
    home.save()
    return home


@pytest.fixture
def taxed(salon, home):
    """Visits of 64.00 with each of two people, of a service taxed at 19 percent."""
    service = ServiceFactory(organization=home, name="Färben; kurz", tax_rate=19)
    return [
        AppointmentFactory(client=salon.client, staff=staff, service=service, price="64.00", tax_rate=19)
        for staff in (salon.staff, salon.colleague)
    ]


def take(visit, amount, at, method="cash", **parts):
    return ledger.record_payment(
        by=visit.staff, appointment=visit, amount=Decimal(amount), payment_method=method, status="completed",
        allow_overpayment=True, now=at, **{name: Decimal(part) for name, part in parts.items()},
    )  # fmt: skip


def give_back(payment, amount, at, tip=NOTHING):
    return ledger.refund_payment(by=None, payment=payment, amount=Decimal(amount), tip=tip, reason="x", now=at)


def ask(api, caller, **parameters):
    return api(caller).get("/exports/movements", MARCH | parameters)


def rows_of(answer, delimiter=","):
    return list(csv.DictReader(io.StringIO(answer.content.decode()), delimiter=delimiter))


def test_each_movement_is_a_line_of_its_own_day(api, salon, taxed):
    paid = take(taxed[0], "70.02", NOON, tip="6.00", rounding="0.02")
    give_back(paid, "16.00", NOON + timedelta(days=1), tip=Decimal("5.00"))
    void = take(taxed[1], "10.00", NOON + timedelta(days=2), method="card")
    ledger.void_payment(by=None, payment=void, reason="x", now=NOON + timedelta(days=2, hours=1))
    lines = [
        (row["date"], row["kind"], row["receipt_number"], row["amount"], row["tax_rate"], row["net"], row["tax"])
        for row in rows_of(ask(api, salon.manager))
    ]
    assert lines == [
        ("2026-03-10", "settled", "1", "64.00", "19.00", "53.78", "10.22"),
        ("2026-03-10", "tip", "1", "6.00", "", "6.00", "0.00"),
        ("2026-03-10", "rounding", "1", "0.02", "", "0.02", "0.00"),
        ("2026-03-11", "refunded", "2", "-11.00", "19.00", "-9.24", "-1.76"),
        ("2026-03-11", "tip", "2", "-5.00", "", "-5.00", "0.00"),
        ("2026-03-12", "settled", "3", "10.00", "19.00", "8.40", "1.60"),
        ("2026-03-12", "voided", "3", "-10.00", "19.00", "-8.40", "-1.60"),
    ]


@pytest.mark.sweep
def test_a_closed_month_keeps_its_bytes_and_the_names_of_then_and_the_audit_has_their_hash(api, salon, taxed):
    admin, visit = api(salon.admin), taxed[0]
    paid = take(visit, "70.00", NOON, tip="6.00")
    before = {form: ask(api, salon.admin, format=form).content for form in ("csv", "datev", "bank")}
    assert b"Salon staff" in before["csv"] and "Färben; kurz".encode() in before["csv"]
    give_back(paid, "60.00", NOON + timedelta(days=30))
    take(taxed[1], "5.00", NOON + timedelta(days=30))
    for name in ("Anna", "Berta"):
        assert admin.patch(f"/users/{salon.staff.pk}", {"name": name}).status_code == 200
    assert admin.patch(f"/services/{visit.service_id}", {"name": "Colour"}).status_code == 200
    for form, content in before.items():
        answer = ask(api, salon.admin, format=form)
        assert answer.content == content
        entry = Audit.objects.filter(action="export").latest("id")
        assert entry.changes["sha256"] == [None, hashlib.sha256(content).hexdigest()]
        assert entry.changes["from"] == [None, "2026-03-01"]
    refund = give_back(paid, 4, datetime.now(UTC))
    day = str(salon.organization.find_local_date(refund.settled_at))
    told = ask(api, salon.manager, **{"from": day, "to": day}).content.decode()
    assert "Berta" in told and "Colour" in told and "Salon staff" not in told


@pytest.mark.sweep
def test_who_may_have_them(api, salon, clinic, operator, home):
    for caller, status in ((salon.admin, 200), (salon.manager, 200), (salon.staff, 403), (salon.client, 403)):
        assert ask(api, caller).status_code == status
    assert ask(api, None).status_code == 401
    assert ask(api, operator).status_code == 400
    assert ask(api, operator, organization=home.pk).status_code == 200


def test_others_money_is_not_in_it(api, clinic, taxed, without_row_security):
    give_back(take(taxed[0], "64.00", NOON), "1.00", NOON)
    ledger.void_payment(by=None, payment=take(taxed[1], "5.00", NOON), reason="x", now=NOON)
    assert rows_of(ask(api, clinic.manager)) == []


def test_money_of_midnight_is_of_the_day_that_begins(home, taxed):
    midnight = datetime(2026, 3, 11, tzinfo=home.zone)
    moments = [midnight - timedelta(microseconds=1), midnight, midnight + timedelta(days=1)]
    for at, amount in zip(moments, ("1.00", "2.00", "3.00"), strict=True):
        paid = take(taxed[0], amount, at)
        give_back(paid, amount, at)
        ledger.void_payment(by=None, payment=take(taxed[1], amount, at), reason="x", now=at)
    day = Period(home, date(2026, 3, 11), date(2026, 3, 11), "day")
    moved = sorted((each.event, each.amount) for each in list_movements(day))
    assert moved == [("refunded", -2), ("settled", 2), ("settled", 2), ("voided", -2)]


@pytest.mark.sweep
def test_what_cannot_be_had_is_said(api, salon, home):
    for parameters, field in (
        ({"format": "saft"}, "format"),
        ({"format": "fec"}, "format"),
        ({"format": "xml"}, "format"),
        ({"separators": "tab"}, "separators"),
        ({"to": "2026-02-01"}, "to"),
        ({"to": "2027-03-02"}, "to"),
        ({"group_by": "day"}, "group_by"),
    ):
        answer = ask(api, salon.admin, **parameters)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), parameters


def test_the_places_separators(api, salon, taxed):
    take(taxed[0], "1064.00", NOON)
    [row] = rows_of(ask(api, salon.admin, separators="comma"), delimiter=";")
    assert (row["amount"], row["net"], row["tax"], row["service_name"]) == (
        "1064,00", "894,12", "169,88", "Färben; kurz",
    )  # fmt: skip


def test_the_bank_file_has_one_line_for_each_sum(api, salon, taxed):
    paid = take(taxed[0], "70.02", NOON, tip="6.00", rounding="0.02")
    give_back(paid, "5.00", NOON)
    void = take(taxed[1], "10.00", NOON, method="card")
    ledger.void_payment(by=None, payment=void, reason="x", now=NOON)
    lines = [(row["Date"], row["Amount"], row["Reference"]) for row in rows_of(ask(api, salon.admin, format="bank"))]
    assert lines == [
        ("10/03/2026", "70.02", "1"),
        ("10/03/2026", "-5.00", "2"),
        ("10/03/2026", "10.00", "3"),
        ("10/03/2026", "-10.00", "3"),
    ]


def test_a_void_line_stays_on_its_day_in_another_zone(api, salon, home, taxed):
    void = take(taxed[0], "10.00", datetime(2026, 3, 10, 20, 59, tzinfo=UTC))
    ledger.void_payment(by=None, payment=void, reason="x", now=datetime(2026, 3, 10, 21, 1, tzinfo=UTC))
    home.timezone = "Europe/Moscow"  # where the 11th begins in between
    home.save()
    for day, amounts in (("10", ["10.00", "-10.00"]), ("11", [])):
        days = {"from": f"2026-03-{day}", "to": f"2026-03-{day}"}
        rows = rows_of(ask(api, salon.admin, **days))
        assert [row["amount"] for row in rows] == amounts
        assert {row["date"] for row in rows} <= {f"2026-03-{day}"}
        assert len(read_batch(ask(api, salon.admin, format="datev", **days).content)[2]) == len(amounts)


def test_what_is_taxed_at_nothing_goes_to_its_account_where_it_has_one(api, salon, home, taxed):
    taxed[0].tax_rate = Decimal("0.00")
    taxed[0].save(update_fields=["tax_rate"])
    take(taxed[0], "64.00", NOON)
    for more, account in (("", "8200"), (", revenue 0 8195", "8195")):
        home.bookkeeping_accounts = ACCOUNTS + more
        home.save()
        [posting] = read_batch(ask(api, salon.admin, format="datev").content)[2]
        assert posting.contra == account


def test_datevs_batch_is_read_back_by_its_rules(api, salon, taxed):
    paid = take(taxed[0], "1070.02", NOON, tip="6.00", rounding="0.02")
    give_back(paid, "11.00", NOON + timedelta(days=1))
    answer = ask(api, salon.admin, format="datev")
    assert answer["Content-Disposition"] == (
        'attachment; filename="EXTF_Buchungsstapel_salon_2026-03-01_2026-03-31.csv"'
    )
    head, names, postings = read_batch(answer.content)
    assert (head[10:16], head[21]) == (["29098", "55003", "20260101", "4", "20260301", "20260331"], '"EUR"')
    assert (names[0], names[9], names[-1]) == ("Umsatz (ohne Soll/Haben-Kz)", "Belegdatum", "Abw. Skontokonto")
    assert [tuple(map(str, posting)) for posting in postings] == [
        ("1064.00", "1600", "8400", "2026-03-10", "1"),
        ("6.00", "1600", "1755", "2026-03-10", "1"),
        ("0.02", "1600", "2660", "2026-03-10", "1"),
        ("-11.00", "1600", "8400", "2026-03-11", "2"),
    ]


def test_without_accounts_datev_is_refused_with_what_is_missing(api, salon, home, taxed):
    take(taxed[0], "64.00", NOON)
    for changes, missing in (
        ({"bookkeeping_accounts": "cash 1600, revenue 8200"}, "an account for revenue 19"),
        ({"bookkeeping_accounts": "card 1360, revenue 19 8400"}, "an account for cash"),
        ({"datev_consultant": None, "bookkeeping_accounts": ""}, "datev_consultant, bookkeeping_accounts"),
    ):
        for name, value in changes.items():
            setattr(home, name, value)
        home.save()
        answer = ask(api, salon.admin, format="datev")
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "not_set_up"), changes
        assert answer.json()["errors"][0]["detail"].endswith(f"{missing}."), changes


@pytest.mark.sweep
def test_a_batch_is_of_one_fiscal_year(api, salon, home):
    for starts, status in ((1, 200), (3, 200), (4, 200), (12, 200)):
        home.fiscal_year_starts = starts
        home.save()
        assert ask(api, salon.admin, format="datev").status_code == status
    answer = ask(api, salon.admin, format="datev", to="2026-12-01")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "to")


@pytest.mark.sweep
def test_accounts_are_read_strictly(api, salon):
    admin, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    for text in ("cash", "cash 16", "cash 1600, cash 1601", "revenue x 8400", "cash 1600, card 13600"):
        answer = admin.patch(path, {"bookkeeping_accounts": text})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "bookkeeping_accounts"), text


def test_the_command_writes_the_same_bytes(api, salon, taxed, tmp_path):
    take(taxed[0], "64.00", NOON)
    days = {"first": "2026-03-01", "last": "2026-03-31"}
    call_command("export_movements", salon.organization.pk, form="datev", directory=str(tmp_path), **days)
    [path] = tmp_path.iterdir()
    assert path.name == "EXTF_Buchungsstapel_salon_2026-03-01_2026-03-31.csv"
    assert path.read_bytes() == ask(api, salon.admin, format="datev").content
    with pytest.raises(CommandError, match="1 to 366 days"):
        call_command("export_movements", salon.organization.pk, first="2026-03-02", last="2026-03-01")


def make_a_year(rng, visits, number):
    """So many payments, with refunds, voids and tips across the ends of twelve months, as the ledger allows them."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for _ in range(number):
        at = start + timedelta(minutes=rng.randrange(366 * 1440))
        amount = Decimal(rng.randrange(500, 9000)) / 100
        tip = rng.choice([NOTHING, NOTHING, Decimal("2.50")])
        rounding = rng.choice([NOTHING, Decimal("0.02"), Decimal("-0.01")])
        paid = take(rng.choice(visits), amount, at, tip=tip, rounding=rounding)
        chance = rng.random()
        if chance < 0.15:
            zone = paid.organization.zone
            late = at.astimezone(zone).replace(hour=23, minute=59, second=59)
            ledger.void_payment(by=None, payment=paid, reason="x", now=late)
        elif chance < 0.5:
            later = at + timedelta(days=rng.randrange(60))
            give_back(paid, rng.choice([Decimal("1.00"), None]) or ledger.find_remainder(paid).money, later)


def assert_datev_agrees(period, movements):
    """A posting for each movement: its sum, its day, its receipt."""
    _, _, postings = read_batch(write_file(period, "datev")[1])
    assert [(each.amount, each.day, each.receipt) for each in postings] == [
        (line.amount, line.date, str(line.receipt_number)) for line in movements
    ]


KEYS = (
    ("day", lambda line: line.date.isoformat()),
    ("staff", lambda line: line.staff),
    ("payment_method", lambda line: line.payment_method),
)


@pytest.mark.sweep
@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.whole), pytest.param(3, marks=pytest.mark.whole)]
)
def test_movements_add_up_to_the_report_in_every_month(home, taxed, seed, share, everything):
    """The gate asks each month for one of the three sums, and each sum of four months."""
    make_a_year(random.Random(seed), taxed, 120 if everything else 36)
    for month in range(1, 13):
        first = date(2025, month, 1)
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        movements = list_movements(Period(home, first, last, "day"))
        assert_datev_agrees(Period(home, first, last, "day"), movements)
        for group_by, key_of in share(KEYS, month):
            sums = defaultdict(lambda: defaultdict(Decimal))
            for line in movements:
                kind = {"settled": "taken", "voided": "taken", "tip": "tips"}.get(line.kind, line.kind)
                sums[key_of(line)][kind] += -line.amount if kind == "refunded" else line.amount
            for row in report_revenue(Period(home, first, last, group_by))["rows"]:
                found = sums.pop(row["key"], {})
                for name in ("taken", "refunded", "tips", "rounding"):
                    assert found.get(name, NOTHING) == row[name], (month, group_by, row["key"], name)
            assert all(not any(figures.values()) for figures in sums.values())
    assert Payment.objects.filter(voided_at__isnull=False).exists()
    assert Refund.objects.exists()
