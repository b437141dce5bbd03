"""What the API says of what is kept about one person, and of its erasure."""

from rest_framework import serializers

from accounts.serializers import UserSerializer
from appointments.serializers import AppointmentSerializer
from clientline.api.fields import ChangesField, InstantField, SumOfMoneyField
from clientline.api.serializers import BodySerializer
from clientline.reach.messages.serializers import MessageSerializer
from payments.serializers import PaymentSerializer, RefundSerializer


class ErasurePreviewSerializer(serializers.Serializer):
    records = serializers.ListField(child=serializers.IntegerField(), help_text="Of the person, merged ones included")
    coming_visits = serializers.ListField(child=serializers.IntegerField(), help_text="The house cancels these")
    due = SumOfMoneyField(help_text="Stays due, of nobody any more")


class ErasureSerializer(BodySerializer):
    """Erasing a client says nothing more."""


class ExporterSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    email = serializers.EmailField()


class ExportedFactSerializer(serializers.Serializer):
    appointment = serializers.IntegerField()
    at = InstantField()
    action = serializers.CharField()
    vars().update({"from": serializers.CharField()})
    to = serializers.CharField()
    reason = serializers.CharField()


class ExportedChangeSerializer(serializers.Serializer):
    at = InstantField()
    action = serializers.CharField()
    changes = ChangesField()


class PersonExportSerializer(serializers.Serializer):
    """Everything about one person, with what they were told."""

    exported_at = InstantField()
    organization = ExporterSerializer()
    user = UserSerializer()
    appointments = AppointmentSerializer(many=True)
    history = ExportedFactSerializer(many=True)
    payments = PaymentSerializer(many=True)
    refunds = RefundSerializer(many=True)
    changes = ExportedChangeSerializer(many=True, help_text="Of the person's own data")
    messages = MessageSerializer(many=True)
    wants_no_reminders = serializers.BooleanField()
