from django_filters import CharFilter, ChoiceFilter, FilterSet

from accounts import finding
from accounts.models import User
from clientline.api.filters import FlagFilter
from organizations.models import Organization

LONGEST_SEARCH = 200  # characters


class PeopleSearchFilter(CharFilter):
    """Rows whose `person` the text finds, by name, address or telephone, or whose `number` it is."""

    def __init__(self, person="pk", number="", **options):
        self.person, self.number = person, number
        super().__init__(max_length=LONGEST_SEARCH, **options)

    def filter(self, queryset, value):
        if not value:
            return queryset
        searched = _choose_organization(self.parent.request)
        return finding.find_people(queryset, value, organization=searched, person=self.person, number=self.number)


def _choose_organization(request):
    """The caller's own; the one that an operator named, or None."""
    if not request.user.is_superuser:
        return request.user.organization
    named = request.query_params.get("organization")  # checked already
    return Organization.objects.filter(pk=named).first() if named else None


class UserFilter(FilterSet):
    role = ChoiceFilter(choices=User.Role)
    is_active = FlagFilter()
    search = PeopleSearchFilter()

    class Meta:
        model = User
        fields = []
