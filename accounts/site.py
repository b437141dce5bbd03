"""The admin's doors: signing in and out, and one's own password."""

from django.contrib import messages
from django.contrib.admin.forms import AdminAuthenticationForm, AdminPasswordChangeForm
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from accounts import people, sign_in, sign_ins
from clientline.admin import ClientLineAdminSite
from clientline.errors import Refused, Throttled
from clientline.walls import unconfined


class SignInForm(AdminAuthenticationForm):
    def get_invalid_login_error(self):
        try:
            sign_in.refuse_locked_out(self.request)
        except Throttled as error:
            return ValidationError(error.detail, error.code)
        return super().get_invalid_login_error()


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


class AccountSite(ClientLineAdminSite):
    """These pages write sessions and count failures, which the tenants' role may not."""

    login_form = SignInForm

    def get_urls(self):
        return [path("sign-ins/", self.admin_view(self.sign_ins), name="sign_ins"), *super().get_urls()]

    @unconfined
    def login(self, request, extra_context=None):
        return too_many(request, super().login(request, extra_context))

    @unconfined
    def logout(self, request, extra_context=None):
        return super().logout(request, extra_context)

    @unconfined
    def password_change(self, request, extra_context=None):
        answer = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return too_many(request, answer(request))

    @unconfined
    def sign_ins(self, request):
        if request.method == "POST":
            if sign_ins.end(request.user, request.POST.get("end", "")):
                messages.success(request, "Ended.")
            return HttpResponseRedirect(reverse("admin:sign_ins"))
        found = sign_ins.of(request.user, current=sign_ins.current(request))
        context = {**self.each_context(request), "title": "Where you are signed in", "sign_ins": found}
        return TemplateResponse(request, "admin/sign_ins.html", context)


def too_many(request, response):
    """The page that says so, with the status that says so."""
    if getattr(request, "axes_locked_out", False):
        response.status_code = 429
    return response
