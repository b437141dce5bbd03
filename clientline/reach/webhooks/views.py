"""`/webhooks`: admins say which programs are told of what, and see what became of each call."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from clientline.api.reading import find_one_or_404
from clientline.api.viewsets import ClientLineViewSet, ReadViewSet, answer_row
from clientline.reach.webhooks import deliveries, endpoints
from clientline.reach.webhooks.filters import DeliveryFilter, WebhookFilter
from clientline.reach.webhooks.models import WebhookDelivery, WebhookEndpoint
from clientline.reach.webhooks.serializers import (
    NewWebhookSerializer,
    RotationSerializer,
    TestingSerializer,
    ToldWebhookSerializer,
    WebhookDeliverySerializer,
    WebhookSerializer,
)


class WebhookViewSet(ClientLineViewSet):
    model = WebhookEndpoint
    resource = "webhooks"
    serializer_class = WebhookSerializer
    create_class = NewWebhookSerializer
    filterset_class = WebhookFilter

    @extend_schema(responses={201: ToldWebhookSerializer})
    def create(self, request):
        """Set a receiver up. The answer is the only one that shows its secret."""
        return super().create(request)

    def answer(self, serializer):
        told = {"secret": serializer.instance.secret} if self.action == "create" else {}
        return super().answer(serializer) | told

    def perform_destroy(self, row):
        endpoints.remove_endpoint(endpoint=row)

    def read_body(self, serializer_class):
        body = serializer_class(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return body.validated_data

    @extend_schema(request=RotationSerializer, responses=ToldWebhookSerializer)
    @action(detail=True, methods=["post"])
    def rotate(self, request, pk):
        """Replace the secret; for some hours calls are signed by both. The answer alone shows the new one."""
        endpoint = self.get_object()
        endpoints.rotate_secret(endpoint=endpoint, now=timezone.now(), **self.read_body(RotationSerializer))
        [answer] = self.answers(WebhookEndpoint.objects.filter(pk=endpoint.pk))
        return answer_row(answer | {"secret": endpoint.secret})


class TestCallViewSet(ReadViewSet):
    """A call that shows whether a receiver hears."""

    __test__ = False  # pytest
    model = WebhookDelivery
    resource = "webhooks"
    named_model = WebhookEndpoint
    serializer_class = WebhookDeliverySerializer
    policy_actions = {"create": "test"}
    http_method_names = ("post",)

    def named_rows(self):
        rows = self.named_model.objects.visible_to(self.request.user, self.resource, self.policy_action)
        return rows.filter(pk=self.kwargs["webhook"])

    @extend_schema(request=TestingSerializer, responses={201: WebhookDeliverySerializer})
    def create(self, request, webhook):
        """Call the receiver with `webhook.test`, once; its deliveries tell what came of it."""
        endpoint = self.get_object()
        TestingSerializer(data=request.data).is_valid(raise_exception=True)
        delivery = deliveries.write_test(endpoint=endpoint, now=timezone.now())
        return Response(find_one_or_404(self.answers(WebhookDelivery.objects.filter(pk=delivery.pk))), status=201)


class DeliveryViewSet(ReadViewSet):
    """What one receiver was told, newest first."""

    model = WebhookDelivery
    resource = "webhooks"
    named_model = WebhookDelivery
    serializer_class = WebhookDeliverySerializer
    filterset_class = DeliveryFilter
    default_ordering = "-id"
    http_method_names = ("get", "head", "post")

    @classmethod
    def rows(cls, caller, path, action):
        return super().rows(caller, path, action).filter(endpoint=path["webhook"])

    def list(self, request, webhook):
        """What the receiver was told in the last month, with each attempt."""
        if not WebhookEndpoint.objects.visible_to(request.user, self.resource, "retrieve").filter(pk=webhook).exists():
            raise Http404
        return super().list(request)

    def retrieve(self, request, webhook, pk):
        return super().retrieve(request, pk)

    @extend_schema(request=TestingSerializer, responses=WebhookDeliverySerializer)
    def send_again(self, request, webhook, pk):
        """Send it now, whatever became of it, under the same `message_id`."""
        delivery = self.get_object()
        TestingSerializer(data=request.data).is_valid(raise_exception=True)
        deliveries.send_again(delivery=delivery, now=timezone.now())
        return Response(find_one_or_404(self.answers(WebhookDelivery.objects.filter(pk=delivery.pk))))
