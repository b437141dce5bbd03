from django_filters import ChoiceFilter, FilterSet

from clientline.api.filters import FlagFilter, InstantFilter
from clientline.reach.webhooks.models import TEST, TYPES, WebhookDelivery, WebhookEndpoint


class WebhookFilter(FilterSet):
    is_active = FlagFilter()

    class Meta:
        model = WebhookEndpoint
        fields = []


class DeliveryFilter(FilterSet):
    state = ChoiceFilter(choices=WebhookDelivery.State)
    type = ChoiceFilter(choices=[(name, name) for name in (*TYPES, TEST)])
    created_from = InstantFilter(field_name="created_at", lookup_expr="gte")
    created_to = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = WebhookDelivery
        fields = []
