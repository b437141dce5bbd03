"""Organizations: the tenants, their zone, currency and booking policy; and what their requests were answered."""

from datetime import date, datetime, tzinfo
from typing import Any, Self

from django.apps import apps
from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from clientline import columns, page_settings, zones
from clientline.bookkeeping import validate_accounts
from clientline.columns import between
from clientline.constraints import SameOrganization
from clientline.currencies import validate_currency
from clientline.languages import PATTERN as LANGUAGE_PATTERN
from clientline.languages import validate_language
from organizations import homes, policy
from organizations.relocations import RelocatedRow, Relocation  # noqa: F401 -- Django looks for models here
from organizations.tenancy import TenantQuerySet

DAY_OF_MINUTES = 1440
YEAR_OF_MINUTES = 366 * DAY_OF_MINUTES
MOST_VISITS_AHEAD, MOST_MONTHS_KEPT = 1000, 1200
LONGEST_TERMS = 5000  # characters


class OrganizationQuerySet(TenantQuerySet):
    SCOPES = {
        policy.ORG: lambda user: models.Q(pk=user.organization_id),
        policy.ONLINE: lambda user: models.Q(pk=user.organization_id, guest_page=True, is_active=True),
    }

    def find_one(self, said: str) -> Any:
        """The one whose id, e-mail address or name a command was given.

        Raises DoesNotExist with a sentence, and Moving and Moved.
        """
        same = models.Q(email__iexact=said) | models.Q(name__iexact=said)
        if said.isascii() and said.isdecimal() and len(said) < 19:
            same |= models.Q(pk=int(said))
        found: list[Any] = list(self.filter(same).order_by("id")[:3])
        if not found:
            raise Organization.DoesNotExist("There is no such organization.")
        if len(found) > 1:
            raise Organization.DoesNotExist(f"Several organizations are meant by “{said}”. Name one by its id.")
        homes.refuse_elsewhere(found[0].pk)
        return found[0]


class Organization(models.Model):
    name = columns.name()
    email = models.EmailField(unique=True)
    phone = columns.short_text(40)
    address = columns.long_text()
    timezone = models.CharField(
        max_length=64, default="UTC", db_default="UTC", validators=[zones.validate_zone], help_text=_("IANA name")
    )
    country = columns.short_text(
        2, validators=[zones.validate_country], help_text=_("ISO 3166 code; empty: none, or not known")
    )
    region = columns.short_text(60, help_text=_("Of the country, where holidays differ in it, like BY or ZH"))
    language = columns.short_text(
        35, validators=[validate_language], help_text=_("Tag of its texts; empty: not chosen")
    )
    zone_rules = columns.short_text(
        20, editable=False, help_text=_("Version of the rules by which coming visits were last looked through")
    )
    visits_to_rezone = columns.whole(
        0, editable=False, help_text=_("Coming visits that did not show the time agreed, at that look")
    )
    currency = models.CharField(
        max_length=3, default="USD", db_default="USD", validators=[validate_currency], help_text=_("ISO 4217 code")
    )
    tax_number = columns.short_text(40, help_text=_("Of the organization, as its receipts print it"))
    datev_consultant = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(9_999_999)], help_text=_("DATEV: number of the consultant")
    )
    datev_client = models.PositiveIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(99_999)], help_text=_("DATEV: number of the client there")
    )
    fiscal_year_starts = columns.whole(
        1,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
        help_text=_("Month in which a fiscal year begins, 1 to 12"),
    )
    bookkeeping_accounts = columns.long_text(
        validators=[validate_accounts],
        help_text=_("Like cash 1600, card 1360, online 1361, tips 1755, rounding 2660, revenue 8200, revenue 19 8400"),
    )
    slot_interval = columns.whole(
        15, validators=[MinValueValidator(5), MaxValueValidator(720)], help_text=_("Minutes between offered starts")
    )
    min_notice = columns.whole(
        60, validators=[MaxValueValidator(YEAR_OF_MINUTES)], help_text=_("Minutes a client must book ahead")
    )
    max_advance_days = columns.whole(
        90, validators=[MinValueValidator(1), MaxValueValidator(1095)], help_text=_("Days a client may book ahead")
    )
    max_visits_ahead = columns.whole(
        0,
        validators=[MaxValueValidator(MOST_VISITS_AHEAD)],
        help_text=_("Coming visits that a client may have booked at once; 0: as many as they like"),
    )
    cancellation_notice = columns.whole(
        1440,
        validators=[MaxValueValidator(YEAR_OF_MINUTES)],
        help_text=_("Minutes before the start until which a client may cancel or move"),
    )
    cancellation_grace = columns.whole(
        15,
        validators=[MaxValueValidator(DAY_OF_MINUTES)],
        help_text=_("Minutes after booking in which a client may cancel or move, however late; 0: none"),
    )
    late_cancellation_fee = columns.percent(
        validators=[MinValueValidator(0), MaxValueValidator(100)], help_text=_("Percent of the price")
    )
    no_show_fee = columns.percent(
        validators=[MinValueValidator(0), MaxValueValidator(100)], help_text=_("Percent of the price")
    )
    forget_after_months = columns.whole(
        0,
        validators=[MaxValueValidator(MOST_MONTHS_KEPT)],
        help_text=_("After which `manage.py forget` erases clients nobody saw since; 0: never"),
    )
    team_calendar = columns.flag(False, help_text=_("Whether staff see and book visits of their colleagues, too"))
    require_second_factor = columns.flag(False, help_text=_("Of everybody but clients; who has none sets one up first"))
    slug = columns.short_text(
        60,
        validators=[page_settings.validate_slug],
        help_text=_("Its word in /b/<slug>, the page where guests book; empty: none"),
    )
    guest_page = columns.flag(False, help_text=_("Whether guests may book on its page, without a sign-in"))
    brand_color = columns.short_text(
        7,
        validators=[page_settings.validate_color],
        help_text=_("Of buttons on that page, like #1d4ed8; empty: the usual one"),
    )
    embed_origins = columns.short_text(
        2000,
        validators=[page_settings.validate_origins],
        help_text=_("Sites that may show that page in a frame, like https://www.example.com, parted by blanks"),
    )
    booking_terms = columns.long_text(
        validators=[MaxLengthValidator(LONGEST_TERMS)], help_text=_("What guests agree to when they book")
    )
    privacy_notice = columns.long_text(
        validators=[MaxLengthValidator(LONGEST_TERMS)], help_text=_("What becomes of what guests say of themselves")
    )
    confirms_visits = columns.flag(
        True, help_text=_("Whether clients are told by mail when a visit is booked or changed")
    )
    reminds_clients = columns.flag(True, help_text=_("Whether clients are reminded; when, say its reminders"))
    sends_receipts = columns.flag(
        True, help_text=_("Whether clients get receipts by mail when money came or went back")
    )
    is_active = columns.flag(True)
    version = columns.version()
    created_at = columns.created_at()

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        db_table = "organizations"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=models.functions.Lower("email")),
                name="organization_email_in_lower_case",
                violation_error_message=_("Write the e-mail address in lower case."),
            ),
            models.CheckConstraint(
                condition=models.Q(timezone__regex=zones.PATTERN),
                name="organization_timezone_is_a_name",
                violation_error_message=_("Choose an IANA time zone, like Europe/Berlin."),
            ),
            models.CheckConstraint(
                condition=models.Q(currency__regex="^[A-Z]{3}$"),
                name="organization_currency_is_a_code",
                violation_error_message=_("Choose a currency by its three letters, like EUR."),
            ),
            models.CheckConstraint(
                condition=models.Q(country__regex="^([A-Z]{2})?$"),
                name="organization_country_is_a_code",
                violation_error_message=_("Choose a country by its two letters, like DE."),
            ),
            models.CheckConstraint(
                condition=models.Q(language__regex=LANGUAGE_PATTERN),
                name="organization_language_is_a_tag",
                violation_error_message=_("Choose a language by its tag, like en."),
            ),
            models.CheckConstraint(
                condition=models.Q(slug__regex=page_settings.SLUG_PATTERN),
                name="organization_slug_is_a_word",
                violation_error_message=_("Choose up to 60 small letters, digits and hyphens, like corner-barbers."),
            ),
            models.UniqueConstraint(
                fields=["slug"],
                condition=~models.Q(slug=""),
                name="organization_slug_once",
                violation_error_message=_("Another organization has this word."),
            ),
            models.CheckConstraint(
                condition=models.Q(guest_page=False) | ~models.Q(slug=""),
                name="organization_guest_page_has_a_slug",
                violation_error_message=_("A page for guests needs a word for its address."),
            ),
            models.CheckConstraint(
                condition=models.Q(brand_color__regex=page_settings.COLOR_PATTERN),
                name="organization_brand_color_is_a_color",
                violation_error_message=_("Choose a colour by six small hexadecimal digits, like #1d4ed8."),
            ),
            between("organization_fiscal_year_starts_in_a_month", "fiscal_year_starts", 1, 12, _("Choose 1 to 12.")),
            between("organization_slot_interval_5_to_720", "slot_interval", 5, 720, _("Choose 5 to 720 minutes.")),
            between("organization_min_notice_within_a_year", "min_notice", 0, YEAR_OF_MINUTES, _("At most a year.")),
            between(
                "organization_max_visits_ahead_to_1000",
                "max_visits_ahead",
                0,
                MOST_VISITS_AHEAD,
                _("Choose 0 to 1000."),
            ),
            between(
                "organization_forget_after_months_to_1200",
                "forget_after_months",
                0,
                MOST_MONTHS_KEPT,
                _("Choose 0 to 1200."),
            ),
            between("organization_max_advance_1_to_1095", "max_advance_days", 1, 1095, _("Choose 1 to 1095 days.")),
            between(
                "organization_cancellation_notice_within_a_year",
                "cancellation_notice",
                0,
                YEAR_OF_MINUTES,
                _("At most a year."),
            ),
            between(
                "organization_cancellation_grace_within_a_day",
                "cancellation_grace",
                0,
                DAY_OF_MINUTES,
                _("At most a day."),
            ),
            between("organization_late_fee_is_a_percentage", "late_cancellation_fee", 0, 100, _("Choose 0 to 100.")),
            between("organization_no_show_fee_is_a_percentage", "no_show_fee", 0, 100, _("Choose 0 to 100.")),
        ]
        indexes = [
            models.Index(fields=["name", "id"], name="organization_by_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> tzinfo:
        return zones.find_zone(self.timezone)

    def find_local_date(self, instant: datetime) -> date:
        """The date that the organization's clocks show at an instant."""
        return instant.astimezone(self.zone).date()


class IdempotencyKey(models.Model):
    """What a POST with a key was answered; `organizations.idempotency` alone writes and reads it."""

    organization = columns.organization()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_constraint=False)
    role = models.CharField(max_length=10, help_text=_("The caller's, when it was answered"))
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(max_length=32, help_text=_("SHA-256 of method, path and body"))
    status = models.PositiveSmallIntegerField()
    body = models.BinaryField(help_text=_("The answer, as it was sent"))
    location = columns.long_text()
    etag = columns.short_text(40)
    is_final = columns.flag(True, help_text=_("False: answered so far, and a payment provider is being asked"))
    created_at = columns.created_at()

    class Meta:
        db_table = "idempotency_keys"
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_once_per_user"),
            SameOrganization(field="user", name="idempotency_key_user_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization"], name="idempotency_by_organization")]

    def __str__(self) -> str:
        return self.key


class AuditQuerySet(TenantQuerySet):
    def about(self, row: int) -> Self:
        """Of rows with this number in any table; naming the tables lets the index find them."""
        return self.filter(row=row, table__in=[model._meta.db_table for model in apps.get_models()])


class Audit(models.Model):
    """One change of one row, or one event. Triggers write it, and refuse to change or delete it.

    It outlives what it tells of, so organization and actor are keys without a reference. An event without an
    organization, like a failed sign-in by an unknown address, is the operators'.
    """

    class Source(models.TextChoices):
        API = "api", _("API")
        ADMIN = "admin", _("Admin")
        GUEST = "guest", _("page for guests")
        COMMAND = "command", _("Command")
        PSQL = "psql", _("database")

    organization = models.ForeignKey(
        Organization, models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    at = models.DateTimeField()
    actor = models.ForeignKey(
        "accounts.User", models.DO_NOTHING, null=True, related_name="+", db_index=False, db_constraint=False
    )
    source = models.CharField(max_length=10, choices=Source)
    request_id = models.CharField(max_length=128, help_text=_("Of the request, or the name of the program"))
    action = models.CharField(max_length=20, help_text=_("insert, update, delete, or the name of an event"))
    table = columns.short_text(30)
    row = models.BigIntegerField(null=True)
    changes = models.JSONField(help_text=_("Column → [old, new], as text; null where there was nothing"))

    objects = AuditQuerySet.as_manager()

    class Meta:
        db_table = "audit"
        verbose_name = _("change or event")
        verbose_name_plural = _("audit")
        indexes = [
            models.Index(fields=["organization", "id"], name="audit_by_organization"),
            models.Index(fields=["organization", "at"], name="audit_by_time"),
            models.Index(fields=["organization", "actor", "id"], name="audit_by_actor"),
            models.Index(fields=["table", "row"], name="audit_by_row"),
            # Events are a handful among changes, and what is looked for.
            models.Index(
                fields=["organization", "id"],
                condition=~models.Q(action__in=("insert", "update", "delete")),
                name="audit_of_events",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action} {self.table} {self.row or ''}".strip()


class Seal(models.Model):
    """One link of an organization's chain: digests of one row of the audit or the history, and of all links before.

    `appointments.sealing` writes it, and says what it shows. The erasure of a client deletes the salt, and nothing else
    is ever changed. A chain is no row of its organization: it stays here when that is exported.
    """

    chain = models.BigIntegerField(help_text=_("The organization's id, 0 for what belongs to none"))
    table = models.CharField(max_length=30)
    row = models.BigIntegerField()
    salt = models.BinaryField(null=True, max_length=16, help_text=_("Of the words; null where there are none any more"))
    words = models.BinaryField(
        max_length=32, help_text=_("SHA-256 of salt and words; empty where there never were any")
    )
    link = models.BinaryField(max_length=32, help_text=_("SHA-256 of the link before, the row's facts, and `words`"))
    sealed_at = models.DateTimeField()

    class Meta:
        db_table = "seals"
        constraints = [models.UniqueConstraint(fields=["table", "row"], name="seal_once_per_row")]
        indexes = [models.Index(fields=["chain", "table", "id"], name="seal_by_chain")]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
