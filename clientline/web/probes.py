"""The health check, and the documentation pages, whose assets are all served from here."""

from functools import wraps
from threading import Event

from django.apps import apps
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Sum
from django.http import Http404, HttpResponse
from django.utils.crypto import constant_time_compare
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from clientline import zones
from clientline.database.doubtful_homes import DOUBTFUL_HOMES
from clientline.database.pending import has_pending_migrations
from clientline.refusals import Unavailable
from clientline.web import metrics

HEALTH = inline_serializer(
    "Health",
    {
        "message": serializers.CharField(),
        "version": serializers.CharField(),
        "tzdata": serializers.CharField(help_text="Version of the time zone rules"),
        "status": serializers.CharField(),
    },
)

STATUS = inline_serializer("Liveness", {"status": serializers.CharField()})
READY = inline_serializer(
    "Ready",
    {
        "status": serializers.CharField(),
        "tzdata": serializers.CharField(help_text="Version of the time zone rules"),
        "visits_to_rezone": serializers.IntegerField(
            help_text="Coming visits that did not show the time agreed when they were last looked through"
        ),
        "homes_in_doubt": serializers.IntegerField(
            help_text="Organizations that came from another installation, which does not follow what changes here"
        ),
    },
)


class Endpoint(APIView):
    """Something to ask that is no resource. It has no OPTIONS, so `Allow` does not name it."""

    http_method_names = ("get", "head", "post", "put", "patch", "delete")

    def setup(self, request, *args, **kwargs):
        """Keep Django's own request, which signing in and sessions want: DRF's only passes most of it on."""
        super().setup(request, *args, **kwargs)
        self.django_request = request


class HealthView(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: HEALTH, 503: HEALTH}, auth=[])
    def get(self, request):
        """Health check."""
        reachable = _has_database()
        body = {
            "message": "ClientLine Backend API",
            "version": settings.VERSION,
            "tzdata": zones.RULES,
            "status": "ok" if reachable else "unavailable",
        }
        return Response(body, status=200 if reachable else 503, headers={} if reachable else {"Retry-After": "2"})


class LiveView(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=STATUS, auth=[])
    def get(self, request):
        """Whether the server answers at all; it asks no database."""
        return Response({"status": "ok"})


class ReadyView(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=READY, auth=[])
    def get(self, request):
        """Whether requests can be served: the database answers and takes writes, and all migrations are applied."""
        if not (_has_database(writes=True) and _is_migrated()):
            raise Unavailable("The database does not answer, only reads, or its migrations are not applied.")
        found = {"visits_to_rezone": _count_visits_to_rezone(), "homes_in_doubt": _count_doubtful_homes()}
        return Response({"status": "ok", "tzdata": zones.RULES} | found)


class MetricsView(Endpoint):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={(200, "text/plain"): str}, auth=[])
    def get(self, request):
        """Counters in Prometheus' text format, for who sends `Authorization: Bearer` with `METRICS_TOKEN`."""
        if not settings.METRICS_TOKEN:
            raise Http404
        sent = request.headers.get("Authorization", "").encode()
        if not constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}".encode()):
            raise AuthenticationFailed("This is not METRICS_TOKEN.", code="not_authenticated")
        text = metrics.write_exposition(info={"version": settings.VERSION, "tzdata": zones.RULES}, **_measure_gauges())
        return HttpResponse(text, content_type="text/plain; version=0.0.4; charset=utf-8")


applied = Event()

# Both pages style themselves inline; ReDoc would ask another host for a logo.
DOCUMENTATION_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def is_served_here(view):
    """A documentation page that may load nothing from elsewhere."""

    @wraps(view)
    def page(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = DOCUMENTATION_POLICY
        return response

    return page


class RedocView(Endpoint):
    """drf-spectacular's own page has inline script and fonts from elsewhere."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (TemplateHTMLRenderer,)

    @extend_schema(exclude=True)
    def get(self, request):
        return Response(template_name="clientline/redoc.html")


def _has_database(*, writes=False):
    """Whether it answers; where it `writes`, whether it does more than read."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")  # on a standby it is always on
            only_reads = cursor.fetchone() == ("on",)
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return not (writes and only_reads)


def _measure_gauges():
    """Without a database there is nothing to measure but that."""
    if not _has_database():
        return {"database_up": False}
    return {"database_up": True} | {name: value for measure in metrics.GAUGES for name, value in measure().items()}


def _count_visits_to_rezone():
    organizations = apps.get_model("organizations", "Organization")._default_manager
    return organizations.aggregate(found=Sum("visits_to_rezone"))["found"] or 0


def _count_doubtful_homes():
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({DOUBTFUL_HOMES}) AS doubtful")  # noqa: S608 -- ours
        return cursor.fetchone()[0]


def _is_migrated():
    """Whether all migrations are applied. Looked at until they are: nobody takes one back below a running server."""
    if not applied.is_set() and not has_pending_migrations():
        applied.set()
    return applied.is_set()
