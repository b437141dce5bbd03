"""The pages of who has forgotten a password: one asks for the address, the other takes the code and a new password."""

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientline.admin.forms import LowerCaseEmailField, Refusable
from clientline.reach.messages.codes import can_send
from clientline.reach.passwords import resetting
from clientline.refusals import FieldRefused, Refused, Throttled
from clientline.web.addresses import find_network


class AddressForm(Refusable, forms.Form):
    email = LowerCaseEmailField(
        label=_("E-mail address"),
        max_length=254,
        help_text=_("By which you sign in"),
        widget=forms.EmailInput({"autocomplete": "username", "autofocus": True}),
    )


class NewPasswordForm(Refusable, forms.Form):
    code = forms.CharField(
        label=_("The six digits"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
    )
    new_password = forms.CharField(
        label=_("New password"),
        max_length=128,
        strip=False,
        help_text=_("At least 10 characters"),
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same again"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )
    renamed = {"password": "new_password"}

    def clean(self):
        values = super().clean()
        if {"new_password", "again"} <= values.keys() and values["new_password"] != values["again"]:
            self.add_error("again", gettext("These are two different passwords."))
        return values


def forgotten_view(site, request):
    """Whoever's the address is: the same answer."""
    form = AddressForm(request.POST or None)
    if can_send("mail") and form.is_valid():
        try:
            secret = resetting.ask_for_reset(
                address=form.cleaned_data["email"], network=find_network(request) or "", now=timezone.now()
            )
        except Throttled as refusal:
            form.add_refusal(refusal)
        else:
            return HttpResponseRedirect(reverse("admin:new_password", args=[secret]))
    return _render(site, request, "forgotten.html", form, title=gettext("Forgotten password"), mails=can_send("mail"))


def new_password_view(site, request, secret):
    form = NewPasswordForm(request.POST or None)
    if form.is_valid() and _try_to_reset(form, secret):
        messages.success(request, gettext("Your password is changed. Sign in with it."))
        return HttpResponseRedirect(reverse("admin:login"))
    return _render(site, request, "new_password.html", form, title=gettext("Choose another password"))


def _try_to_reset(form, secret):
    """Whether it was done; what was wrong stands in the form."""
    values = form.cleaned_data
    try:
        resetting.reset_password(secret=secret, code=values["code"], new=values["new_password"], now=timezone.now())
    except resetting.WrongResetCode as refusal:
        form.add_error("code", refusal.detail)
    except (FieldRefused, Refused) as refusal:
        form.add_refusal(refusal)
    else:
        return True
    return False


def _render(site, request, template, form, **told):
    status = 429 if any(error.code == "too_many_codes" for error in form.non_field_errors().as_data()) else 200
    context = site.each_context(request) | {"form": form} | told
    return TemplateResponse(request, f"admin/{template}", context, status=status)
