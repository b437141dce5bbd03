from django_filters import ChoiceFilter, FilterSet

from clientline.api.filters import IdFilter, InstantFilter
from clientline.reach.messages.models import Channel, Message, MessageRule, MessageText


class MessageFilter(FilterSet):
    appointment = IdFilter(field_name="appointment_id")
    client = IdFilter(field_name="appointment__client_id")
    kind = ChoiceFilter(choices=Message.Kind)
    channel = ChoiceFilter(choices=Channel)
    state = ChoiceFilter(choices=Message.State)
    created_from = InstantFilter(field_name="created_at", lookup_expr="gte")
    created_to = InstantFilter(field_name="created_at", lookup_expr="lt")

    class Meta:
        model = Message
        fields = []


class MessageRuleFilter(FilterSet):
    service = IdFilter(field_name="service_id")

    class Meta:
        model = MessageRule
        fields = []


class MessageTextFilter(FilterSet):
    kind = ChoiceFilter(choices=Message.Kind)
    channel = ChoiceFilter(choices=Channel)

    class Meta:
        model = MessageText
        fields = []
