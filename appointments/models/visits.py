"""Visits and what happened to them. `booking` alone writes a visit's time and status."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Self, cast

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import ranges
from appointments.models.hours import LONGEST_VISIT
from clientline import columns, wording
from clientline.columns import between
from clientline.constraints import SameOrganization
from clientline.names import look_up
from clientline.notations import EARLIEST, LATEST
from organizations import policy
from organizations.tenancy import TenantQuerySet
from services.models import DAY_OF_MINUTES, Service


class AppointmentQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(staff=user.pk),
        policy.OWN: lambda user: Q(client=user.pk),
        policy.LINKED: lambda user: Q(organization=user.organization_id, pk=user.visit_id),
    }

    def under_way(self, start: Any, end: Any, *, earliest: Any = None) -> Self:
        """The visits that are going on between two instants.

        Of instants that are given when the statement runs, `earliest` is the first less LONGEST_VISIT.
        """
        # Bounds on their start, so that the index answers: no visit lasts longer.
        earliest = earliest or start - LONGEST_VISIT
        return self.filter(appointment_date__gt=earliest, appointment_date__lt=end, ends_at__gt=start)

    def not_there_yet(self, now: datetime) -> Self:
        """The visits that should have begun, and whose client has not arrived."""
        return self.filter(status=Appointment.Status.SCHEDULED, appointment_date__lt=now, arrived_at=None)

    def over_and_open(self, now: datetime) -> Self:
        """The visits that ended, and of which nobody said how: completed, a no-show or cancelled."""
        return self.filter(status=Appointment.Status.SCHEDULED, appointment_date__lt=now, ends_at__lte=now)

    def stranded(self, now: datetime) -> Self:
        """The coming visits that need another time or somebody else: see `stranding`."""
        return self.filter(stranded=True, status=Appointment.Status.SCHEDULED, appointment_date__gt=now)


class Side(models.TextChoices):
    """On whose behalf a visit is cancelled."""

    ORGANIZATION = "organization", _("Organization")
    CLIENT = "client", _("Client")


class Appointment(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")
        NO_SHOW = "no_show", _("No Show")

    organization = columns.organization()
    client = models.ForeignKey(User, models.PROTECT, related_name="visits", db_constraint=False, db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, related_name="visits_given", db_constraint=False, db_index=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="visits", db_constraint=False)
    appointment_date = models.DateTimeField()
    local_start = columns.WallClockField(
        null=True, blank=True, editable=False, help_text=_("The time agreed, as the organization's clocks showed it")
    )
    ends_at = models.DateTimeField()
    busy_from = models.DateTimeField(help_text=_("Start, less the service's buffer before"))
    busy_until = models.DateTimeField(help_text=_("End, plus the service's buffer after"))
    status = models.CharField(max_length=10, choices=Status, default=Status.SCHEDULED, db_default=Status.SCHEDULED)
    notes = columns.long_text()
    internal_notes = columns.long_text(help_text=_("Never shown to clients"))
    price = columns.money(validators=[MinValueValidator(0)], help_text=_("As it was when booked"))
    overbooked = columns.flag(False, help_text=_("Booked knowingly beside another visit"))
    stranded = columns.flag(
        False,
        editable=False,
        help_text=_("Hours, time off, the zone or the team changed: its person is no longer there"),
    )
    stranded_by = columns.short_text(
        40, editable=False, help_text=_("Which of these it was; empty where nobody knows any more")
    )
    version = columns.version()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancellation_reason = columns.short_text(500)
    cancelled_by = columns.actor()
    cancellation_notice = models.PositiveIntegerField(help_text=_("Minutes; the policy when booked"))
    late_cancellation_fee = columns.percent(
        validators=[MaxValueValidator(100)], help_text=_("Percent of the price; the policy when booked")
    )
    no_show_fee = columns.percent(
        validators=[MaxValueValidator(100)], help_text=_("Percent of the price; the policy when booked")
    )
    cancellation_grace = columns.whole(0, help_text=_("Minutes after booking; the policy when booked"))
    cancelled_on_behalf_of = columns.short_text(
        12, choices=Side, help_text=_("Whose doing it was; empty where nobody asked, which counts as the client's")
    )
    tax_rate = columns.tax_rate(_("Percent, contained in the price; as it was when booked"))
    fee_waived = columns.flag(False)
    series = models.UUIDField(null=True, blank=True, editable=False)
    group = models.UUIDField(
        null=True, blank=True, editable=False, help_text=_("Shared by visits in one go: booked together, one bill")
    )
    arrived_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When the client was there"))
    in_service_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When it really began"))
    calendar_uid = models.TextField(
        default=columns.make_uid,
        db_default=Func(template="gen_random_uuid()::text", output_field=models.TextField()),
        editable=False,
        help_text=_("By which calendars know it, for ever"),
    )
    sequence = columns.whole(
        0, editable=False, help_text=_("How often it was moved, cancelled or followed new time zone rules")
    )
    created_by = columns.actor()
    created_at = columns.created_at()

    objects = AppointmentQuerySet.as_manager()

    class Meta:
        db_table = "appointments"
        constraints = [
            # Double booking is refused here, whichever door it came through. The form needs no extension.
            ExclusionConstraint(
                name="appointment_no_double_booking",
                expressions=[
                    (ranges.same_staff(), "&&"),
                    (
                        Func(F("busy_from"), F("busy_until"), function="tstzrange", output_field=DateTimeRangeField()),
                        "&&",
                    ),
                ],
                condition=~Q(status="cancelled") & Q(overbooked=False),
                violation_error_code="slot_taken",
                violation_error_message=_("This time is taken."),
            ),
            columns.known("appointment_status_is_known", "status", ("scheduled", "completed", "cancelled", "no_show")),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("appointment_date")),
                name="appointment_ends_after_start",
                violation_error_message=_("A visit has to end after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(busy_from__lte=F("appointment_date"), busy_until__gte=F("ends_at"))
                & Q(busy_until__lte=F("busy_from") + LONGEST_VISIT),
                name="appointment_with_buffers_within_a_day",
                violation_error_message=_("A visit with its buffers lasts at most a day."),
            ),
            models.CheckConstraint(
                condition=Q(busy_from__gte=EARLIEST, busy_until__lte=LATEST),
                name="appointment_between_2000_and_2100",
                violation_error_message=_("Choose a date between 2000 and 2100."),
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0),
                name="appointment_price_not_negative",
                violation_error_message=_("Not below 0."),
            ),
            between("appointment_late_fee_is_a_percentage", "late_cancellation_fee", 0, 100, _("Choose 0 to 100.")),
            between("appointment_no_show_fee_is_a_percentage", "no_show_fee", 0, 100, _("Choose 0 to 100.")),
            between("appointment_tax_rate_is_a_percentage", "tax_rate", 0, 100, _("Choose 0 to 100.")),
            between(
                "appointment_cancellation_grace_within_a_day", "cancellation_grace", 0, DAY_OF_MINUTES, _("A day.")
            ),
            columns.known(
                "appointment_cancelled_on_behalf_of_is_known",
                "cancelled_on_behalf_of",
                ("", "organization", "client"),
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled") | Q(cancelled_on_behalf_of=""),
                name="appointment_says_whose_doing_when_cancelled",
                violation_error_message=_("Only a cancelled visit says on whose behalf."),
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | ~Q(status="cancelled") & Q(cancelled_at__isnull=True),
                name="appointment_cancelled_has_its_time",
                violation_error_message=_("A cancelled visit says when, and no other does."),
            ),
            models.CheckConstraint(
                condition=Q(in_service_at=None) | Q(arrived_at__isnull=False),
                name="appointment_in_service_after_arriving",
                violation_error_message=_("Nobody is in service who has not arrived."),
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="appointment_in_one_organization"),
            SameOrganization(field="client", name="appointment_client_in_same_organization"),
            SameOrganization(field="staff", name="appointment_staff_in_same_organization"),
            SameOrganization(field="service", name="appointment_service_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "appointment_date", "id"], name="appointment_by_date"),
            models.Index(fields=["organization", "created_at", "id"], name="appointment_by_creation"),
            models.Index(fields=["staff", "appointment_date"], name="appointment_by_staff_and_date"),
            models.Index(fields=["client", "appointment_date"], name="appointment_by_client_and_date"),
            # A client's card shows the latest notes; most visits have none.
            models.Index(
                fields=["client", "appointment_date"], condition=~Q(internal_notes=""), name="appointment_noted"
            ),
            # A handful among all visits.
            models.Index(
                fields=["organization", "appointment_date", "id"],
                condition=Q(stranded=True),
                name="appointment_stranded",
            ),
            models.Index(
                fields=["organization", "group"], condition=Q(group__isnull=False), name="appointment_by_group"
            ),
            # Revenue by person and service looks up each paid visit: from here without reading the table.
            models.Index(fields=["organization", "id"], include=["staff", "service"], name="appointment_references"),
        ]

    def __str__(self) -> str:
        return f"{wording.write_shared_moment(localtime(self.appointment_date))} {look_up(self.status)}"

    @property
    def agreed_start(self) -> datetime:
        """The start as it was agreed: the clock's time, with the offset that the rules gave it then."""
        stored = self.local_start and self.local_start - self.appointment_date.astimezone(UTC).replace(tzinfo=None)
        if stored is None or abs(stored) >= timedelta(days=1):  # psql's rows need say nothing, or nothing sensible
            return self.appointment_date.astimezone(self.organization.zone)
        return cast(datetime, self.local_start).replace(tzinfo=timezone(stored))


class AppointmentHistory(models.Model):
    """One fact about a visit. A trigger refuses UPDATE and DELETE to everybody."""

    organization = columns.organization()
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="history", db_constraint=False)
    at = models.DateTimeField()
    by = columns.actor()
    action = models.CharField(max_length=20)
    was = columns.short_text(200)
    became = columns.short_text(200)
    reason = columns.long_text()  # also the notes that a former client's visit had, however long
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "appointment_history"
        verbose_name_plural = _("appointment history")
        constraints = [
            SameOrganization(field="appointment", name="appointment_history_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="history_by_organization"),
            # An erasure asks which visits were somebody's; few change hands.
            models.Index(
                fields=["organization", "was"], condition=Q(action="client_changed"), name="history_handed_over"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
