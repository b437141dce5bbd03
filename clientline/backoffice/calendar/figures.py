"""A day in numbers: what a front desk asks for, as far as the caller may see it."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from appointments.models import Appointment
from appointments.periods import Period
from appointments.working_time.hours import find_instant, find_midnight
from clientline import wording
from clientline.backoffice.calendar.diary import find_neighbour
from clientline.database.prepared import Given, Statement, read_standing, stand_for_any_caller
from payments.reports import report_revenue

NO_SHOW_DAYS = 7


@dataclass(frozen=True)
class Figure:
    label: str
    value: str
    detail: str
    url: str = ""  # of the rows behind it


def list_figures(caller, diary):
    """What the caller may see of the day in numbers."""
    found = [_sum_visits(diary)]
    if caller.may("reports", "list"):
        found.append(_sum_taken(diary))
    if caller.may("appointments", "balance"):
        found.append(_sum_open(diary))
    return [*found, _sum_no_shows(caller, diary), *_sum_unclosed(caller, diary)]


def _link_visits(first, last, **query):
    """The list of the visits that begin from one date to another."""
    days = str(first) if first == last else f"{first}..{last}"
    return f"{reverse('admin:appointments_appointment_changelist')}?{urlencode({'day': days} | query)}"


def _select_beginning(diary):
    """The visits that begin on the day; the board also shows those that reach into it."""
    return [visit for visit in diary.visits if visit.starts >= diary.begin]


def _sum_visits(diary):
    visits = [visit for visit in _select_beginning(diary) if not visit.is_cancelled]
    ahead = sum(visit.status == "scheduled" and visit.starts > diary.now for visit in visits)
    (day,) = diary.days
    return Figure(
        _("Visits"), str(len(visits)), _("%(count)s still to come") % {"count": ahead}, _link_visits(day, day)
    )


def _sum_unclosed(caller, diary):
    """What nobody said of the day's visits that are over; nothing where all is said."""
    left = [visit for visit in _select_beginning(diary) if visit.status == "scheduled" and visit.ends <= diary.now]
    if left and caller.may("appointments", "complete"):
        yield Figure(_("Not closed"), str(len(left)), _("over, and nobody said how"), reverse("admin:unclosed"))


def _sum_taken(diary):
    (day,) = diary.days
    currency = diary.organization.currency
    total = report_revenue(Period(diary.organization, day, day, "day"))["total"]
    detail = _tell_of_refunds_and_tips(total, currency)
    url = f"{reverse('admin:payments_payment_changelist')}?{urlencode({'taken': day})}"
    return Figure(_("Taken"), wording.write_money(total["taken"], currency), detail, url)


def _tell_of_refunds_and_tips(total, currency):
    """What was given back; and tips, which are no revenue but lie in the till, and in the list behind the figure."""
    amounts = {"amount": wording.write_money(total["refunded"], currency)}
    if not total["tips"]:
        return _("%(amount)s given back") % amounts if total["refunded"] else _("nothing given back")
    amounts["tips"] = wording.write_money(total["tips"], currency)
    if not total["refunded"]:
        return _("and %(tips)s of tips") % amounts
    return _("%(amount)s given back, and %(tips)s of tips") % amounts


def _sum_open(diary):
    """What is due for the day's visits that are over, under way or called off."""
    owed = [each.due for each in _select_beginning(diary) if each.starts <= diary.now or each.status != "scheduled"]
    due = [amount for amount in owed if amount > 0]
    settled = _("all visits are paid") if owed else _("nothing is due yet")
    detail = ngettext("for %(count)s visit", "for %(count)s visits", len(due)) % {"count": len(due)} if due else settled
    (day,) = diary.days
    total = wording.write_money(sum(due, Decimal(0)), diary.organization.currency)
    return Figure(_("Open balances"), total, detail, _link_visits(day, day, unpaid="yes"))


def _sum_no_shows(caller, diary):
    (day,) = diary.days
    first = find_neighbour(day, 1 - NO_SHOW_DAYS) or day
    begin, end = find_midnight(diary.zone, first), find_instant(diary.end)
    rows = _prepare_no_shows(*read_standing(caller)).rows(diary.identify() | {"begin": begin, "end": end})
    missed, counted = rows[0] if rows else (0, 0)
    url = _link_visits(first, day, status__exact="no_show")
    label = _("No-shows, %(days)s days") % {"days": NO_SHOW_DAYS}
    return Figure(label, str(missed), _("of %(count)s visits") % {"count": counted}, url)


@cache
def _prepare_no_shows(*standing):
    """How many were missed, of how many; no row where there are no visits."""
    visits = Appointment.objects.visible_to(stand_for_any_caller(*standing), "appointments").filter(
        organization=Given("of"), appointment_date__gte=Given("begin"), appointment_date__lt=Given("end")
    )
    missed, counted = Count("pk", filter=Q(status="no_show")), Count("pk", filter=~Q(status="cancelled"))
    return Statement(
        visits.values("organization").annotate(missed=missed, counted=counted).values_list("missed", "counted")
    )
