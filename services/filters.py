from django_filters import FilterSet

from clientline.api.filters import FlagFilter, IdFilter, SearchFilter
from services.models import Service


class ServiceFilter(FilterSet):
    is_active = FlagFilter()
    staff = IdFilter(method="performed_by", label="A user who performs it")
    search = SearchFilter(["name", "description"])

    class Meta:
        model = Service
        fields = []

    def performed_by(self, queryset, name, value):
        return queryset.performed_by(value)
