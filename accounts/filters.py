from django_filters import ChoiceFilter, FilterSet

from accounts.models import User
from clientline.api.filters import FlagFilter, SearchFilter


class UserFilter(FilterSet):
    role = ChoiceFilter(choices=User.Role)
    is_active = FlagFilter()
    search = SearchFilter(["name", "email", "phone"])

    class Meta:
        model = User
        fields = []
