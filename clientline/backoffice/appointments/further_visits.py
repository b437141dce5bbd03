"""Further visits of one booking: a cut and then a colour, back to back, with the same or another person."""

from datetime import timedelta

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments.availability import measure_need
from appointments.groups import Wanted
from clientline.refusals import FieldRefused
from services.models import Service

FURTHER = ("1", "2")


class FurtherVisitsForm(forms.Form):
    """What comes after the first visit, and with whom; empty, with the same person as before."""

    then_1 = forms.ModelChoiceField(Service.objects.none(), label=_("Then"), required=False, empty_label=_("Nothing"))
    with_1 = forms.ModelChoiceField(
        User.objects.none(), label=_("With"), required=False, empty_label=_("The same person")
    )
    then_2 = forms.ModelChoiceField(
        Service.objects.none(), label=_("And then"), required=False, empty_label=_("Nothing")
    )
    with_2 = forms.ModelChoiceField(
        User.objects.none(), label=_("With"), required=False, empty_label=_("The same person")
    )

    def limit_further(self, services, people):
        """`people` None: nobody but oneself may be named."""
        for number in FURTHER:
            self.fields[f"then_{number}"].queryset = services
            if people is None:
                del self.fields[f"with_{number}"]
            else:
                self.fields[f"with_{number}"].queryset = people

    def show_further(self, describe, *, few):
        """A few services are shown at once, as the first one is; more are chosen from a list."""
        for number in FURTHER:
            field = self.fields[f"then_{number}"]
            field.label_from_instance = describe
            if few:
                field.widget = forms.RadioSelect()
            field.widget.choices = field.choices

    @property
    def has_further(self):
        return any(self[f"then_{number}"].value() or self[f"then_{number}"].errors for number in FURTHER)

    def refuse_unfit(self, values):
        """What is asked of one visit cannot be asked of several."""
        if not any(values.get(f"then_{number}") for number in FURTHER):
            return
        if values.get("count"):
            self.add_error("count", _("Book a series of one service, or several services once."))
        if values.get("price") is not None:
            self.add_error("price", _("Several services have a price each: change it on the visit's page."))

    def list_wanted(self, values):
        """The visits of the booking, back to back. Raises FieldRefused for a service without a length."""
        wanted = [Wanted(values["service"], values["appointment_date"], values.get("staff"), values.get("duration"))]
        for number in FURTHER:
            if service := values.get(f"then_{number}"):
                before = wanted[-1]
                staff = values.get(f"with_{number}") or before.staff
                wanted.append(Wanted(service, _begin_after(before, service, staff), staff))
        return wanted

    def measure_all(self, service, duration, further):
        """How many minutes it takes with what follows; None where that is not known yet."""
        try:
            minutes, before = 0, measure_need(service, duration)
            for each in further:
                need = measure_need(each)
                minutes += before.duration + before.buffer_after + need.buffer_before
                before = need
        except FieldRefused:
            return duration
        return minutes + before.duration if further else duration


def _begin_after(before, service, staff):
    """When a visit of the service can begin; the same person also prepares and cleans up."""
    need, following = measure_need(before.service, before.duration), measure_need(service)
    pause = 0 if staff and staff != before.staff else need.buffer_after + following.buffer_before
    return before.appointment_date + timedelta(minutes=need.duration + pause)
