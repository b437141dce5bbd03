"""`/messages`: what clients were and will be told. `/message-rules` and `/message-texts`: when, and in which words."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from clientline.api.reading import find_one_or_404
from clientline.api.viewsets import ClientLineViewSet, ReadViewSet, answer_row
from clientline.reach.messages import previews
from clientline.reach.messages.delivery.again import send_again
from clientline.reach.messages.delivery.telling import WITH_VISIT
from clientline.reach.messages.filters import MessageFilter, MessageRuleFilter, MessageTextFilter
from clientline.reach.messages.models import Message, MessageRule, MessageText
from clientline.reach.messages.serializers import (
    MessageRuleSerializer,
    MessageSerializer,
    MessageTextSerializer,
    PreviewingSerializer,
    PreviewSerializer,
)
from organizations.models import Organization


class MessageViewSet(ReadViewSet):
    """Planned by what happens to visits; never written by hand."""

    model = Message
    resource = "messages"
    serializer_class = MessageSerializer
    filterset_class = MessageFilter
    http_method_names = ("get", "head", "post")

    @extend_schema(request=None)
    @action(detail=True, methods=["post"], url_path="send-again")
    def send_again(self, request, pk):
        """Plan a message that was sent, skipped or has failed anew, for now."""
        message = send_again(by=request.user, message=self.get_object(), now=timezone.now())
        return answer_row(find_one_or_404(self.answers(Message.objects.filter(pk=message.pk))))

    @extend_schema(responses=PreviewSerializer)
    @action(detail=True, methods=["get"], pagination_class=None)
    def preview(self, request, pk):
        """What the message says of its visit as it is now."""
        message = self.get_queryset().select_related(*WITH_VISIT).filter(pk=pk).first()
        if message is None:
            raise Http404
        return Response(previews.preview_message(message))


class MessageRuleViewSet(ClientLineViewSet):
    """Reminders. An organization without any reminds a day before by mail; at most five for all services or one."""

    model = MessageRule
    resource = "message_rules"
    serializer_class = MessageRuleSerializer
    filterset_class = MessageRuleFilter


class MessageTextViewSet(ClientLineViewSet):
    """An organization's own words, for each kind, channel and language. What it does not word, ClientLine does."""

    model = MessageText
    resource = "message_texts"
    serializer_class = MessageTextSerializer
    filterset_class = MessageTextFilter
    policy_actions = ClientLineViewSet.policy_actions | {"preview": "create"}
    is_repeatable = False

    @extend_schema(request=PreviewingSerializer, responses=PreviewSerializer)
    @action(detail=False, methods=["post"], pagination_class=None)
    def preview(self, request):
        """What a text says about a visit that nobody booked; without `body`, in the words that are used now."""
        body = PreviewingSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        home = Organization.objects.get(pk=request.user.organization_id)
        return Response(previews.preview_text(organization=home, now=timezone.now(), **body.validated_data))
