"""`/services`: clients see what is on offer, admins and managers run the list."""

from clientline.api.viewsets import ClientLineViewSet
from services.filters import ServiceFilter
from services.models import Service
from services.serializers import ServiceSerializer


class ServiceViewSet(ClientLineViewSet):
    model = Service
    resource = "services"
    serializer_class = ServiceSerializer
    filterset_class = ServiceFilter
    orderings = ("name", "created_at")
