"""Who owes: the visits of some days for which something is still to be paid, those that owe longest first."""

from datetime import timedelta
from decimal import Decimal

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from appointments.models import Appointment
from appointments.periods import Period, refuse_unreportable
from clientline import wording
from clientline.admin.forms import DATE_BOUNDS
from clientline.admin.inputs import DayField
from clientline.backoffice.page import render_page
from clientline.backoffice.platform.acting import find_chosen_organization, send_to_choose
from clientline.refusals import FieldRefused
from payments import balances, totals

USUAL_DAYS = 90
MOST_SHOWN = 200


class OwingForm(forms.Form):
    """Which days. Afterwards `period` holds them."""

    to = DayField(label=gettext_lazy("To"), validators=DATE_BOUNDS)
    field_order = ("from", "to")

    def __init__(self, data, *, organization):
        super().__init__(data, label_suffix="")
        self.organization = organization

    def clean(self):
        asked = super().clean()
        if not self.errors:
            try:
                refuse_unreportable(asked["from"], asked["to"])
                self.period = Period(self.organization, asked["from"], asked["to"], "day")
            except FieldRefused as refusal:
                self.add_error("to", str(refusal))
        return asked


OwingForm.base_fields["from"] = DayField(label=gettext_lazy("From"), validators=DATE_BOUNDS)


def owing_view(request):
    if not request.user.may("appointments", "balance") or not request.user.may("payments", "create"):
        raise PermissionDenied
    organization = find_chosen_organization(request)
    if organization is None:
        return send_to_choose(request)
    today = timezone.localdate(timezone=organization.zone)
    usual = {"from": (today - timedelta(days=USUAL_DAYS)).isoformat(), "to": today.isoformat()}
    form = OwingForm(usual | request.GET.dict(), organization=organization)
    context = _list_debts(request.user, form.period) if form.is_valid() else {}
    return render_page(request, "owing.html", title=gettext("Who owes"), form=form, **context)


def _list_debts(caller, period):
    """The first visits that owe, and what all of them owe together, as far as the caller may see them."""
    visits = Appointment.objects.visible_to(caller, "appointments", "balance").filter(
        organization=period.organization, appointment_date__gte=period.begins, appointment_date__lt=period.ends
    )
    owing = totals.find_owing(visits, True).order_by("appointment_date", "id")
    found = list(owing.select_related("client", "service", "staff")[: MOST_SHOWN + 1])
    currency = period.organization.currency
    total = balances.sum_balances(visits)["due"] if found else Decimal(0)
    return {
        "period": period,
        "debts": [(visit, wording.write_money(visit.due, currency)) for visit in found[:MOST_SHOWN]],
        "is_cut": len(found) > MOST_SHOWN,
        "total": wording.write_money(total, currency),
    }
