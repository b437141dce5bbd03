from decimal import Decimal

from django.utils import timezone
from rest_framework import serializers

from appointments.models import Appointment
from clientline.fields import Reference, StrictChoiceField, StrictDecimalField
from clientline.serializers import ClientLineSerializer
from payments import ledger
from payments.models import Payment


class PaymentSerializer(ClientLineSerializer):
    organization = serializers.PrimaryKeyRelatedField(read_only=True)
    appointment = serializers.PrimaryKeyRelatedField(read_only=True)

    class Meta:
        model = Payment
        fields = [
            "id",
            "organization",
            "appointment",
            "amount",
            "payment_method",
            "status",
            "refunded_amount",
            "reference",
            "settled_at",
            "version",
            "created_at",
        ]
        read_only_fields = fields
        extra_kwargs = {"payment_method": {"allow_blank": True}}  # documents that it may be empty


class RecordingSerializer(ClientLineSerializer):
    """A payment as it is recorded; its organization is the visit's."""

    organization = serializers.PrimaryKeyRelatedField(read_only=True)
    appointment = Reference(lambda caller: Appointment.objects.visible_to(caller, "payments", "create"))
    amount = StrictDecimalField(max_digits=10, decimal_places=2, min_value=Decimal("0.01"))
    status = StrictChoiceField(
        choices=[Payment.Status.PENDING.value, Payment.Status.COMPLETED.value],
        default=Payment.Status.PENDING,
        help_text="Cash and card may be recorded as completed",
    )

    class Meta:
        model = Payment
        fields = ["organization", "appointment", "amount", "payment_method", "status"]

    def present_values(self):
        visits = Appointment.objects.visible_to(self.caller, "payments", "create")
        named = self.initial_data.get("appointment")
        organization = visits.filter(pk=named).values_list("organization", flat=True).first() if is_id(named) else None
        return {"organization": organization or self.caller.organization_id}

    def create(self, validated_data):
        return ledger.record(by=self.caller, now=timezone.now(), **validated_data)


def is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
