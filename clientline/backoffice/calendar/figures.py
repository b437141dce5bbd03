"""A day in numbers: what a front desk asks for, as far as the caller may see it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q

from appointments.hours import find_instant, find_midnight
from appointments.models import Appointment
from appointments.periods import Period
from clientline import wording
from clientline.backoffice.calendar.diary import find_neighbour
from payments.reports import report_revenue

NO_SHOW_DAYS = 7


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    detail: str


def list_figures(caller, diary):
    """What the caller may see of the day in numbers."""
    found = [_sum_visits(diary)]
    if caller.may("reports", "list"):
        found.append(_sum_taken(diary))
    if caller.may("appointments", "balance"):
        found.append(_sum_open(diary))
    return [*found, _sum_no_shows(caller, diary)]


def _select_beginning(diary):
    """The visits that begin on the day; the board also shows those that reach into it."""
    return [visit for visit in diary.visits if visit.starts >= diary.begin]


def _sum_visits(diary):
    visits = [visit for visit in _select_beginning(diary) if not visit.is_cancelled]
    ahead = sum(visit.status == "scheduled" and visit.starts > diary.now for visit in visits)
    return Figure("Visits", str(len(visits)), f"{ahead} still to come")


def _sum_taken(diary):
    (day,) = diary.days
    currency = diary.organization.currency
    total = report_revenue(Period(diary.organization, day, day, "day"))["total"]
    given_back = wording.write_money(total["refunded"], currency)
    detail = f"{given_back} given back" if total["refunded"] else "nothing given back"
    return Figure("Taken", wording.write_money(total["taken"], currency), detail)


def _sum_open(diary):
    """What is due for the day's visits that are over, under way or called off."""
    owed = [each.due for each in _select_beginning(diary) if each.starts <= diary.now or each.status != "scheduled"]
    due = [amount for amount in owed if amount > 0]
    settled = "all visits are paid" if owed else "nothing is due yet"
    detail = f"for {len(due)} visit{'' if len(due) == 1 else 's'}" if due else settled
    return Figure("Open balances", wording.write_money(sum(due, Decimal(0)), diary.organization.currency), detail)


def _sum_no_shows(caller, diary):
    (day,) = diary.days
    first = find_neighbour(day, 1 - NO_SHOW_DAYS) or day
    visits = Appointment.objects.visible_to(caller, "appointments").filter(
        organization=diary.organization,
        appointment_date__gte=find_midnight(diary.zone, first),
        appointment_date__lt=find_instant(diary.end),
    )
    counted = visits.aggregate(
        missed=Count("pk", filter=Q(status="no_show")), all=Count("pk", filter=~Q(status="cancelled"))
    )
    return Figure(f"No-shows, {NO_SHOW_DAYS} days", str(counted["missed"]), f"of {counted['all']} visits")
