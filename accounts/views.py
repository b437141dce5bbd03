"""`/users`, and `/auth`: signing in and out, one's own password and tokens."""

from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.response import Response

from accounts import contacts, finding, people, second_factor, sign_in, sign_ins, tokens
from accounts.filters import LONGEST_SEARCH, UserFilter
from accounts.models import Token, User
from accounts.serializers import (
    CodeSerializer,
    CreatedUserSerializer,
    EnrolmentSerializer,
    FactorSerializer,
    IssuedTokenSerializer,
    LoginSerializer,
    PasswordSerializer,
    SecondFactorSerializer,
    SignedInSerializer,
    SignInsSerializer,
    TokenSerializer,
    UserSerializer,
    choose_user_serializer,
)
from clientline.api.schema import ETAG, says_what_it_strands
from clientline.api.viewsets import ClientLineViewSet, CreateMixin, DestroyMixin, ReadViewSet, answer_row
from clientline.refusals import FieldRefused
from clientline.web.addresses import find_address, read_agent
from clientline.web.probes import Endpoint


@says_what_it_strands(UserSerializer, creating=False)
class UserViewSet(ClientLineViewSet):
    model = User
    resource = "users"
    serializer_class = UserSerializer
    filterset_class = UserFilter
    orderings = ("name", "created_at")

    @classmethod
    def answer_class(cls, caller):
        return choose_user_serializer(caller)

    def body(self, *args, **kwargs):
        chosen = self.answer_class(self.request.user)
        return chosen(*args, data=self.request.data, context=self.get_serializer_context(), **kwargs)

    def find_search(self, page):
        text, caller = self.paginator.read_only_filter("search"), self.request.user
        is_plain = text and not caller.is_superuser and len(text) <= LONGEST_SEARCH and "\0" not in text
        return finding.Search.prepare(page, text, caller.organization) if is_plain else None

    @extend_schema(responses={201: CreatedUserSerializer})
    def create(self, request):
        """Add somebody. A client may look known: `possible_duplicates` says who they may be, and nothing is merged."""
        return super().create(request)

    def answer(self, serializer):
        answer = super().answer(serializer)
        if self.action == "create":
            answer["possible_duplicates"] = self.list_duplicates(serializer.instance)
        return answer

    def list_duplicates(self, person):
        """The ids of those who look like the person just created, as far as the caller may list them."""
        keys = [other.pk for other in contacts.find_duplicates(person)]
        listed = (
            User.objects.visible_to(self.request.user, "users").filter(pk__in=keys) if keys else User.objects.none()
        )
        return sorted(listed.values_list("pk", flat=True))

    def perform_destroy(self, row):
        people.remove_person(by=self.request.user, person=row)


class LoginView(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=LoginSerializer, responses=SignedInSerializer, auth=[])
    def post(self, request):
        """Sign in. Unknown, wrong and inactive get one and the same 401."""
        serializer = LoginSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        code = serializer.validated_data.pop("code", None)
        user = sign_in.find_person_by_password(self.django_request, **serializer.validated_data)
        if user is None:
            raise AuthenticationFailed(_("E-mail and password do not match."), code="invalid_credentials")
        if user.has_second_factor:
            _ask_for_code(self.django_request, user, code)
        timezone.activate(user.organization.zone)
        token, secret = tokens.issue_sign_in_token(user, address=find_address(request), agent=read_agent(request))
        user_logged_in.send(sender=User, request=self.django_request, user=user)  # writes last_login and the audit
        signed_in = {"token": secret, "expires_at": token.expires_at, "user": user}
        answer = SignedInSerializer(signed_in, context={"request": request}).data
        return Response(answer | {"user": choose_user_serializer(user)(user, context={"request": request}).data})


def _ask_for_code(request, user, code):
    """Raises a 401 unless the code is right."""
    if not code:
        raise AuthenticationFailed(_("Send the `code` of your second factor, too."), code="second_factor_required")
    if not sign_in.check_code(request, user, code):
        raise AuthenticationFailed(_("This is not the present code."), code="second_factor_required")


class LogoutView(Endpoint):
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=None, responses={204: None})
    def post(self, request):
        """End the token or session that was used."""
        if request.auth:
            request.auth.delete()
        else:
            logout(self.django_request)
        return Response(status=204)


class MeView(Endpoint):
    permission_classes = (IsAuthenticated,)

    @extend_schema(parameters=[ETAG], responses=UserSerializer)
    def get(self, request):
        """The caller."""
        return answer_row(choose_user_serializer(request.user)(request.user, context={"request": request}).data)


class PasswordView(Endpoint):
    permission_classes = (IsAuthenticated,)

    @extend_schema(request=PasswordSerializer, responses={204: None})
    def post(self, request):
        """Change the own password. All other sessions and tokens of the caller end."""
        serializer = PasswordSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        body = serializer.validated_data
        sign_in.confirm_password(self.django_request, request.user, body["current_password"])
        people.change_own_password(person=request.user, new=body["new_password"], keep_token=request.auth)
        if not request.auth:
            update_session_auth_hash(self.django_request, request.user)
        return Response(status=204)


class SecondFactorView(Endpoint):
    permission_classes = (IsAuthenticated,)

    def read_body(self, serializer_class):
        serializer = serializer_class(data=self.request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer_state(self):
        return Response(SecondFactorSerializer(second_factor.describe_state(self.request.user)).data)

    def check(self, code):
        if not sign_in.check_code(self.django_request, self.request.user, code or ""):
            raise FieldRefused("code", "invalid", _("This is not the present code."))

    @extend_schema(responses=SecondFactorSerializer)
    def get(self, request):
        """Whether a second factor is set up."""
        return self.answer_state()

    @extend_schema(request=FactorSerializer, responses={201: EnrolmentSerializer, 200: SecondFactorSerializer})
    def post(self, request):
        """Begin to set up a second factor, with the `current_password`; the answer is the only one with its secret
        and its recovery codes. Then send a `code`: from there on, signing in needs one. All other sign-ins end.
        """
        body = self.read_body(FactorSerializer)
        if "code" not in body:
            return Response(EnrolmentSerializer(self.begin(body.get("current_password"))).data, status=201)
        self.check(body["code"])
        second_factor.confirm(request.user, keep=sign_ins.read_current(self.django_request))
        return self.answer_state()

    def begin(self, password):
        if password is None:
            raise FieldRefused("current_password", "required", _("Send your password, too."))
        sign_in.confirm_password(self.django_request, self.request.user, password)
        return second_factor.begin_enrolment(self.request.user)

    @extend_schema(responses={204: None})
    def delete(self, request):
        """Remove the second factor. The body holds a `code`, `{"code": "123456"}`. All other sign-ins end."""
        self.check(self.read_body(CodeSerializer).get("code"))
        second_factor.remove(request.user, by=request.user, keep=sign_ins.read_current(self.django_request))
        return Response(status=204)


class SignInsView(Endpoint):
    permission_classes = (IsAuthenticated,)

    @extend_schema(responses=SignInsSerializer)
    def get(self, request):
        """All that acts for the caller: sessions of browsers, and tokens. Newest first."""
        found = sign_ins.list_sign_ins(request.user, current=sign_ins.read_current(self.django_request))
        return Response(SignInsSerializer({"results": found}).data)


class SignInView(Endpoint):
    permission_classes = (IsAuthenticated,)

    @extend_schema(responses={204: None})
    def delete(self, request, id):
        """End one of the caller's sessions or tokens."""
        if not sign_ins.end_sign_in(request.user, id):
            raise Http404
        return Response(status=204)


class TokenViewSet(CreateMixin, DestroyMixin, ReadViewSet):
    """The caller's own tokens for programs."""

    model = Token
    permission_classes = (IsAuthenticated,)
    serializer_class = TokenSerializer
    is_repeatable = False  # the answer holds a secret

    @classmethod
    def rows(cls, caller, path, action):
        return Token.objects.named().filter(user=caller.pk)

    @extend_schema(responses={201: IssuedTokenSerializer})
    def create(self, request):
        """Make a token. The answer is the only one that shows it."""
        return super().create(request)

    def answer(self, serializer):
        return super().answer(serializer) | {"token": serializer.secret}
