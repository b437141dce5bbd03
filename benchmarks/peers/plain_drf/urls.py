from django.http import JsonResponse
from django.urls import include, path
from rest_framework import routers, serializers, viewsets

from benchmarks.peers.plain_drf.models import Person, Service, Visit


def make_viewset(shown, filters):
    """A ModelViewSet with all fields, and `filterset_fields`."""

    class Serializer(serializers.ModelSerializer):
        class Meta:
            model = shown
            fields = "__all__"

    class ViewSet(viewsets.ModelViewSet):
        queryset = shown.objects.all()
        serializer_class = Serializer
        filterset_fields = filters

    return ViewSet


router = routers.DefaultRouter(trailing_slash=False)
router.register("users", make_viewset(Person, ["role", "is_active"]))
router.register("services", make_viewset(Service, []))
router.register("appointments", make_viewset(Visit, ["client", "staff", "service", "status"]))

urlpatterns = [
    path("", lambda request: JsonResponse({})),  # by which a benchmark knows that it is up
    path("", include(router.urls)),
]
