"""The admin's doors: signing in and out, and one's own password."""

from datetime import datetime, time, timedelta
from urllib.parse import urlencode

import qrcode
from django import forms
from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth import login
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import SuspiciousOperation, ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from qrcode.image.svg import SvgPathFillImage

from accounts import people, second_factor, second_step, sign_in, sign_ins, tokens
from accounts.models import User
from clientline.admin.inputs import DayField
from clientline.admin.site import ClientLineAdminSite
from clientline.languages import OFFERED
from clientline.notations import LATEST
from clientline.refusals import Refused, Throttled
from clientline.web.marks import after_enrolment, before_enrolment, unconfined
from organizations import policy

BACKEND = "accounts.authentication.EmailBackend"
SCOPES = [
    (policy.READ, _("read")),
    (policy.BOOK, _("read, book and create clients")),
    (policy.MANAGE, _("do all that you may")),
]


class CodeNeeded(Exception):
    """The password is right, and the person has a second factor."""

    def __init__(self, person):
        super().__init__()
        self.person = person


class SignInForm(AdminAuthenticationForm):
    error_messages = AdminAuthenticationForm.error_messages | {
        "invalid_login": _("Please enter the correct email and password for a staff account.")  # in letters of any case
    }

    def confirm_login_allowed(self, user):
        super().confirm_login_allowed(user)
        if user.has_second_factor:
            raise CodeNeeded(user)

    def get_invalid_login_error(self):
        try:
            sign_in.refuse_locked_out(self.request)
        except Throttled as error:
            return ValidationError(error.detail, error.code)
        return super().get_invalid_login_error()


class CodeForm(forms.Form):
    """A code of `person`, who may not have signed in yet."""

    code = forms.CharField(
        max_length=40,
        label=_("Code"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autofocus": True}),
        help_text=_("Six digits of your authenticator app, or one of your recovery codes."),
    )

    def __init__(self, *args, request, person, **kwargs):
        self.request, self.person = request, person
        super().__init__(*args, **kwargs)

    def clean_code(self):
        try:
            if sign_in.check_code(self.request, self.person, self.cleaned_data["code"]):
                return True
        except Throttled as error:
            raise ValidationError(error.detail, error.code) from error
        raise ValidationError(_("This is not the present code."), "invalid")


class PasswordForm(forms.Form):
    """The password of `person`, who has signed in: it may be somebody else who sits there now."""

    current_password = forms.CharField(
        max_length=128,
        strip=False,
        label=_("Your password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password", "autofocus": True}),
        help_text=_("Then the page shows what an authenticator app needs."),
    )

    def __init__(self, *args, request, person, **kwargs):
        self.request, self.person = request, person
        super().__init__(*args, **kwargs)

    def clean_current_password(self):
        try:
            sign_in.confirm_password(self.request, self.person, self.cleaned_data["current_password"])
        except Refused as error:
            raise ValidationError(error.detail, error.code) from error


class OwnPasswordForm(AdminPasswordChangeForm):
    def __init__(self, *args, request, **kwargs):
        self.request = request
        super().__init__(*args, **kwargs)

    def clean_old_password(self):
        try:
            sign_in.confirm_password(self.request, self.user, self.cleaned_data["old_password"])
        except Refused as error:
            raise ValidationError(error.detail, error.code) from error

    def save(self, commit=True):
        people.change_own_password(person=self.user, new=self.cleaned_data["new_password1"])
        return self.user


class OwnPasswordView(PasswordChangeView):
    form_class = OwnPasswordForm

    def get_form_kwargs(self):
        return super().get_form_kwargs() | {"request": self.request}


class TokenForm(forms.Form):
    """A token for a program, which acts as who makes it."""

    name = forms.CharField(max_length=100, label=_("Name of the program"))
    scope = forms.ChoiceField(choices=SCOPES, label=_("It may"))
    last_day = DayField(
        required=False,
        label=_("Last day"),
        help_text=_("Without one: for a year."),
    )

    def clean_last_day(self):
        day = self.cleaned_data["last_day"]
        if day and not timezone.localdate() <= day < LATEST.date():
            raise ValidationError(_("Choose a day to come, before the year 2100."), "invalid")
        return day

    def issue(self, person):
        """Make it; returns the secret, which cannot be shown again."""
        name, scope, last_day = (self.cleaned_data[field] for field in ("name", "scope", "last_day"))
        end = last_day and datetime.combine(last_day + timedelta(days=1), time(), timezone.get_current_timezone())
        return tokens.issue_token(person, now=timezone.now(), name=name, scope=scope, expires_at=end)[1]


class AccountSite(ClientLineAdminSite):
    """These pages write sessions and count failures, which the tenants' role may not."""

    login_form = SignInForm

    def get_urls(self):
        return [
            path("code/", self.code, name="code"),
            path("second-factor/", self.admin_view(self.second_factor), name="second_factor"),
            path("sign-ins/", self.admin_view(self.sign_ins), name="sign_ins"),
            path("language/", self.admin_view(require_POST(self.choose_language)), name="language"),
            *super().get_urls(),
        ]

    @unconfined
    def login(self, request, extra_context=None):
        try:
            return _render_too_many(request, super().login(request, extra_context))
        except CodeNeeded as step:
            second_step.begin_second_step(request, step.person)
            return HttpResponseRedirect(f"{reverse('admin:code')}?{urlencode({'next': request.POST.get('next', '')})}")

    @unconfined
    def code(self, request):
        """The second step of signing in."""
        person = second_step.find_person_at_second_step(request)
        if person is None:
            return HttpResponseRedirect(reverse("admin:login"))
        form = CodeForm(request.POST or None, request=request, person=person)
        if form.is_valid():
            second_step.end(request)
            login(request, person, backend=BACKEND)
            return HttpResponseRedirect(_choose_next_page(request))
        context = {**self.each_context(request), "title": _("Second step"), "form": form}
        return _render_too_many(request, TemplateResponse(request, "admin/code.html", context))

    @unconfined
    def logout(self, request, extra_context=None):
        return super().logout(request, extra_context)

    @after_enrolment
    @unconfined
    def password_change(self, request, extra_context=None):
        answer = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return _render_too_many(request, answer(request))

    @before_enrolment
    @unconfined
    def second_factor(self, request):
        """Set up or remove: after the password, a code shows that the app has the secret, or that its owner asks."""
        person, codes = request.user, []
        asks_password = not person.has_second_factor and not second_step.may_enrol(request)
        form_class = PasswordForm if asks_password else CodeForm
        form = form_class(request.POST or None, request=request, person=person)
        if form.is_valid():
            codes = self.go_on_with_second_factor(request, asks_password)
            if not codes:
                return HttpResponseRedirect(reverse("admin:second_factor"))
        state = second_factor.describe_state(person)
        context = {"title": _("Second factor"), "form": form, "codes": codes, "state": state}
        if not person.has_second_factor and not asks_password:
            context |= _draw_enrolment(person)
        context |= self.each_context(request)
        return _render_too_many(request, TemplateResponse(request, "admin/second_factor.html", context))

    def go_on_with_second_factor(self, request, asks_password):
        """The step that was asked for; returns recovery codes, where there are any to show."""
        person, current = request.user, sign_ins.read_current(request)
        if asks_password:
            second_step.begin_enrolling(request)
            return []
        if person.has_second_factor:
            second_factor.remove(person, by=person, keep=current)
            return []
        second_step.end_enrolling(request)
        return second_factor.confirm_with_new_codes(person, keep=current)

    @after_enrolment
    @unconfined
    def sign_ins(self, request):
        if "end" in request.POST:
            if sign_ins.end_sign_in(request.user, request.POST["end"]):
                messages.success(request, _("Ended."))
            return HttpResponseRedirect(reverse("admin:sign_ins"))
        form = TokenForm(request.POST or None)
        secret = form.issue(request.user) if form.is_valid() else ""
        found = sign_ins.list_sign_ins(request.user, current=sign_ins.read_current(request))
        context = {"title": _("Where you are signed in"), "sign_ins": found, "form": form, "secret": secret}
        return TemplateResponse(request, "admin/sign_ins.html", {**self.each_context(request), **context})

    def choose_language(self, request):
        """One's own, which is above the organization's; '' leaves it to that. Leads back to where it was chosen."""
        asked = request.POST.get("language", "")
        if asked not in ("", *OFFERED):
            raise SuspiciousOperation(f"There is no language {asked[:40]}.")
        person = User.objects.visible_to(request.user, "users", "update").filter(pk=request.user.pk)
        person = person.select_for_update(of=("self",), no_key=True).get()
        people.change_person(by=request.user, person=person, changes={"language": asked})
        return HttpResponseRedirect(_find_former_page(request))


def _find_former_page(request):
    former = request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(former, {request.get_host()}, require_https=request.is_secure())
    return former if safe else reverse("admin:index")


def _choose_next_page(request):
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else reverse("admin:index")


def _draw_enrolment(person):
    """What the page shows of a secret that is not in force yet."""
    shown = second_factor.resume_enrolment(person)
    drawing = qrcode.make(shown["uri"], image_factory=SvgPathFillImage, box_size=20)
    return {"secret": shown["secret"], "drawing": mark_safe(drawing.to_string(encoding="unicode"))}


def _render_too_many(request, response):
    """The page that says so, with the status that says so."""
    if getattr(request, "axes_locked_out", False):
        response.status_code = 429
    return response
