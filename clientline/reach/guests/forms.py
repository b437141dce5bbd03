"""What guests type, and the key by which a form is known as one of ours."""

import secrets
from datetime import datetime
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

from accounts.person_names import BLANK, find_fault_of_name
from clientline.notations import parse_instant
from clientline.telephones import read_telephone

SALT = "clientline.reach.guests.form"
LASTS = 24 * 3600  # seconds


class OldForm(Exception):
    """What was sent came from no page of ours, or from one of yesterday."""


def make_form_key(place: str) -> str:
    """For a form of one page. There are no cookies in a frame of another site, so none keeps a token."""
    return signing.dumps([place, secrets.token_urlsafe(24)], salt=SALT)


def read_form_key(sent: str, place: str) -> str:
    """The form's own random part. Raises OldForm."""
    try:
        of, key = signing.loads(sent, salt=SALT, max_age=LASTS)
    except (signing.BadSignature, ValueError) as error:
        raise OldForm from error
    if of != place:
        raise OldForm
    return str(key)


class GuestForm(forms.Form):
    use_required_attribute = True
    template_name_label = "guests/label.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"label_suffix": ""})


class NotesForm(GuestForm):
    """What a signed-in client says; all else is known."""

    notes = forms.CharField(
        label=_("Anything we should know?"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    consent = forms.BooleanField(
        label=_("I agree to this, and that my details are kept for the visit."),
        error_messages={"required": _("Please agree, or nothing can be booked.")},
    )

    def read_address(self) -> dict[str, str]:
        return {}


class DetailsForm(NotesForm):
    """Who a guest is, and how the code reaches them."""

    name = forms.CharField(
        label=_("First and family name"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": _("Tell us your name.")},
    )
    contact_email = forms.EmailField(
        label=_("E-mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=_("The code that books your visit goes there."),
        error_messages={"invalid": _("This is no e-mail address: it is like kim@example.com.")},
    )
    phone = forms.CharField(
        label=_("Telephone"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    field_order = ("name", "contact_email", "phone", "notes", "consent")

    def __init__(self, *args: Any, country: str, texts_are_sent: bool, **kwargs: Any) -> None:
        self.country, self.texts_are_sent = country, texts_are_sent
        super().__init__(*args, **kwargs)
        if not texts_are_sent:
            self.fields["contact_email"].required = True
            self.fields["contact_email"].error_messages["required"] = _("Tell us where the code may go.")

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        if not any(each.isalpha() and each not in BLANK for each in name):
            raise forms.ValidationError(_("Tell us your name."), "invalid")
        if fault := find_fault_of_name(name):
            raise forms.ValidationError(fault, "invalid")
        return name

    def clean_contact_email(self) -> str:
        return self.cleaned_data["contact_email"].lower()

    def clean(self) -> Any:
        values: Any = super().clean()
        is_told = values.get("contact_email") or "contact_email" in self.errors
        if not is_told and not read_telephone(values.get("phone", ""), self.country).takes_messages:
            self.add_error("contact_email", _("Tell us where the code may go: an address or a mobile number."))
        return values

    def read_address(self) -> dict[str, str]:
        """What of the request says who asks."""
        values = {name: self.cleaned_data[name] for name in ("name", "contact_email", "phone")}
        number = read_telephone(values["phone"], self.country).e164
        return values | {"address": values["contact_email"] or number}


class CodeForm(GuestForm):
    code = forms.CharField(
        label=_("The six digits"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
        error_messages={"required": _("Type the code from the message.")},
    )


class ProofForm(GuestForm):
    proof = forms.CharField(
        label=_("Family name, or last four digits of the telephone"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
        error_messages={"required": _("Tell us one of the two.")},
    )


def read_start(text: str) -> datetime | None:
    """The instant that a page sent along; None for nonsense."""
    try:
        return parse_instant(text)
    except ValueError:
        return None
