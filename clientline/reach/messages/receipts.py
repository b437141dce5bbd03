"""Receipts by mail: planned in the transaction in which money came or went back, worded when they leave.

`rule` of such a message is the receipt's number: each is sent once.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from django.dispatch import receiver

from clientline.reach.messages.models import Message
from clientline.reach.messages.planning import Planned, save_planned
from clientline.reach.messages.wordings import RECEIPT_LINES
from clientline.reach.phrases import Phrases
from organizations.models import Organization
from payments.models import Payment, Refund
from payments.signals import money_moved
from payments.taxes import split_tax


@receiver(money_moved)
def plan_receipt(*, row: Payment | Refund, happened: str, now: datetime, **kwargs: Any) -> None:
    """Of money that moved; what cash was rounded by alone is none."""
    visit = _find_payment(row).appointment
    if happened == "completed" and row.amount > 0 and visit.organization.sends_receipts:
        row.refresh_from_db(fields=["receipt_number"])  # which a trigger draws
        save_planned(visit, [Planned("receipt", row.receipt_number or 0, "mail", now)], now)


def _find_payment(row: Payment | Refund) -> Payment:
    return row.payment if isinstance(row, Refund) else row


def name_service(row: Payment | Refund) -> str:
    """What a settled row's money was for when it came, whatever the visit is by now."""
    return str(_find_payment(row).service)


def find_money(message: Message) -> Payment | Refund | None:
    """What a receipt is about; None where its payment was made void since."""
    home = {"organization": message.organization_id, "receipt_number": message.rule}
    refund = Refund.objects.select_related("payment__appointment", "payment__service").filter(**home).first()
    return refund or Payment.objects.select_related("appointment", "service").filter(voided_at=None, **home).first()


def write_receipt(row: Payment | Refund, organization: Organization, language: str) -> str:
    """Number, day, amounts and tax of a settled row, in lines, as the receipt that is printed has them."""
    phrases = Phrases(organization, language)
    told = [*_list_amounts(row, phrases), *_list_facts(row, organization, phrases)]
    return "\n".join(RECEIPT_LINES[language][name].format(**values) for name, values in told)


def _list_amounts(row: Payment | Refund, phrases: Phrases) -> Iterator[tuple[str, dict[str, object]]]:
    """Which line of RECEIPT_LINES, and what stands in it."""
    payment = _find_payment(row)
    day = phrases.write_day(phrases.organization.find_local_date(cast(datetime, row.settled_at)))
    yield "number", {"number": row.receipt_number, "day": day}
    if row.tip or row.rounding:
        parts = {"price": row.amount - row.tip - row.rounding, "tip": row.tip, "rounding": row.rounding}
        for name, part in parts.items():
            if part:
                yield name, {"amount": phrases.write_money(part)}
    kind = "received" if row is payment else "refunded"
    yield kind, {"amount": phrases.write_money(row.amount), "number": payment.receipt_number}


def _list_facts(
    row: Payment | Refund, organization: Organization, phrases: Phrases
) -> Iterator[tuple[str, dict[str, object]]]:
    payment = _find_payment(row)
    if row is payment and payment.payment_method:
        yield payment.payment_method, {}
    # The payment's own, not the visit's: that may be of another service by now, and books and print say what it was.
    rate = payment.tax_rate
    if rate is not None:
        net, tax = split_tax(row.amount - row.tip - row.rounding, rate, organization.currency)
        figures = {"net": phrases.write_money(net), "tax": phrases.write_money(tax)}
        yield "tax", {"rate": phrases.write_percent(rate), **figures}
    if organization.tax_number:
        yield "tax_number", {"number": organization.tax_number}
