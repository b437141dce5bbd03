"""The form of a client or a colleague: how to reach them, and what they sign in with."""

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from accounts.models import SIGN_IN_ADDRESS_TAKEN, User
from clientline.admin.forms import ClientLineForm, LowerCaseEmailField
from clientline.admin.inputs import DayField
from clientline.backoffice.people.known_clients import describe_known_client
from clientline.languages import OFFERED
from clientline.notations import parse_birthday

OF_CLIENTS = ("contact_email", "birthday", "language", "client_notes", "is_flagged")
CONTACT = ("organization", "name", "phone", *OF_CLIENTS, "somebody_else")
TAKEN_HERE = gettext_lazy('This address signs in <a href="{}">{}</a>.')


class BirthdayFormField(DayField):
    def to_python(self, value):
        born = super().to_python(value)
        try:
            return born and parse_birthday(born.isoformat(), today=timezone.localdate())
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from error


class PersonForm(ClientLineForm):
    email = LowerCaseEmailField(
        label=gettext_lazy("Sign-in address"),
        required=False,
        max_length=254,
        help_text=gettext_lazy("Empty for clients who do not sign in"),
    )
    birthday = BirthdayFormField(label=gettext_lazy("Birthday"), required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        required=False,
        choices=[("", gettext_lazy("as the organization")), *OFFERED.items()],
    )
    # Not called `password`: under that name the page of somebody who may not change it would show the hash.
    new_password = forms.CharField(
        label=gettext_lazy("New password"),
        required=False,
        empty_value=None,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy(
            "At least 10 characters. Without one, a new person cannot sign in; anybody else keeps theirs."
        ),
    )
    somebody_else = forms.BooleanField(
        label=gettext_lazy("This is somebody else: add them all the same"), required=False, widget=forms.HiddenInput
    )
    renamed = {"password": "new_password"}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "email" in self.initial:
            self.initial["email"] = self.instance.sign_in_address

    def add_refusal(self, refusal):
        if refusal.code == "looks_known":
            return self.ask_whether_known(refusal.people)
        taken = [error for error in getattr(refusal, "errors", ()) if (error["field"], error["code"]) == TAKEN_EMAIL]
        return self.add_error("email", self.say_who_has_it()) if taken else super().add_refusal(refusal)

    def ask_whether_known(self, people):
        self.fields["somebody_else"].widget = forms.CheckboxInput()
        links = format_html_join(
            ", ", '<a href="{}">{}</a>', [(_link_to(each), describe_known_client(each)) for each in people]
        )
        self.add_error("somebody_else", format_html(gettext("This may be somebody who is here already: {}."), links))

    def say_who_has_it(self):
        """Where the address is taken: by name in the same organization, of others nothing."""
        home = self.cleaned_data.get("organization") or self.organization or self.instance.organization
        holder = User.objects.filter(organization=home, email=self.cleaned_data["email"]).first()
        return format_html(TAKEN_HERE, _link_to(holder), holder) if holder else SIGN_IN_ADDRESS_TAKEN


TAKEN_EMAIL = ("email", "unique")


def _link_to(person):
    return reverse("admin:accounts_user_change", args=[person.pk])
