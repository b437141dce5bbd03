from django.utils import timezone
from rest_framework import serializers

from clientline.api.fields import ChoicesField, InstantField, StrictCharField, StrictIntegerField
from clientline.api.serializers import BodySerializer
from clientline.reach.webhooks import endpoints
from clientline.reach.webhooks.models import LONGEST_SECRET, TYPES, WebhookDelivery, WebhookEndpoint
from organizations.serializers import TenantSerializer

BRING_A_SECRET = "whsec_ and standard base64 of 24 to 64 bytes, where it is known already; else one is made"


class WebhookSerializer(TenantSerializer):
    events = ChoicesField(TYPES, min_length=1, help_text="What it is told")

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "organization",
            "url",
            "description",
            "events",
            "is_active",
            "disabled_reason",
            "failing_since",
            "former_secret_until",
            "version",
            "created_at",
        ]
        read_only_fields = [
            "id",
            "disabled_reason",
            "failing_since",
            "former_secret_until",
            "version",
            "created_at",
        ]
        extra_kwargs = {"disabled_reason": {"allow_blank": True}}  # documents that it may be empty

    def update(self, instance, validated_data):
        return endpoints.change_endpoint(endpoint=instance, changes=validated_data)


class NewWebhookSerializer(WebhookSerializer):
    secret = StrictCharField(
        max_length=LONGEST_SECRET, required=False, write_only=True, trim_whitespace=False, help_text=BRING_A_SECRET
    )

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]

    def create(self, validated_data):
        return endpoints.create_endpoint(by=self.caller, now=timezone.now(), **validated_data)


class ToldWebhookSerializer(WebhookSerializer):
    """With what is said once."""

    secret = serializers.CharField(read_only=True, help_text="Shown this once")

    class Meta(WebhookSerializer.Meta):
        fields = [*WebhookSerializer.Meta.fields, "secret"]


class RotationSerializer(BodySerializer):
    secret = StrictCharField(max_length=LONGEST_SECRET, required=False, trim_whitespace=False, help_text=BRING_A_SECRET)
    hours = StrictIntegerField(
        min_value=0,
        max_value=endpoints.MOST_HOURS,
        default=endpoints.USUAL_HOURS,
        help_text="For which the former secret signs as well; 0 where somebody knows it who should not",
    )


class TestingSerializer(BodySerializer):
    """Testing, and sending again, say nothing more."""

    __test__ = False  # pytest


class WebhookAttemptSerializer(serializers.Serializer):
    at = InstantField()
    status = serializers.IntegerField(allow_null=True, help_text="Of HTTP; null: there was no answer")
    failure = serializers.CharField(allow_blank=True, help_text="Empty: it succeeded")
    milliseconds = serializers.IntegerField()


class WebhookDeliverySerializer(serializers.ModelSerializer):
    webhook = serializers.PrimaryKeyRelatedField(source="endpoint", read_only=True)
    message_id = serializers.CharField(read_only=True, help_text="The header `webhook-id`, the same on each attempt")
    due_at = InstantField(allow_null=True, read_only=True, help_text="Of the next attempt; null: there is none")
    created_at = InstantField(read_only=True)
    attempts = WebhookAttemptSerializer(many=True, read_only=True)

    class Meta:
        model = WebhookDelivery
        fields = ["id", "webhook", "message_id", "type", "body", "state", "due_at", "created_at", "attempts"]
        read_only_fields = fields

    @classmethod
    def annotate(cls, queryset):
        return queryset.with_attempts()

    @classmethod
    def reader(cls):
        return None  # a list inside a row takes DRF's own way
