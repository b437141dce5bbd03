"""All parts of the back office on one page, for who changes how it looks. In development and under `up --demo` only."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.utils.html import format_html

from appointments.models import Appointment
from clientline.admin.amounts import AmountField
from clientline.admin.base import render_pill
from clientline.admin.forms import Suggested, SuggestedMultiple
from clientline.admin.inputs import ClockInput, DayAndClockField, DayField
from clientline.backoffice.page import render_page
from services.models import Service

PILLS = ("scheduled", "completed", "no_show", "cancelled", "overbooked", "pending", "failed", "refunded")
CHOICES = [("cut", "Haircut · 45 min"), ("colour", "Colour · 1 h 30 min"), ("trim", "Beard trim · 20 min")]


class PartsForm(forms.Form):
    """A field of each kind. Nothing here is ever saved."""

    text = forms.CharField(label="Text", help_text="What helps stands below the label")
    email = forms.EmailField(label="E-mail address")
    number = forms.IntegerField(label="Number")
    amount = AmountField(label="Amount")
    day = DayField(label="Day")
    clock = forms.TimeField(label="Time", widget=ClockInput)
    moment = DayAndClockField(label="Day and time")
    choice = forms.ChoiceField(label="One of some", choices=CHOICES)
    chips = forms.ChoiceField(label="One of few", choices=CHOICES, widget=forms.RadioSelect)
    several = forms.MultipleChoiceField(label="Some of few", choices=CHOICES, widget=forms.CheckboxSelectMultiple)
    tick = forms.BooleanField(label="A tick", help_text="Takes effect when the form is sent")
    switch = forms.BooleanField(label="A switch", widget=forms.CheckboxInput({"role": "switch"}))
    long = forms.CharField(label="Long text", widget=forms.Textarea({"rows": 3}))
    file = forms.FileField(label="File")
    searched = forms.ModelChoiceField(Service.objects.none(), label="One of many")
    many = forms.ModelMultipleChoiceField(Service.objects.none(), label="Some of many")

    def __init__(self, *args, site, **kwargs):
        super().__init__(*args, **kwargs)
        one, some = self.fields["searched"], self.fields["many"]
        one.widget = Suggested(Appointment._meta.get_field("client"), site, choices=one.choices)
        some.widget = SuggestedMultiple(Service._meta.get_field("staff"), site, choices=some.choices)


def look_view(site, request):
    """Raises Http404 where there are people at work."""
    if not settings.SHOWS_LOOK:
        raise Http404
    for level in (messages.SUCCESS, messages.WARNING, messages.ERROR):
        messages.add_message(request, level, "What was done, what to mind, what went wrong.")
    shown = {"chips": "cut", "several": ["cut"], "switch": True, "day": "2026-12-01", "clock": "09:30", "amount": 45}
    typed = {"refused-text": "", "refused-email": "x", "refused-number": "", "refused-day": ""}
    refused = PartsForm(typed, site=site, prefix="refused")
    return render_page(
        request,
        "look.html",
        title="The look",
        form=PartsForm(initial=shown, site=site),
        refused=[refused[name] for name in ("text", "email", "number", "day")],
        pills=[render_pill(name, name.replace("_", " ").capitalize()) for name in PILLS],
        rows=[format_html("<b>{}</b>", f"Row {number}") for number in (1, 2, 3)],
    )
