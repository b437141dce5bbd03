"""Who is calling: found once by `CallerMiddleware`, and told to DRF here."""

from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied


class CallerAuthentication(SessionAuthentication):
    """The caller that the middleware found: by token, or by session, which also needs its CSRF token."""

    def authenticate(self, request):
        # DRF passes on what it has no such attribute for; its `user` is what is asked for here.
        user, token = request.call.caller, request.call.token
        if token is not None:
            return user, token
        if request.call.has_bad_token:
            raise AuthenticationFailed(_("This token is not valid."), code="not_authenticated")
        if not user.is_authenticated:
            return None
        self.enforce_csrf(request)
        return user, None

    def enforce_csrf(self, request):
        try:
            super().enforce_csrf(request)
        except PermissionDenied as error:
            raise PermissionDenied(str(error.detail), code="csrf_failed") from error

    def authenticate_header(self, request):
        return "Bearer"
