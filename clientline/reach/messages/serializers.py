from rest_framework import serializers

from clientline.api.fields import Reference, StrictCharField, StrictChoiceField
from clientline.api.serializers import BodySerializer, ClientLineSerializer
from clientline.languages import OFFERED
from clientline.reach.messages import rules, texts
from clientline.reach.messages.models import LONGEST_TEXT, Channel, Message, MessageRule, MessageText
from clientline.reach.messages.placeholders import validate_placeholders
from organizations.serializers import TenantSerializer
from services.models import Service


class MessageSerializer(ClientLineSerializer):
    organization = serializers.PrimaryKeyRelatedField(read_only=True)
    appointment = serializers.PrimaryKeyRelatedField(read_only=True)

    class Meta:
        model = Message
        fields = [
            "id",
            "organization",
            "appointment",
            "kind",
            "rule",
            "channel",
            "sequence",
            "start",
            "to",
            "language",
            "due_at",
            "state",
            "reason",
            "attempts",
            "sent_at",
            "message_id",
            "provider_id",
            "created_at",
        ]
        read_only_fields = fields


class MessageRuleSerializer(TenantSerializer):
    service = Reference(
        lambda caller: Service.objects.visible_to(caller, "services"),
        required=False,
        allow_null=True,
        help_text="null: of all services that have no reminders of their own",
    )

    class Meta:
        model = MessageRule
        fields = ["id", "organization", "service", "minutes_before", "channel", "version", "created_at"]
        read_only_fields = ["id", "version", "created_at"]

    def create(self, validated_data):
        return rules.add_rule(**validated_data)

    def update(self, instance, validated_data):
        return rules.change_rule(rule=instance, changes=validated_data)


class MessageTextSerializer(TenantSerializer):
    class Meta:
        model = MessageText
        fields = [
            "id",
            "organization",
            "kind",
            "channel",
            "language",
            "subject",
            "body",
            "version",
            "created_at",
        ]
        read_only_fields = ["id", "version", "created_at"]

    def create(self, validated_data):
        return texts.add_text(**validated_data)

    def update(self, instance, validated_data):
        return texts.change_text(text=instance, changes=validated_data)


class PreviewingSerializer(BodySerializer):
    kind = StrictChoiceField(choices=Message.Kind.choices)
    channel = StrictChoiceField(choices=Channel.choices, default=Channel.MAIL)
    language = StrictChoiceField(choices=list(OFFERED), required=False)
    subject = StrictCharField(max_length=150, required=False, allow_blank=True, validators=[validate_placeholders])
    body = StrictCharField(
        max_length=LONGEST_TEXT, required=False, allow_blank=True, validators=[validate_placeholders]
    )


class PreviewSerializer(serializers.Serializer):
    subject = serializers.CharField(read_only=True)
    body = serializers.CharField(read_only=True)
    html = serializers.CharField(read_only=True, help_text="Empty of an SMS")


class MessagePreviewSerializer(PreviewSerializer):
    """What a stored message says now."""
