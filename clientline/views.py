"""The health check, and the documentation pages, whose assets are all served from here."""

from functools import wraps

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.renderers import TemplateHTMLRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

HEALTH = inline_serializer(
    "Health",
    {"message": serializers.CharField(), "version": serializers.CharField(), "status": serializers.CharField()},
)


class HealthView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: HEALTH, 503: HEALTH}, auth=[], operation_id="health")
    def get(self, request):
        """Health check."""
        reachable = database_answers()
        body = {
            "message": "ClientLine Backend API",
            "version": settings.VERSION,
            "status": "ok" if reachable else "unavailable",
        }
        return Response(body, status=200 if reachable else 503, headers={} if reachable else {"Retry-After": "2"})


# Both pages style themselves inline; ReDoc would ask another host for a logo.
DOCUMENTATION_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; frame-ancestors 'none'"
)


def served_from_here(view):
    """A documentation page that may load nothing from elsewhere."""

    @wraps(view)
    def page(request, *args, **kwargs):
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = DOCUMENTATION_POLICY
        return response

    return page


class RedocView(APIView):
    """drf-spectacular's own page has inline script and fonts from elsewhere."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (TemplateHTMLRenderer,)

    @extend_schema(exclude=True)
    def get(self, request):
        return Response(template_name="clientline/redoc.html")


def database_answers():
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        connection.close()
        return False
    return True
