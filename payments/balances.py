"""What is due for visits: the one place that says what a visit costs and what has been paid. Nothing here writes."""

from decimal import Decimal
from functools import cache
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Round

from appointments.lateness import CANCELLED_LATE
from appointments.models import Appointment
from clientline.columns import MONEY_PLACES, SUM_DIGITS
from clientline.currencies import WHOLE
from clientline.database.prepared import Given, Statement
from payments.models import RECEIVED, Payment, Refund, price_part

FIGURES = ("price", "charge", "paid", "refunded", "due")
MONEY = DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES)
NO_MONEY = Value(Decimal("0.00"), output_field=MONEY)

PLACES = Case(When(organization__currency__in=WHOLE, then=0), default=2, output_field=IntegerField())


def _round_money(amount: Combinable) -> Round:
    """Half up to the smallest unit of the organization's currency; PostgreSQL rounds numerics away from zero."""
    exact = ExpressionWrapper(amount, output_field=MONEY)
    return Round(exact, precision=PLACES, output_field=MONEY)  # type: ignore[arg-type]  # each row has its own


# The triggers that write `client_totals` say this once more: whoever changes the one changes the other by a migration.
CHARGE = Case(
    When(status__in=("scheduled", "completed"), then=_round_money(F("price"))),
    # Before the fees: the first condition that holds counts.
    When(fee_waived=True, then=NO_MONEY),
    When(CANCELLED_LATE, then=_round_money(F("price") * F("late_cancellation_fee") / 100)),
    When(status="no_show", then=_round_money(F("price") * F("no_show_fee") / 100)),
    default=NO_MONEY,
    output_field=MONEY,
)


def _sum_of(queryset: QuerySet, visit: str) -> Coalesce:
    """What the rows in `queryset` did for their visit: without tips and rounding. `visit` is the path to it."""
    own = queryset.filter(**{visit: OuterRef("pk")}).order_by().values(visit)
    return Coalesce(Subquery(own.annotate(total=Sum(price_part())).values("total")), NO_MONEY, output_field=MONEY)


# A subquery each: joined to their visit, payments and refunds would multiply one another.
PAID = _sum_of(Payment.objects.filter(RECEIVED), "appointment")
REFUNDED = _sum_of(Refund.objects.filter(status__in=("pending", "completed")), "payment__appointment")
PENDING = _sum_of(Payment.objects.filter(status="pending", given_up_at=None), "appointment")


def add_balance(visits: QuerySet[Appointment]) -> QuerySet[Any]:
    """The visits with `charge`, `paid`, `refunded`, and `due`, which is below 0 where the client has credit."""
    return visits.annotate(charge=CHARGE, paid=PAID, refunded=REFUNDED).annotate(
        due=ExpressionWrapper(F("charge") - F("paid") + F("refunded"), output_field=MONEY)
    )


def find_balance(visit: Appointment) -> dict[str, Decimal]:
    """The figures of a saved visit; `due` is below 0 where its client has credit."""
    return dict(zip(FIGURES, _read_figures(visit, *FIGURES), strict=True))


def _read_figures(visit: Appointment, *figures: str) -> tuple[Decimal, ...]:
    (found,) = _prepare_figures(figures).rows({"visit": visit.pk})
    return found


@cache
def _prepare_figures(figures: tuple[str, ...]) -> Statement:
    # The largest statement of many pages and requests: to build it took ten times as long as to run it.
    rows = add_balance(Appointment.objects.filter(pk=Given("visit"))).annotate(pending=PENDING)
    return Statement(rows.values_list(*figures))


def sum_balances(visits: QuerySet[Appointment]) -> dict[str, Decimal]:
    """The sums over visits of one organization: of a client's, a day's.

    `due` and `credit` stand beside each other, neither below 0: what is owed for one visit is not what was paid too
    much for another.
    """
    sums = {name: Sum(name) for name in FIGURES} | {
        "due": Sum("due", filter=Q(due__gt=0)),
        "credit": Sum(-F("due"), filter=Q(due__lt=0)),
    }
    # Under other names: an aggregate may not be called like an annotation.
    named = {f"total_{name}": Coalesce(each, NO_MONEY, output_field=MONEY) for name, each in sums.items()}
    found = add_balance(visits).aggregate(**named)
    return {name: found[f"total_{name}"] for name in sums}


def compute_fee(visit: Appointment, percent: str) -> Decimal:
    """What a saved visit would cost at this percentage of its price: the name of the column that holds it."""
    amount = _round_money(F("price") * F(percent) / 100)
    return type(visit).objects.filter(pk=visit.pk).values_list(amount, flat=True).get()


def find_due_and_pending(visit: Appointment) -> tuple[Decimal, Decimal]:
    """What is due for a saved visit, and what payments under way will take of it."""
    due, pending = _read_figures(visit, "due", "pending")
    return due, pending
