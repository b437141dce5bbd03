"""The figures of a client without their visits: rows that triggers write where something happens, added up.

`balances` says what a visit costs and who owes; the triggers of migration 0016 say it once more, and a test compares
them. Here the rows are read, and folded together so that they stay few.
"""

from typing import Any

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from appointments.models import Appointment
from clientline.callers import Caller
from organizations.homes import IS_HERE
from payments import balances
from payments.balances import MONEY, NO_MONEY
from payments.models import ClientTotal

COUNTS = ("scheduled", "completed", "cancelled", "no_show")
AMOUNTS = ("price", "charge", "paid", "refunded")
NET = Sum(F("charge") - F("paid") + F("refunded"))  # of a visit: what is due, below 0 what was paid too much
AT_ONCE = 1_000  # rows whose clients are folded by one statement

# Whoever has moved to another installation is folded there.
UNFOLDED = f"""
    SELECT client_id FROM client_totals
    WHERE NOT is_folded AND {IS_HERE.format("client_totals.organization_id")} ORDER BY id LIMIT %s
"""  # noqa: S608 -- ours
FOLD = f"SELECT fold_client_totals(ARRAY(SELECT DISTINCT client_id FROM ({UNFOLDED}) AS oldest))"  # noqa: S608 -- ours
LEFT = f"SELECT count(*) FROM ({UNFOLDED}) AS unfolded"  # noqa: S608 -- ours


def select_totals(caller: Caller, action: str = "list") -> QuerySet[ClientTotal]:
    """The figures of the visits on which `caller` may do `action`."""
    return ClientTotal.objects.visible_to(caller, "appointments", action)


def sum_totals(totals: QuerySet[ClientTotal]) -> dict[str, Any]:
    """As `balances.sum_balances` of the same visits, and how many of them are in each status.

    `due` and `credit` stand beside each other, neither below 0: what is owed for one visit is not what was paid too
    much for another.
    """
    visits = (
        totals.order_by()
        .values("visit")
        .annotate(**{f"visit_{name}": Sum(name) for name in (*COUNTS, *AMOUNTS)}, net=NET)
    )
    counts = {name: Coalesce(Sum(f"visit_{name}"), Value(0)) for name in COUNTS}
    amounts = {name: Sum(f"visit_{name}") for name in AMOUNTS} | {
        "due": Sum("net", filter=Q(net__gt=0)),
        "credit": Sum(-F("net"), filter=Q(net__lt=0)),
    }
    return visits.aggregate(
        **counts, **{name: Coalesce(each, NO_MONEY, output_field=MONEY) for name, each in amounts.items()}
    )


def find_owing(visits: QuerySet[Appointment], owing: bool) -> QuerySet[Any]:
    """The visits with their balance for which something is still to be paid, or else the others.

    Who owes is found among the visits that are not settled, however many are.
    """
    found = balances.add_balance(visits)
    if not owing:
        return found.filter(due__lte=0)
    unsettled = ClientTotal.objects.filter(visit__isnull=False).values("visit").annotate(net=NET)
    return found.filter(pk__in=unsettled.filter(net__gt=0).values("visit"))


def fold_totals() -> bool:
    """Fold the oldest of what was not folded yet; returns whether there may be more. For commands and workers."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [AT_ONCE])
        cursor.execute(LEFT, [AT_ONCE])
        (left,) = cursor.fetchone()
    return left == AT_ONCE
