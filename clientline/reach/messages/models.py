"""What clients are told of their visits, when they are reminded, and who does not want to be."""

from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments.models import Appointment
from clientline import columns
from clientline.callers import Caller
from clientline.columns import between, known
from clientline.constraints import SameOrganization
from clientline.languages import validate_language
from clientline.reach.messages.handovers import select_handovers_to_others, was_told_before
from clientline.reach.messages.placeholders import validate_placeholders
from organizations import policy
from organizations.tenancy import TenantQuerySet
from services.models import Service

LONGEST_TEXT, LONGEST_REASON = 4000, 200  # characters
EARLIEST_REMINDER = 60 * 24 * 60  # minutes before the visit


def cut_words(told: str) -> str:
    """What others say, so that it can be stored: shortened, and without what PostgreSQL takes in no text."""
    return told.replace("\0", "").encode(errors="replace").decode()[:LONGEST_REASON]


class Channel(models.TextChoices):
    MAIL = "mail", _("Mail")
    SMS = "sms", _("Sms")


def is_told_to(user: Caller) -> Q:
    """Not what a visit's former client was told: its new one must not read where that went. After a merge they may."""
    return Q(appointment__client=user.pk) & ~was_told_before(select_handovers_to_others())


class MessageQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(appointment__staff=user.pk),
        policy.OWN: is_told_to,
    }


class Message(models.Model):
    """One message about one visit, as it stood when it was planned.

    planned → sending → sent → delivered or bounced; skipped, failed and unsure say why in `reason`.
    """

    class Kind(models.TextChoices):
        CONFIRMATION = "confirmation", _("Confirmation")
        MOVED = "moved", _("Moved")
        CANCELLED = "cancelled", _("Cancelled")
        REMINDER = "reminder", _("Reminder")
        RECEIPT = "receipt", _("Receipt")
        CODE = "code", _("Code")

    class State(models.TextChoices):
        PLANNED = "planned", _("Planned")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        DELIVERED = "delivered", _("Delivered")
        BOUNCED = "bounced", _("Bounced")
        SKIPPED = "skipped", _("Skipped")
        FAILED = "failed", _("Failed")
        UNSURE = "unsure", _("Unsure")

    organization = columns.organization()
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, related_name="messages", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=12, choices=Kind)
    rule = columns.whole(0, help_text=_("Of a reminder the minutes before the visit, of a receipt its number, else 0"))
    channel = models.CharField(max_length=4, choices=Channel)
    sequence = columns.whole(0, help_text=_("Of the visit: how often it had been moved or cancelled"))
    start = models.DateTimeField(help_text=_("Of the visit, as the message says it"))
    to = columns.short_text(254, help_text=_("Address or telephone; empty until there is one, and after an erasure"))
    language = columns.short_text(35)
    due_at = models.DateTimeField()
    try_at = models.DateTimeField(help_text=_("The next try; later than `due_at` after one that failed"))
    state = models.CharField(max_length=9, choices=State, default=State.PLANNED, db_default=State.PLANNED)
    reason = columns.short_text(LONGEST_REASON)
    attempts = columns.whole(0)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sender = columns.short_text(254, help_text=_("From; also the organizer of the visit in calendars, for ever"))
    message_id = columns.short_text(200, help_text=_("Message-ID, the same for each try"))
    provider_id = columns.short_text(200)
    created_at = columns.created_at()

    objects = MessageQuerySet.as_manager()

    class Meta:
        db_table = "messages"
        constraints = [
            models.UniqueConstraint(
                fields=["appointment", "kind", "rule", "channel", "sequence"], name="message_planned_once"
            ),
            # A visit that moves away and back has two sequences with one start.
            models.UniqueConstraint(
                fields=["appointment", "rule", "channel", "start"],
                condition=Q(kind="reminder", state__in=("sending", "sent", "delivered", "bounced", "unsure")),
                name="message_reminds_once_of_one_start",
            ),
            known(
                "message_kind_is_known",
                "kind",
                ("confirmation", "moved", "cancelled", "reminder", "receipt", "code"),
            ),
            known("message_channel_is_known", "channel", ("mail", "sms")),
            known(
                "message_state_is_known",
                "state",
                ("planned", "sending", "sent", "delivered", "bounced", "skipped", "failed", "unsure"),
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("skipped", "failed", "unsure")) | ~Q(reason=""),
                name="message_says_why_it_was_not_sent",
                violation_error_message=_("Say why it was not sent."),
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="message_in_one_organization"),
            SameOrganization(field="appointment", name="message_appointment_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["try_at", "id"], condition=Q(state="planned"), name="message_due"),
            models.Index(fields=["claimed_at"], condition=Q(state="sending"), name="message_under_way"),
            models.Index(
                fields=["claimed_at"], condition=Q(state__in=("failed", "bounced", "unsure")), name="message_in_trouble"
            ),
            models.Index(fields=["provider_id"], condition=~Q(provider_id=""), name="message_by_provider"),
            models.Index(
                fields=["organization", "-sent_at"],
                condition=Q(state__in=("sent", "delivered", "bounced", "failed")),
                name="message_tried",
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(kind)s of visit %(number)s by %(channel)s") % {
            "kind": self.get_kind_display(),
            "number": self.appointment_id,
            "channel": self.channel,
        }


class MessageRule(models.Model):
    """When clients are reminded. An organization without rules reminds a day before by mail; a service with rules
    of its own has those alone.
    """

    organization = columns.organization()
    service = models.ForeignKey(
        Service,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_constraint=False,
        help_text=_("Empty: of all services that have no rules of their own"),
    )
    minutes_before = models.PositiveIntegerField(
        validators=[MinValueValidator(5), MaxValueValidator(EARLIEST_REMINDER)], help_text=_("5 minutes to 60 days")
    )
    channel = models.CharField(max_length=4, choices=Channel, default=Channel.MAIL, db_default=Channel.MAIL)
    version = columns.version()
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "message_rules"
        verbose_name = _("reminder")
        constraints = [
            between(
                "message_rule_within_60_days", "minutes_before", 5, EARLIEST_REMINDER, _("Choose 5 minutes to 60 days.")
            ),
            known("message_rule_channel_is_known", "channel", ("mail", "sms")),
            models.UniqueConstraint(
                fields=["organization", "minutes_before", "channel"],
                condition=Q(service=None),
                name="message_rule_once",
                violation_error_message=_("There is such a reminder."),
            ),
            models.UniqueConstraint(
                fields=["organization", "service", "minutes_before", "channel"],
                name="message_rule_once_for_a_service",
                violation_error_message=_("There is such a reminder."),
            ),
            SameOrganization(field="service", name="message_rule_service_in_same_organization"),
        ]

    def __str__(self) -> str:
        return gettext("%(minutes)s minutes before, by %(channel)s") % {
            "minutes": self.minutes_before,
            "channel": self.channel,
        }


class MessageText(models.Model):
    """What an organization says instead of ClientLine's own words. Placeholders are filled in, and nothing is run."""

    organization = columns.organization()
    kind = models.CharField(max_length=12, choices=Message.Kind)
    channel = models.CharField(max_length=4, choices=Channel, default=Channel.MAIL, db_default=Channel.MAIL)
    language = models.CharField(max_length=35, default="en", db_default="en", validators=[validate_language])
    subject = columns.short_text(150, validators=[validate_placeholders], help_text=_("Of mails"))
    body = models.TextField(validators=[MaxLengthValidator(LONGEST_TEXT), validate_placeholders])
    version = columns.version()
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "message_texts"
        verbose_name = _("text of messages")
        verbose_name_plural = _("texts of messages")
        constraints = [
            known(
                "message_text_kind_is_known",
                "kind",
                ("confirmation", "moved", "cancelled", "reminder", "receipt", "code"),
            ),
            known("message_text_channel_is_known", "channel", ("mail", "sms")),
            models.UniqueConstraint(
                fields=["organization", "kind", "channel", "language"],
                name="message_text_once",
                violation_error_message=_("There is such a text."),
            ),
        ]

    def __str__(self) -> str:
        return gettext("%(kind)s by %(channel)s in %(language)s") % {
            "kind": self.get_kind_display(),
            "channel": self.channel,
            "language": self.language,
        }


class OptOut(models.Model):
    """A client who does not want to be reminded; of what happens to their visits they are told all the same."""

    organization = columns.organization()
    client = models.ForeignKey(User, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "reminder_opt_outs"
        verbose_name = _("wish not to be reminded")
        constraints = [
            models.UniqueConstraint(fields=["client"], name="opt_out_once"),
            SameOrganization(field="client", name="opt_out_client_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization"], name="opt_out_by_organization")]

    def __str__(self) -> str:
        return gettext("%(client)s is not reminded") % {"client": self.client}
