"""A client's card: how to reach them, what is coming, what was, what they paid and what they owe.

Of visits and money it shows what the reader may see: staff see the client's visits with themselves.
"""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Q

from appointments.models import LONGEST_VISIT, Appointment
from clientline import wording
from clientline.backoffice.people.known_clients import find_lookalikes
from payments import totals
from payments.models import Payment

SHOWN = 10  # rows of each list; the rest is a link away
SHOWN_NOTES = 5
FEW_VISITS = 500  # whose payments are all read, for the latest of them


def describe_client(caller, client, *, now):
    """The template's context."""
    visits = Appointment.objects.visible_to(caller, "appointments").filter(client=client)
    # With a bound on their start: what ended long ago would be read to be left out.
    coming = Q(status="scheduled", ends_at__gt=now, appointment_date__gt=now - LONGEST_VISIT)
    listed = visits.select_related("service", "staff")
    noted = Appointment.objects.visible_to(caller, "appointments", "internal_notes").filter(client=client)
    sums = totals.sum_totals(totals.select_totals(caller).filter(client=client))
    payments = _select_payments(caller, client, visits, sum(sums[name] for name in totals.COUNTS))
    return {
        "figures": _count_visits_of_client(sums, visits.filter(coming).count()),
        "money": _describe_spending(client, sums),
        "currency": client.organization.currency,
        "coming": listed.filter(coming).order_by("appointment_date", "id")[:SHOWN],
        "past": listed.exclude(coming).filter(appointment_date__lte=now).order_by("-appointment_date", "-id")[:SHOWN],
        "payments": payments.select_related("service", "appointment__service").order_by("-created_at", "-id")[:SHOWN],
        "noted": noted.exclude(internal_notes="").order_by("-appointment_date", "-id")[:SHOWN_NOTES],
        "lookalikes": find_lookalikes(caller, client),
        "sees_all_visits": caller.may("reports", "list"),
    }


def _select_payments(caller, client, visits, number):
    """The client's, who has `number` visits that the caller may see.

    By creation the latest payments of whoever comes often are soon found among everybody's, but for somebody who was
    away for a year, a year of everybody's are read first. PostgreSQL does not know who was away; an array of keys
    leaves it no such way.
    """
    payments = Payment.objects.visible_to(caller, "payments")
    if number > FEW_VISITS:
        return payments.filter(appointment__client=client)
    keys = ArraySubquery(visits.order_by().values("pk"))
    # `visits` leaves nothing out: whose payments somebody may list, their visits as well.
    return payments.filter(
        Func(F("appointment"), keys, template="(%(expressions)s))", arg_joiner=" = ANY(", output_field=BooleanField())
    )


def _count_visits_of_client(sums, coming):
    return {
        "coming": coming,
        "past": sums["completed"] + sums["scheduled"] - coming,
        "no_shows": sums["no_show"],
        "cancelled": sums["cancelled"],
    }


def _describe_spending(client, totals):
    """What was spent, is due and was paid too much, as texts; `owes` and `has_credit` say whether it is anything."""
    currency = client.organization.currency
    return {
        "spent": wording.write_money(totals["paid"] - totals["refunded"], currency),
        "due": wording.write_money(totals["due"], currency),
        "credit": wording.write_money(totals["credit"], currency),
        "owes": totals["due"] > 0,
        "has_credit": totals["credit"] > 0,
    }
