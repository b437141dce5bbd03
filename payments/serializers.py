from decimal import Decimal

from django.utils import timezone
from rest_framework import serializers

from appointments.answers import ReportSerializer
from appointments.models import Appointment
from clientline.api.fields import (
    MoneyField,
    Reference,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    SumOfMoneyField,
    is_key,
)
from clientline.api.serializers import BodySerializer, ClientLineSerializer
from payments import ledger
from payments.models import Payment, Refund


class PaymentSerializer(ClientLineSerializer):
    organization = serializers.PrimaryKeyRelatedField(read_only=True)
    appointment = serializers.PrimaryKeyRelatedField(read_only=True)
    instead_of = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    checkout_url = StrictCharField(required=False, help_text="Where the client pays; only in online payments")

    class Meta:
        model = Payment
        fields = [
            "id",
            "organization",
            "appointment",
            "amount",
            "tip",
            "rounding",
            "payment_method",
            "status",
            "refunded_amount",
            "receipt_number",
            "former_number",
            "reference",
            "checkout_url",
            "given_up_at",
            "instead_of",
            "settled_at",
            "voided_at",
            "void_reason",
            "version",
            "created_at",
        ]
        read_only_fields = fields
        extra_kwargs = {"payment_method": {"allow_blank": True}}  # documents that it may be empty


class RecordingSerializer(ClientLineSerializer):
    """A payment as it is recorded; its organization is the visit's."""

    organization = serializers.PrimaryKeyRelatedField(read_only=True)
    appointment = Reference(
        lambda caller: Appointment.objects.visible_to(caller, "payments", "create").select_related("organization")
    )
    amount = MoneyField(min_value=0, help_text="0 only where `rounding` took all of it")
    tip = MoneyField(min_value=0, default=Decimal("0.00"), help_text="Part of the amount")
    rounding = MoneyField(
        default=Decimal("0.00"),
        help_text="Part of the amount: what cash was rounded by for want of coins, below 0 where less was taken",
    )
    status = StrictChoiceField(
        choices=[Payment.Status.PENDING.value, Payment.Status.COMPLETED.value],
        default=Payment.Status.PENDING,
        help_text="Cash and card may be recorded as completed",
    )
    allow_overpayment = StrictBooleanField(default=False, help_text="Take more than is due, a deposit")
    give_up_open_checkouts = StrictBooleanField(
        default=False, help_text="What could be paid online is paid like this instead: its pages are closed"
    )

    class Meta:
        model = Payment
        fields = [
            "organization",
            "appointment",
            "amount",
            "tip",
            "rounding",
            "payment_method",
            "status",
            "allow_overpayment",
            "give_up_open_checkouts",
        ]

    def present_values(self):
        visits = Appointment.objects.visible_to(self.caller, "payments", "create")
        named = self.initial_data.get("appointment")
        organization = visits.filter(pk=named).values_list("organization", flat=True).first() if is_key(named) else None
        return {"organization": organization or self.caller.organization_id}

    def create(self, validated_data):
        return ledger.record_payment(by=self.caller, now=timezone.now(), **validated_data)


class SettlingSerializer(BodySerializer):
    """Completing or failing a payment says nothing more."""


class RefundSerializer(ClientLineSerializer):
    payment = serializers.PrimaryKeyRelatedField(read_only=True)

    class Meta:
        model = Refund
        fields = [
            "id",
            "payment",
            "amount",
            "tip",
            "rounding",
            "reason",
            "automatic",
            "status",
            "receipt_number",
            "settled_at",
            "created_at",
        ]
        read_only_fields = fields


class RefundingSerializer(BodySerializer):
    amount = MoneyField(
        min_value=Decimal("0.01"),
        required=False,
        help_text="Default: all that is left of the price, and the tip that is named",
    )
    tip = MoneyField(min_value=0, default=Decimal("0.00"), help_text="Part of the amount")
    reason = StrictCharField(max_length=500)


class VoidingSerializer(BodySerializer):
    reason = StrictCharField(max_length=500)


class BalanceSerializer(serializers.Serializer):
    currency = serializers.CharField()
    price = SumOfMoneyField()
    charge = SumOfMoneyField(help_text="The price, or a fee in its place")
    paid = SumOfMoneyField(help_text="Without tips and rounding")
    refunded = SumOfMoneyField(help_text="Under way or completed")
    due = SumOfMoneyField(help_text="Below 0: credit of the client's")


class SumOfBalancesSerializer(BalanceSerializer):
    """Over several visits: what is owed for some is never set off against what was paid too much for others."""

    due = SumOfMoneyField(help_text="Of the visits that are not paid")
    credit = SumOfMoneyField(help_text="Of those paid too much for")


class RevenueTotalSerializer(serializers.Serializer):
    taken = SumOfMoneyField(help_text="Without tips and rounding")
    refunded = SumOfMoneyField()
    net = SumOfMoneyField()
    tips = SumOfMoneyField(help_text="Less those given back")
    rounding = SumOfMoneyField(help_text="Of cash; below 0: taken less")


class RevenueRowSerializer(RevenueTotalSerializer):
    key = serializers.JSONField(help_text="A date, week, month, id or payment method")
    label = serializers.CharField()


class RevenueSerializer(ReportSerializer):
    rows = RevenueRowSerializer(many=True)
    total = RevenueTotalSerializer()
