"""Money taken for visits and given back. `ledger` alone writes it; triggers refuse to delete or rewrite any of it."""

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q

from appointments.models import Appointment
from clientline import columns
from clientline.constraints import SameOrganization
from organizations import policy
from organizations.tenancy import TenantQuerySet


class PaymentQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(appointment__staff=user.pk),
        policy.OWN: lambda user: Q(appointment__client=user.pk),
    }


class RefundQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(payment__appointment__staff=user.pk),
        policy.OWN: lambda user: Q(payment__appointment__client=user.pk),
    }


def provider():
    return columns.short_text(20, editable=False, help_text="Who settles it, for online payments")


def idempotency_key():
    """Sent with every call to the provider, and back by it. Ids would collide between two installations."""
    return models.UUIDField(null=True, blank=True, editable=False)


def unique_key(name):
    return models.UniqueConstraint(fields=["key"], name=name, condition=Q(key__isnull=False))


class Payment(models.Model):
    class Method(models.TextChoices):
        CASH = "cash"
        CARD = "card"
        ONLINE = "online"

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLETED = "completed"
        FAILED = "failed"
        REFUNDED = "refunded"

    organization = columns.organization()
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="payments", db_constraint=False)
    amount = columns.money(validators=[MinValueValidator(Decimal("0.01"))])
    payment_method = columns.short_text(10, choices=Method)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    refunded_amount = columns.money(default=0, db_default=0)
    provider = provider()
    key = idempotency_key()
    reference = columns.short_text(200, help_text="The payment provider's id")
    checkout_url = columns.long_text(editable=False, help_text="Where the client pays")
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = columns.actor()
    version = columns.version()
    created_at = columns.created_at()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        db_table = "payments"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="payment_amount_above_zero", violation_error_message="More than 0."
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("amount")),
                name="payment_refunds_never_exceed_it",
                violation_error_message="Refunds never exceed the payment.",
            ),
            models.CheckConstraint(
                condition=Q(status="refunded", refunded_amount=F("amount"))
                | ~Q(status="refunded") & Q(refunded_amount__lt=F("amount")),
                name="payment_refunded_exactly_when_nothing_is_left",
                violation_error_message="A payment is refunded exactly when nothing is left of it.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=("completed", "refunded"), settled_at__isnull=False)
                | Q(status__in=("pending", "failed"), settled_at__isnull=True),
                name="payment_settled_has_its_time",
                violation_error_message="A settled payment says when, and no other does.",
            ),
            columns.known("payment_status_is_known", "status", ("pending", "completed", "failed", "refunded")),
            columns.known("payment_method_is_known", "payment_method", ("cash", "card", "online", "")),
            unique_key("payment_key_is_unique"),
            models.UniqueConstraint(fields=["organization", "id"], name="payment_in_one_organization"),
            SameOrganization(field="appointment", name="payment_appointment_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="payment_by_creation"),
            models.Index(
                fields=["organization", "settled_at"],
                include=["amount", "appointment", "payment_method"],
                condition=Q(settled_at__isnull=False),
                name="payment_by_settlement",
            ),
            # A year's revenue by person and service walks along this one and `appointment_references`, side by side.
            models.Index(
                fields=["organization", "appointment"],
                include=["settled_at", "amount"],
                condition=Q(settled_at__isnull=False),
                name="payment_by_visit",
            ),
        ]

    def __str__(self):
        return f"{self.amount} {self.status}"


class Refund(models.Model):
    """Money given back of one payment."""

    class Status(models.TextChoices):
        PENDING = "pending"
        COMPLETED = "completed"
        FAILED = "failed"

    organization = columns.organization()
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", db_constraint=False)
    amount = columns.money(validators=[MinValueValidator(Decimal("0.01"))])
    reason = columns.short_text(500)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    key = idempotency_key()
    reference = columns.short_text(200, help_text="The payment provider's id")
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = columns.actor()
    created_at = columns.created_at()

    objects = RefundQuerySet.as_manager()

    class Meta:
        db_table = "refunds"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="refund_amount_above_zero", violation_error_message="More than 0."
            ),
            models.CheckConstraint(
                condition=Q(status="completed", settled_at__isnull=False)
                | Q(status__in=("pending", "failed"), settled_at__isnull=True),
                name="refund_settled_has_its_time",
                violation_error_message="A completed refund says when, and no other does.",
            ),
            columns.known("refund_status_is_known", "status", ("pending", "completed", "failed")),
            unique_key("refund_key_is_unique"),
            SameOrganization(field="payment", name="refund_payment_in_same_organization"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "settled_at"], include=["amount", "payment"], name="refund_by_settlement"
            ),
        ]

    def __str__(self):
        return f"{self.amount} {self.status}"
