"""`/organizations`: members see their own, its admin changes it, operators make new ones."""

from clientline.viewsets import ClientLineViewSet
from organizations.filters import OrganizationFilter
from organizations.models import Organization
from organizations.serializers import OrganizationSerializer


class OrganizationViewSet(ClientLineViewSet):
    model = Organization
    resource = "organizations"
    serializer_class = OrganizationSerializer
    filterset_class = OrganizationFilter
    tenant_column = "id"
