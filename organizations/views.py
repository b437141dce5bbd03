"""`/organizations`: members see their own, its admin changes it, operators make new ones. `/audit`: who did what."""

from clientline.api.schema import says_what_it_strands
from clientline.api.viewsets import ClientLineViewSet, ReadViewSet
from organizations.filters import AuditFilter, OrganizationFilter
from organizations.models import Audit, Organization
from organizations.serializers import AuditSerializer, OrganizationSerializer


@says_what_it_strands(OrganizationSerializer, creating=False)
class OrganizationViewSet(ClientLineViewSet):
    model = Organization
    resource = "organizations"
    serializer_class = OrganizationSerializer
    filterset_class = OrganizationFilter
    tenant_column = "id"


class AuditViewSet(ReadViewSet):
    model = Audit
    resource = "audit"
    serializer_class = AuditSerializer
    filterset_class = AuditFilter
    default_ordering = "-id"
    http_method_names = ("get", "head")

    def list(self, request):
        """Changes of rows, and events like sign-ins, exports and refusals; newest first."""
        return super().list(request)
