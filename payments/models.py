"""Money taken for visits and given back. `ledger` alone writes it; triggers refuse to delete or rewrite any of it."""

from decimal import Decimal
from typing import Any

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext

from accounts.models import User
from appointments.models import Appointment
from clientline import columns
from clientline.constraints import SameOrganization
from clientline.names import look_up
from organizations import policy
from organizations.tenancy import TenantQuerySet
from services.models import Service


class PaymentQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(appointment__staff=user.pk),
        policy.OWN: lambda user: Q(appointment__client=user.pk),
        policy.TAKEN: lambda user: Q(created_by=user.pk),
    }


class RefundQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(payment__appointment__staff=user.pk),
        policy.OWN: lambda user: Q(payment__appointment__client=user.pk),
    }


def tip() -> models.DecimalField:
    return columns.money(
        default=0, db_default=0, validators=[MinValueValidator(0)], help_text=_("Part of the amount; pays for no visit")
    )


def rounding() -> models.DecimalField:
    """What cash was rounded by for want of coins: part of the amount, below 0 where less was taken."""
    return columns.money(
        default=0, db_default=0, editable=False, help_text=_("Part of the amount; neither price nor tip")
    )


def receipt_number() -> models.BigIntegerField:
    """Drawn by a trigger in the transaction that settles; see migration 0009."""
    return models.BigIntegerField(
        null=True, blank=True, editable=False, help_text=_("Of the organization's one series; null until money moved")
    )


def _noted(model: type[models.Model], help_text: Any) -> models.ForeignKey:
    return models.ForeignKey(
        model,
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_constraint=False,
        help_text=help_text,
    )


def price_part(prefix: str = "") -> Combinable:
    """What a payment or refund does for its visit: the amount without tip and rounding."""
    return F(f"{prefix}amount") - F(f"{prefix}tip") - F(f"{prefix}rounding")


def unique_receipt(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(
        fields=["organization", "receipt_number"], name=name, condition=Q(receipt_number__isnull=False)
    )


def provider() -> models.CharField:
    return columns.short_text(20, editable=False, help_text=_("Who settles it, for online payments"))


def idempotency_key() -> models.UUIDField:
    """Sent with every call to the provider, and back by it. Ids would collide between two installations."""
    return models.UUIDField(null=True, blank=True, editable=False)


def unique_key(name: str) -> models.UniqueConstraint:
    return models.UniqueConstraint(fields=["key"], name=name, condition=Q(key__isnull=False))


# Every sum goes by status: a void payment keeps the time at which it was settled, and counts nowhere.
RECEIVED = Q(status__in=("completed", "refunded"))


class ReceiptCounter(models.Model):
    """The last number that an organization gave to a payment or refund.

    Its row is the last that a transaction locks: who draws a number makes all others of the organization wait.
    """

    organization = columns.organization()
    last_number = models.BigIntegerField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "receipt_counters"
        constraints = [
            models.UniqueConstraint(fields=["organization"], name="receipt_counter_once_per_organization"),
        ]

    def __str__(self) -> str:
        return str(self.last_number)


class Payment(models.Model):
    class Method(models.TextChoices):
        CASH = "cash", _("Cash")
        CARD = "card", _("Card")
        ONLINE = "online", _("Online")

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")
        REFUNDED = "refunded", _("Refunded")

    organization = columns.organization()
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="payments", db_constraint=False)
    amount = columns.money(validators=[MinValueValidator(0)])
    tip = tip()
    rounding = rounding()
    payment_method = columns.short_text(10, choices=Method)
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    refunded_amount = columns.money(default=0, db_default=0)
    provider = provider()
    key = idempotency_key()
    reference = columns.short_text(200, help_text=_("The payment provider's id"))
    checkout_url = columns.long_text(editable=False, help_text=_("Where the client pays"))
    given_up_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("Since when what it pays online is not wanted any more")
    )
    instead_of = models.OneToOneField(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="arrival",
        db_constraint=False,
        help_text=_("The online payment that was asked for, where the provider took another amount"),
    )
    receipt_number = receipt_number()
    former_number = models.BigIntegerField(
        null=True, blank=True, editable=False, help_text=_("What its receipt printed before receipts were numbered")
    )
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The visit may change hands later; what the books say of a day that is over may not. Noted by a trigger, as the
    # receipt's number is, and for all refunds of the payment too: see migration 0013.
    staff = _noted(User, _("Whose visit it was when the money came"))
    service = _noted(Service, _("What it was for when the money came"))
    tax_rate = columns.tax_rate(_("Percent, contained in the price; as it was when the money came"))
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    voided_by = columns.actor()
    void_reason = columns.short_text(500, editable=False)
    created_by = columns.actor()
    version = columns.version()
    created_at = columns.created_at()

    objects = PaymentQuerySet.as_manager()

    class Meta:
        db_table = "payments"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0) | Q(amount=0, rounding__lt=0),
                name="payment_amount_above_zero",
                violation_error_message=_("More than 0, or 0 where cash was rounded down to nothing."),
            ),
            models.CheckConstraint(
                condition=Q(tip__gte=0, tip__lte=F("amount")),
                name="payment_tip_is_part_of_it",
                violation_error_message=_("A tip is a part of the amount."),
            ),
            models.CheckConstraint(
                condition=Q(rounding=0) | Q(payment_method="cash"),
                name="payment_rounding_is_of_cash",
                violation_error_message=_("Only cash is rounded."),
            ),
            models.CheckConstraint(
                condition=Q(amount__gte=F("tip") + F("rounding")),
                name="payment_tip_and_rounding_within_it",
                violation_error_message=_("Tip and rounding are parts of the amount."),
            ),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("amount")),
                name="payment_refunds_never_exceed_it",
                violation_error_message=_("Refunds never exceed the payment."),
            ),
            models.CheckConstraint(
                condition=Q(status="refunded", refunded_amount=F("amount"), amount__gt=0)
                | ~Q(status="refunded") & (Q(refunded_amount__lt=F("amount")) | Q(amount=0)),
                name="payment_refunded_exactly_when_nothing_is_left",
                violation_error_message=_("A payment is refunded exactly when nothing is left of it."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=("completed", "refunded"), settled_at__isnull=False, voided_at__isnull=True)
                | Q(status="pending", settled_at__isnull=True, voided_at__isnull=True)
                | Q(status="failed", settled_at__isnull=True, voided_at__isnull=True)
                | Q(status="failed", settled_at__isnull=False, voided_at__isnull=False),
                name="payment_settled_has_its_time",
                violation_error_message=_("A settled payment says when, a void one also when it was made void."),
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(staff__isnull=False, service__isnull=False),
                name="payment_settled_says_whose_and_for_what",
                violation_error_message=_("A settled payment says whose visit it was for, and of which service."),
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True) | Q(payment_method__in=("cash", "card")),
                name="payment_void_is_cash_or_card",
                violation_error_message=_("Only cash and card payments are made void."),
            ),
            unique_receipt("payment_receipt_number_is_unique"),
            columns.known("payment_status_is_known", "status", ("pending", "completed", "failed", "refunded")),
            columns.known("payment_method_is_known", "payment_method", ("cash", "card", "online", "")),
            unique_key("payment_key_is_unique"),
            models.UniqueConstraint(fields=["organization", "id"], name="payment_in_one_organization"),
            SameOrganization(field="appointment", name="payment_appointment_in_same_organization"),
            SameOrganization(field="instead_of", name="payment_instead_of_one_in_same_organization"),
            SameOrganization(field="staff", name="payment_staff_in_same_organization"),
            SameOrganization(field="service", name="payment_service_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "created_at", "id"], name="payment_by_creation"),
            models.Index(
                fields=["organization", "settled_at"],
                include=["amount", "tip", "rounding", "staff", "service", "payment_method"],
                condition=RECEIVED,
                name="payment_by_settled_day",
            ),
            models.Index(
                fields=["organization", "settled_at"], condition=Q(voided_at__isnull=False), name="payment_by_void"
            ),
            # What was paid for each of many visits walks along this one.
            models.Index(
                fields=["organization", "appointment"],
                include=["settled_at", "amount", "tip", "rounding"],
                condition=RECEIVED,
                name="payment_by_its_visit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {look_up(self.status)}"

    def write_status(self) -> str:
        """As people read it: what was made void did not fail."""
        return pgettext("payment", "Void") if self.voided_at else self.get_status_display()

    @property
    def is_expected(self) -> bool:
        """Whether its money is still to come, and wanted."""
        return self.status == self.Status.PENDING and self.given_up_at is None


class Refund(models.Model):
    """Money given back of one payment."""

    class Status(models.TextChoices):
        PENDING = "pending", _("Pending")
        COMPLETED = "completed", _("Completed")
        FAILED = "failed", _("Failed")

    organization = columns.organization()
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds", db_constraint=False)
    amount = columns.money(validators=[MinValueValidator(Decimal("0.01"))])
    tip = tip()
    rounding = rounding()
    reason = columns.short_text(500)
    automatic = columns.flag(False, editable=False, help_text=_("Of money that came when it was not wanted any more"))
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING, db_default=Status.PENDING)
    key = idempotency_key()
    reference = columns.short_text(200, help_text=_("The payment provider's id"))
    receipt_number = receipt_number()
    settled_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = columns.actor()
    created_at = columns.created_at()

    objects = RefundQuerySet.as_manager()

    class Meta:
        db_table = "refunds"
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="refund_amount_above_zero", violation_error_message=_("More than 0.")
            ),
            models.CheckConstraint(
                condition=Q(tip__gte=0, tip__lte=F("amount")),
                name="refund_tip_is_part_of_it",
                violation_error_message=_("A tip is a part of the amount."),
            ),
            unique_receipt("refund_receipt_number_is_unique"),
            # What was given back in the provider's own pages is known by its id there.
            models.UniqueConstraint(
                fields=["payment", "reference"], name="refund_reference_once", condition=~Q(reference="")
            ),
            models.CheckConstraint(
                condition=Q(status="completed", settled_at__isnull=False)
                | Q(status__in=("pending", "failed"), settled_at__isnull=True),
                name="refund_settled_has_its_time",
                violation_error_message=_("A completed refund says when, and no other does."),
            ),
            columns.known("refund_status_is_known", "status", ("pending", "completed", "failed")),
            unique_key("refund_key_is_unique"),
            SameOrganization(field="payment", name="refund_payment_in_same_organization"),
        ]
        indexes = [
            models.Index(
                fields=["organization", "settled_at"],
                include=["amount", "tip", "rounding", "payment"],
                name="refund_by_settled_day",
            ),
            # A handful among all refunds; Today asks for the latest.
            models.Index(
                fields=["organization", "-created_at", "-id"], condition=Q(automatic=True), name="refund_automatic"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {look_up(self.status)}"


class ClientTotalQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(staff=user.pk),
        policy.OWN: lambda user: Q(client=user.pk),
    }


class ClientTotal(models.Model):
    """What something did to the figures of a client with one of the team, or the sum of much that happened.

    Triggers add a row wherever a figure of a visit changes, and nobody waits for anybody: the figures of a client are
    the sum of the rows. `totals` reads them and folds them together. What is paid exactly is folded into one row
    without a visit, so a client has about as many rows as visits for which something is still to be paid or given
    back.
    """

    # The client's key includes it.
    organization = columns.organization(db_constraint=False)
    client = models.ForeignKey(User, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    # Plain numbers: the row is about figures, and goes with its client.
    staff = models.BigIntegerField()
    visit = models.BigIntegerField(null=True)
    scheduled = models.IntegerField(default=0, db_default=0)
    completed = models.IntegerField(default=0, db_default=0)
    cancelled = models.IntegerField(default=0, db_default=0)
    no_show = models.IntegerField(default=0, db_default=0)
    price = columns.sum_of_money()
    charge = columns.sum_of_money()
    paid = columns.sum_of_money()
    refunded = columns.sum_of_money()
    is_folded = columns.flag(False)

    objects = ClientTotalQuerySet.as_manager()

    class Meta:
        db_table = "client_totals"
        constraints = [SameOrganization(field="client", name="client_total_client_in_same_organization")]
        indexes = [
            models.Index(fields=["client", "visit"], name="client_total_by_client"),
            models.Index(fields=["organization", "visit"], condition=Q(visit__isnull=False), name="client_total_open"),
            models.Index(fields=["id"], condition=Q(is_folded=False), name="client_total_unfolded"),
        ]

    def __str__(self) -> str:
        return _("%(charge)s charged, %(paid)s paid") % {"charge": self.charge, "paid": self.paid}
