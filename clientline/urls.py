"""Every path. The middleware strips trailing slashes, so each stands here once, without."""

from django.conf import settings
from django.contrib import admin
from django.urls import path, register_converter
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import RedirectView, TemplateView
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView

from accounts.views import (
    LoginView,
    LogoutView,
    MeView,
    PasswordView,
    SecondFactorView,
    SignInsView,
    SignInView,
    TokenViewSet,
    UserViewSet,
)
from appointments.views import (
    AppointmentViewSet,
    AvailabilityView,
    NoShowsView,
    SpecialHoursViewSet,
    TimeOffViewSet,
    UtilizationView,
    WorkingHoursViewSet,
)
from clientline.api.converters import IdConverter
from clientline.api.routers import Router
from clientline.privacy.views import PrivacyViewSet
from clientline.reach.calendars.views import FeedView, FeedViewSet
from clientline.reach.files.views import ListFileViewSet
from clientline.reach.guests.urls import urlpatterns as guest_patterns
from clientline.reach.messages.delivery.notice_views import list_notice_patterns
from clientline.reach.messages.unsubscribe_page import UnsubscribeView
from clientline.reach.messages.views import MessageRuleViewSet, MessageTextViewSet, MessageViewSet
from clientline.reach.webhooks.views import DeliveryViewSet, TestCallViewSet, WebhookViewSet
from clientline.web.marks import after_enrolment, before_enrolment, open_to_any_token, public, unconfined
from clientline.web.probes import HealthView, LiveView, MetricsView, ReadyView, RedocView, is_served_here
from clientline.web.problem_pages import ProblemsView
from organizations.views import AuditViewSet, OrganizationViewSet
from payments.callbacks import CallbackView, SimulatorView
from payments.views import (
    ClientBalanceView,
    MovementsView,
    PaymentViewSet,
    RefundViewSet,
    RevenueView,
    VisitBalanceView,
)
from services.views import ServiceViewSet

register_converter(IdConverter, "id")
admin.autodiscover()  # here, as nothing but pages needs it: commands start without

READ = {"http_method_names": ("get", "head")}

handler400 = "clientline.web.answers.bad_request"
handler403 = "clientline.web.answers.permission_denied"
handler404 = "clientline.web.answers.page_not_found"
handler500 = "clientline.api.problems.server_error"

# Django tries one path after the other, from the top: what programs ask most stands first. Below all others, an
# appointment was found at the forty-sixth try, which was a tenth of all calls that its request makes in Python.
router = Router()
router.register("appointments", AppointmentViewSet, basename="appointment")
router.register("users", UserViewSet, basename="user")
router.register("services", ServiceViewSet, basename="service")
router.register("payments", PaymentViewSet, basename="payment")
router.register("working-hours", WorkingHoursViewSet, basename="working-hours")
router.register("special-hours", SpecialHoursViewSet, basename="special-hours")
router.register("time-off", TimeOffViewSet, basename="time-off")
router.register("feeds", FeedViewSet, basename="feed")
router.register("messages", MessageViewSet, basename="message")
router.register("message-rules", MessageRuleViewSet, basename="message-rule")
router.register("message-texts", MessageTextViewSet, basename="message-text")
router.register("organizations", OrganizationViewSet, basename="organization")
router.register("webhooks", WebhookViewSet, basename="webhook")
router.register("auth/tokens", TokenViewSet, basename="token")

urlpatterns = [
    path("availability", AvailabilityView.as_view(), name="availability"),
    *router.urls,
    path("", public(HealthView.as_view()), name="health"),
    path("live", public(LiveView.as_view()), name="live"),
    path("ready", public(ReadyView.as_view()), name="ready"),
    path("metrics", public(MetricsView.as_view()), name="metrics"),
    path("favicon.ico", public(RedirectView.as_view(url=f"{settings.STATIC_URL}clientline/favicon.svg"))),
    path(
        "docs",
        unconfined(is_served_here(SpectacularSwaggerSplitView.as_view(url_name="openapi", **READ))),
        name="docs",
    ),
    path("redoc", unconfined(is_served_here(RedocView.as_view())), name="redoc"),
    path("openapi.json", unconfined(SpectacularJSONAPIView.as_view(**READ)), name="openapi"),
    path("errors", public(ProblemsView.as_view()), name="problems"),
    path("errors/<slug:code>", public(ProblemsView.as_view()), name="problem"),
    path("auth/login", open_to_any_token(unconfined(LoginView.as_view())), name="login"),
    path("auth/logout", open_to_any_token(unconfined(LogoutView.as_view())), name="logout"),
    path("auth/me", before_enrolment(MeView.as_view()), name="me"),
    path("auth/password", after_enrolment(unconfined(PasswordView.as_view())), name="password"),
    path("auth/second-factor", unconfined(SecondFactorView.as_view()), name="second-factor"),
    path("auth/sessions", after_enrolment(unconfined(SignInsView.as_view())), name="sign-ins"),
    path("auth/sessions/<slug:id>", after_enrolment(unconfined(SignInView.as_view())), name="sign-in"),
    path("reports/utilization", UtilizationView.as_view(), name="utilization"),
    path("reports/no-shows", NoShowsView.as_view(), name="no-shows"),
    path("exports/movements", MovementsView.as_view(), name="movements"),
    path("exports", ListFileViewSet.as_view({"post": "create"}), name="exports"),
    path("exports/<slug:pk>", ListFileViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="export"),
    path("exports/<slug:pk>/file", ListFileViewSet.as_view({"get": "download"}), name="export-file"),
    path("reports/revenue", RevenueView.as_view(), name="revenue"),
    path("appointments/<id:pk>/balance", VisitBalanceView.as_view(), name="appointment-balance"),
    path("users/<id:pk>/balance", ClientBalanceView.as_view(), name="user-balance"),
    path("users/<id:pk>/export", PrivacyViewSet.as_view({"get": "export"}), name="user-export"),
    path("users/<id:pk>/erase", PrivacyViewSet.as_view({"get": "preview", "post": "erase"}), name="user-erase"),
    path(
        "payments/<id:payment>/refunds",
        RefundViewSet.as_view({"get": "list", "post": "create"}),
        name="refunds",
    ),
    path("webhooks/<id:webhook>/test", TestCallViewSet.as_view({"post": "create"}), name="webhook-test"),
    path("webhooks/<id:webhook>/deliveries", DeliveryViewSet.as_view({"get": "list"}), name="deliveries"),
    path(
        "webhooks/<id:webhook>/deliveries/<id:pk>",
        DeliveryViewSet.as_view({"get": "retrieve"}),
        name="delivery",
    ),
    path(
        "webhooks/<id:webhook>/deliveries/<id:pk>/send-again",
        DeliveryViewSet.as_view({"post": "send_again"}),
        name="delivery-send-again",
    ),
    path("payments/callbacks/<slug:provider>", unconfined(CallbackView.as_view()), name="payment-callback"),
    path("payments/simulator/<slug:reference>", unconfined(SimulatorView.as_view()), name="simulator"),
    path("payments/thanks", unconfined(TemplateView.as_view(template_name="payments/thanks.html")), name="thanks"),
    *list_notice_patterns(),
    *guest_patterns,
    path("feeds/<slug:token>.ics", unconfined(FeedView.as_view()), name="feed-file"),
    path("u/<slug:token>", csrf_exempt(unconfined(UnsubscribeView.as_view())), name="unsubscribe"),
    path("audit", AuditViewSet.as_view({"get": "list"}), name="audit"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
]
