from django_filters import FilterSet

from clientline.filters import FlagFilter, SearchFilter
from organizations.models import Organization


class OrganizationFilter(FilterSet):
    is_active = FlagFilter()
    search = SearchFilter(["name", "email"])

    class Meta:
        model = Organization
        fields = []
