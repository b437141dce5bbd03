from django_filters import CharFilter, ChoiceFilter, FilterSet

from clientline.api.filters import FlagFilter, IdFilter, InstantFilter, SearchFilter
from organizations.models import Audit, Organization


class OrganizationFilter(FilterSet):
    is_active = FlagFilter()
    search = SearchFilter(["name", "email"])

    class Meta:
        model = Organization
        fields = []


class AuditFilter(FilterSet):
    table = CharFilter(max_length=30)
    row = IdFilter(method="about")
    actor = IdFilter(field_name="actor_id")
    action = CharFilter(max_length=20)
    source = ChoiceFilter(choices=Audit.Source)
    at_from = InstantFilter(field_name="at", lookup_expr="gte")
    at_to = InstantFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Audit
        fields = []

    def about(self, queryset, name, value):
        return queryset.about(value)
