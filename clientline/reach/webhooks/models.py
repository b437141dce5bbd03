"""Who is called about what, each call that is owed, and what became of each attempt."""

from datetime import datetime
from typing import Self
from uuid import UUID, uuid4

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from clientline import columns
from clientline.constraints import SameOrganization
from clientline.reach.webhooks import signing, targets
from clientline.reach.webhooks.sending import Failure
from organizations.tenancy import TenantQuerySet

TYPES = (
    "appointment.booked",
    "appointment.moved",
    "appointment.cancelled",
    "appointment.completed",
    "appointment.no_show",
    "appointment.corrected",
    "appointment.rezoned",
    "payment.completed",
    "payment.failed",
    "payment.voided",
    "refund.completed",
    "client.created",
    "client.merged",
    "client.erased",
)
TEST = "webhook.test"  # of one receiver, when somebody asks for it
LONGEST_TYPE, LONGEST_SECRET = 40, 100


class WebhookEndpoint(models.Model):
    """A receiver. `endpoints` changes it, `attempts` says how it fares."""

    class Why(models.TextChoices):
        """Why it was disabled, where nobody did it by hand."""

        GONE = "gone", _("It answered 410 Gone.")
        FAILING = "failing", _("It failed for five days.")
        IMPORTED = "imported", _("It came from another installation, which may still call it.")

    organization = columns.organization()
    url = models.CharField(
        max_length=targets.LONGEST, validators=[targets.validate_url], help_text=_("Where it is called, https://…")
    )
    description = columns.short_text(200, help_text=_("What it is for"))
    events = ArrayField(models.CharField(max_length=LONGEST_TYPE, choices=[(name, name) for name in TYPES]))
    secret = models.CharField(max_length=LONGEST_SECRET, editable=False)
    former_secret = columns.short_text(LONGEST_SECRET, editable=False)
    former_secret_until = models.DateTimeField(
        null=True, editable=False, help_text=_("Until then calls are signed with the former secret, too")
    )
    is_active = columns.flag(True, help_text=_("Inactive, it is told nothing, and what waits for it rests"))
    disabled_reason = columns.short_text(
        10, choices=Why, editable=False, help_text=_("Empty: nobody but people did it")
    )
    failing_since = models.DateTimeField(
        null=True, editable=False, help_text=_("The first failure after the last success")
    )
    attended_until = models.DateTimeField(
        null=True, editable=False, help_text=_("Not called before, as it is being called, or wants to be left alone")
    )
    version = columns.version()
    created_by = columns.actor()
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "webhook_endpoints"
        verbose_name = _("webhook")
        constraints = [
            models.CheckConstraint(
                condition=Q(url__regex=r"^https://[^\s]+$"),
                name="webhook_endpoint_url_is_https",
                violation_error_message=_("The address has to begin with https://."),
            ),
            models.CheckConstraint(
                condition=Q(events__contained_by=list(TYPES)) & Q(events__len__gte=1),
                name="webhook_endpoint_events_are_known",
                violation_error_message=_("Choose at least one event."),
            ),
            models.CheckConstraint(
                condition=Q(secret__regex=signing.PATTERN),
                name="webhook_endpoint_secret_is_one",
                violation_error_message=_("Write whsec_ and standard base64 of 24 to 64 bytes."),
            ),
            models.CheckConstraint(
                condition=Q(former_secret="", former_secret_until__isnull=True)
                | Q(former_secret__regex=signing.PATTERN, former_secret_until__isnull=False),
                name="webhook_endpoint_former_secret_has_its_end",
                violation_error_message=_("A former secret ends at some time."),
            ),
            columns.known(
                "webhook_endpoint_disabled_reason_is_known", "disabled_reason", ("", "gone", "failing", "imported")
            ),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(disabled_reason=""),
                name="webhook_endpoint_says_why_when_disabled",
                violation_error_message=_("Only a disabled webhook says why."),
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="webhook_endpoint_in_one_organization"),
        ]

    def __str__(self) -> str:
        return self.url

    def list_signers(self, now: datetime) -> list[str]:
        """The secrets that sign at an instant, the newest first."""
        former = self.former_secret_until is not None and now < self.former_secret_until
        return [self.secret, self.former_secret] if former else [self.secret]


class DeliveryQuerySet(TenantQuerySet):
    def with_attempts(self) -> Self:
        return self.prefetch_related(models.Prefetch("attempts", WebhookAttempt.objects.order_by("id")))


class WebhookDelivery(models.Model):
    """What one receiver is told of one event. Written in the event's transaction; it is its own job."""

    class State(models.TextChoices):
        PENDING = "pending", _("Pending")
        DELIVERED = "delivered", _("Delivered")
        FAILED = "failed", _("Failed")

    organization = columns.organization()
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.CASCADE, related_name="deliveries", db_constraint=False, db_index=False
    )
    key = models.UUIDField(default=uuid4, db_default=RandomUUID(), editable=False)
    type = models.CharField(max_length=LONGEST_TYPE)
    body = models.TextField(help_text=_("As it is sent: ids, and no words about people"))
    state = models.CharField(max_length=10, choices=State, default=State.PENDING, db_default=State.PENDING)
    tries = columns.whole(0, help_text=_("Attempts that failed, since it was sent the last time"))
    due_at = models.DateTimeField(null=True, help_text=_("Of the next attempt; null: there is none to come"))
    created_at = columns.created_at()

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name_plural = _("webhook deliveries")
        constraints = [
            columns.known("webhook_delivery_state_is_known", "state", ("pending", "delivered", "failed")),
            models.CheckConstraint(
                condition=Q(state="pending", due_at__isnull=False) | ~Q(state="pending") & Q(due_at__isnull=True),
                name="webhook_delivery_pending_has_its_time",
                violation_error_message=_("A pending delivery is due at some time, and no other is."),
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="webhook_delivery_in_one_organization"),
            SameOrganization(field="endpoint", name="webhook_delivery_endpoint_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["endpoint", "id"], name="webhook_delivery_by_endpoint"),
            # The handful that is still owed among all that were.
            models.Index(
                fields=["endpoint", "due_at", "id"], condition=Q(state="pending"), name="webhook_delivery_pending"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"

    @property
    def message_id(self) -> str:
        """What receivers know it by, the same on every attempt."""
        return write_message_id(self.key)


def write_message_id(key: UUID) -> str:
    return f"msg_{key.hex}"


class WebhookAttempt(models.Model):
    """One attempt of a delivery. What the receiver answers with is not kept: it may hold anything about anybody."""

    organization = columns.organization()
    delivery = models.ForeignKey(WebhookDelivery, models.CASCADE, related_name="attempts", db_constraint=False)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True, help_text=_("Of HTTP; null: there was no answer"))
    failure = columns.short_text(
        12, choices=[(each.value, each.value) for each in Failure if each], help_text=_("Or none")
    )
    milliseconds = models.PositiveIntegerField()
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "webhook_attempts"
        constraints = [
            columns.known("webhook_attempt_failure_is_known", "failure", tuple(each.value for each in Failure)),
            SameOrganization(field="delivery", name="webhook_attempt_delivery_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="webhook_attempts_by_home")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.status or self.failure}"
