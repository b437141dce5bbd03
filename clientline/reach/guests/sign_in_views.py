"""Clients with a password sign in on the page for guests, and book there without a code."""

from django import forms
from django.contrib.auth import login, logout
from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import sign_in
from accounts.site import BACKEND
from clientline.reach.guests.forms import GuestForm, OldForm
from clientline.reach.guests.pages import GuestPage, answer_guests
from clientline.refusals import Throttled


class SignInForm(GuestForm):
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    code = forms.CharField(
        label=gettext_lazy("Code of your authenticator app, if you have one"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


@answer_guests
def sign_client_in(page: GuestPage) -> HttpResponse:
    """GET asks; POST signs in who is a client here. Unknown, wrong and of elsewhere get one and the same answer."""
    form = SignInForm(page.request.POST if page.sent else None)
    if page.sent:
        _refuse_other_sites(page)
        page.read_form_key("sign-in")
    if page.sent and form.is_valid() and _try_to_sign_in(page, form):
        return page.redirect(_choose_next(page))
    return page.render(
        "sign_in.html",
        form=form,
        action=page.link("sign-in"),
        next=_choose_next(page),
        form_key=page.make_form_key("sign-in"),
    )


def _refuse_other_sites(page: GuestPage) -> None:
    """Or another site could sign a visitor in as somebody else, and read what they book. Raises OldForm."""
    if page.embedded or page.request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise OldForm


def _try_to_sign_in(page: GuestPage, form: SignInForm) -> bool:
    """Whether it was done; what was wrong stands in the form."""
    request, values = page.request, form.cleaned_data
    try:
        person = sign_in.find_person_by_password(request, email=values["email"], password=values["password"])
        if person and (person.organization_id != page.organization.pk or person.role != "client"):
            person = None
        if person and (not person.has_second_factor or sign_in.check_code(request, person, values["code"])):
            login(request, person, backend=BACKEND)
            return True
    except Throttled as refusal:
        form.add_error(None, str(refusal.detail))
        return False
    form.add_error(None, _("These do not belong to a client here."))
    return False


def _choose_next(page: GuestPage) -> str:
    """Where they were; only a step of this page."""
    asked = (page.request.POST if page.sent else page.request.GET).get("next", "")
    home = page.link("services").partition("?")[0]
    return asked if asked.startswith((f"{home}/", f"{home}?")) else page.link("services")


@answer_guests
def sign_client_out(page: GuestPage) -> HttpResponse:
    if page.sent:
        page.read_form_key("sign-out")
        logout(page.request)
    return page.redirect(page.link("services"))
