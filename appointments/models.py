"""The calendar's tables: hours, time off and visits. `booking` alone writes a visit's time and status."""

from datetime import UTC, date, datetime, timedelta, timezone

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.timezone import localtime

from accounts.models import User
from appointments import ranges
from clientline import columns
from clientline.columns import between
from clientline.constraints import SameOrganization
from organizations import policy
from organizations.tenancy import TenantQuerySet
from services.models import DAY_OF_MINUTES, Service

LONGEST_VISIT = timedelta(days=1)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
OUT_OF_BOUNDS = "Choose dates between 2000 and 2100."
NEXT_DAY = "Where it is no later than the start, of the next day"
OVERLAPPING_HOURS = {
    "violation_error_code": "overlapping_hours",
    "violation_error_message": "These hours overlap others of the same person.",
}


class Weekday(models.IntegerChoices):
    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


# Counted from a Monday and not by ISO weeks, in which 53 is followed by 1.
FIRST_MONDAY = date(2000, 1, 3)
SECOND_WEEKS = [(0, "Even weeks"), (1, "Odd weeks")]


def parity_of_week(day):
    """0 or 1: whether the week of a date is one of those counted even since FIRST_MONDAY, or between them."""
    return (day - FIRST_MONDAY).days // 7 % 2


def _are_dates(*names):
    """Each is NULL, which no check refuses, or between 2000 and 2100."""
    first, end = EARLIEST.date(), LATEST.date()
    return Q(**{f"{name}__gte": first for name in names}, **{f"{name}__lt": end for name in names})


class HoursQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {policy.SELF: lambda user: Q(staff=user.pk)}


class WorkingHoursQuerySet(HoursQuerySet):
    def holding_from(self, day):
        """What holds on a date or later; not what is over by then."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day))


class WorkingHours(models.Model):
    """When somebody works in every week, or in every second one, as wall-clock times of the organization.

    A night belongs to the evening it began: `weekday` is that of its start. `roster` changes rows, so that the past
    stays as it was.
    """

    organization = columns.organization()
    staff = models.ForeignKey(User, models.CASCADE, related_name="working_hours", db_constraint=False)
    weekday = models.PositiveSmallIntegerField(choices=Weekday, help_text="0 is Monday")
    starts = models.TimeField()
    ends = models.TimeField(help_text=NEXT_DAY)
    every_second_week = models.PositiveSmallIntegerField(
        choices=SECOND_WEEKS,
        null=True,
        blank=True,
        help_text="0 or 1: the parity of whole weeks since Monday 2000-01-03; empty: every week",
    )
    valid_from = models.DateField(null=True, blank=True, help_text="First date; empty: always")
    valid_until = models.DateField(null=True, blank=True, help_text="Last date, included; empty: for good")
    created_at = columns.created_at()
    strands: list[int] | None = None  # no column: ids of the visits that the change just made strands

    objects = WorkingHoursQuerySet.as_manager()

    class Meta:
        db_table = "working_hours"
        verbose_name = verbose_name_plural = "working hours"
        constraints = [
            between("working_hours_weekday_0_to_6", "weekday", 0, 6, "Choose 0 (Monday) to 6 (Sunday)."),
            between("working_hours_second_week_0_or_1", "every_second_week", 0, 1, "Choose 0 or 1, or none."),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="working_hours_valid_until_not_before_from",
                violation_error_message="The last date is not before the first.",
            ),
            models.CheckConstraint(
                condition=_are_dates("valid_from", "valid_until"),
                name="working_hours_valid_between_2000_and_2100",
                violation_error_message=OUT_OF_BOUNDS,
            ),
            ExclusionConstraint(
                name="working_hours_never_overlap",
                expressions=[(ranges.same_staff(), "&&"), (ranges.weekly_hours(), "&&"), (ranges.validity(), "&&")],
                **OVERLAPPING_HOURS,
            ),
            SameOrganization(field="staff", name="working_hours_staff_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="working_hours_by_organization")]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.starts:%H:%M}–{self.ends:%H:%M}"


class SpecialHours(models.Model):
    """The hours that begin on one date, in place of its weekly ones. Without times the date is closed."""

    organization = columns.organization()
    staff = models.ForeignKey(User, models.CASCADE, related_name="special_hours", db_constraint=False)
    date = models.DateField()
    starts = models.TimeField(null=True, blank=True)
    ends = models.TimeField(null=True, blank=True, help_text=NEXT_DAY)
    created_at = columns.created_at()
    strands: list[int] | None = None  # no column: ids of the visits that the change just made strands

    objects = HoursQuerySet.as_manager()

    class Meta:
        db_table = "special_hours"
        verbose_name = verbose_name_plural = "special hours"
        constraints = [
            between(
                "special_hours_between_2000_and_2100",
                "date",
                EARLIEST.date(),
                LATEST.date(),
                "Choose a date between 2000 and 2100.",
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True) | Q(starts__isnull=False, ends__isnull=False),
                name="special_hours_have_both_times_or_neither",
                violation_error_message="Give both times, or neither for a closed day.",
            ),
            # Two, because a closed date stands alone on its own date, and a night before it may reach into it.
            ExclusionConstraint(
                name="special_hours_never_overlap",
                expressions=[(ranges.same_staff(), "&&"), (ranges.hours_within_date(), "&&")],
                **OVERLAPPING_HOURS,
            ),
            ExclusionConstraint(
                name="special_hours_nights_never_overlap",
                expressions=[(ranges.same_staff(), "&&"), (ranges.hours_of_date(), "&&")],
                condition=Q(starts__isnull=False),
                **OVERLAPPING_HOURS,
            ),
            SameOrganization(field="staff", name="special_hours_staff_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="special_hours_by_organization")]

    def __str__(self):
        return f"{self.date} " + (f"{self.starts:%H:%M}–{self.ends:%H:%M}" if self.starts else "closed")


class TimeOff(models.Model):
    """Somebody is away, or, where nobody is named, the whole organization is closed."""

    organization = columns.organization()
    staff = models.ForeignKey(
        User,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="time_off",
        db_constraint=False,
        help_text="Empty: everybody",
    )
    whole_days = columns.flag(False, help_text="From `from_date` to `to_date`: all hours that begin on these dates")
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True, help_text="Included")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = columns.short_text(200)
    created_at = columns.created_at()
    strands: list[int] | None = None  # no column: ids of the visits that the change just made strands

    objects = HoursQuerySet.as_manager()

    class Meta:
        db_table = "time_off"
        verbose_name = verbose_name_plural = "time off"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="time_off_ends_after_start",
                violation_error_message="It has to end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(starts_at__gte=EARLIEST, ends_at__lte=LATEST),
                name="time_off_between_2000_and_2100",
                violation_error_message="Choose dates between 2000 and 2100.",
            ),
            models.CheckConstraint(
                condition=Q(whole_days=True, from_date__isnull=False, to_date__isnull=False)
                | Q(whole_days=False, from_date__isnull=True, to_date__isnull=True),
                name="time_off_has_dates_or_times",
                violation_error_message="Whole days have a first and a last date, and times have neither.",
            ),
            models.CheckConstraint(
                condition=_are_dates("from_date", "to_date"),
                name="time_off_dates_between_2000_and_2100",
                violation_error_message=OUT_OF_BOUNDS,
            ),
            models.CheckConstraint(
                condition=Q(to_date__gte=F("from_date")),
                name="time_off_to_date_not_before_from_date",
                violation_error_message="The last date is not before the first.",
            ),
            SameOrganization(field="staff", name="time_off_staff_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="time_off_by_organization"),
            models.Index(fields=["organization", "ends_at"], name="time_off_by_end"),
        ]

    def __str__(self):
        if self.whole_days:
            return f"{self.from_date}" + (f"–{self.to_date}" if self.to_date != self.from_date else "")
        return f"{localtime(self.starts_at):%Y-%m-%d %H:%M}–{localtime(self.ends_at):%Y-%m-%d %H:%M}"


class AppointmentQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ASSIGNED: lambda user: Q(staff=user.pk),
        policy.OWN: lambda user: Q(client=user.pk),
    }

    def under_way(self, start, end):
        """The visits that are going on between two instants."""
        # Bounds on their start, so that the index answers: no visit lasts longer.
        return self.filter(appointment_date__gt=start - LONGEST_VISIT, appointment_date__lt=end, ends_at__gt=start)

    def stranded(self, now):
        """The coming visits that need another time or somebody else: see `stranding`."""
        return self.filter(stranded=True, status=Appointment.Status.SCHEDULED, appointment_date__gt=now)


class Side(models.TextChoices):
    """On whose behalf a visit is cancelled."""

    ORGANIZATION = "organization"
    CLIENT = "client"


class Appointment(models.Model):
    class Status(models.TextChoices):
        SCHEDULED = "scheduled"
        COMPLETED = "completed"
        CANCELLED = "cancelled"
        NO_SHOW = "no_show"

    organization = columns.organization()
    client = models.ForeignKey(User, models.PROTECT, related_name="visits", db_constraint=False, db_index=False)
    staff = models.ForeignKey(User, models.PROTECT, related_name="visits_given", db_constraint=False, db_index=False)
    service = models.ForeignKey(Service, models.PROTECT, related_name="visits", db_constraint=False)
    appointment_date = models.DateTimeField()
    local_start = columns.WallClockField(
        null=True, blank=True, editable=False, help_text="The time agreed, as the organization's clocks showed it"
    )
    ends_at = models.DateTimeField()
    busy_from = models.DateTimeField(help_text="Start, less the service's buffer before")
    busy_until = models.DateTimeField(help_text="End, plus the service's buffer after")
    status = models.CharField(max_length=10, choices=Status, default=Status.SCHEDULED, db_default=Status.SCHEDULED)
    notes = columns.long_text()
    internal_notes = columns.long_text(help_text="Never shown to clients")
    price = columns.money(validators=[MinValueValidator(0)], help_text="As it was when booked")
    overbooked = columns.flag(False, help_text="Booked knowingly beside another visit")
    stranded = columns.flag(
        False, editable=False, help_text="Hours, time off, the zone or the team changed: its person is no longer there"
    )
    version = columns.version()
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancellation_reason = columns.short_text(500)
    cancelled_by = columns.actor()
    cancellation_notice = models.PositiveIntegerField(help_text="Minutes; the policy when booked")
    late_cancellation_fee = columns.percent(
        validators=[MaxValueValidator(100)], help_text="Percent of the price; the policy when booked"
    )
    no_show_fee = columns.percent(
        validators=[MaxValueValidator(100)], help_text="Percent of the price; the policy when booked"
    )
    cancellation_grace = columns.whole(0, help_text="Minutes after booking; the policy when booked")
    cancelled_on_behalf_of = columns.short_text(
        12, choices=Side, help_text="Whose doing it was; empty where nobody asked, which counts as the client's"
    )
    tax_rate = columns.tax_rate("Percent, contained in the price; as it was when booked")
    fee_waived = columns.flag(False)
    series = models.UUIDField(null=True, blank=True, editable=False)
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
                violation_error_message="This time is taken.",
            ),
            columns.known("appointment_status_is_known", "status", ("scheduled", "completed", "cancelled", "no_show")),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("appointment_date")),
                name="appointment_ends_after_start",
                violation_error_message="A visit has to end after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(busy_from__lte=F("appointment_date"), busy_until__gte=F("ends_at"))
                & Q(busy_until__lte=F("busy_from") + LONGEST_VISIT),
                name="appointment_with_buffers_within_a_day",
                violation_error_message="A visit with its buffers lasts at most a day.",
            ),
            models.CheckConstraint(
                condition=Q(busy_from__gte=EARLIEST, busy_until__lte=LATEST),
                name="appointment_between_2000_and_2100",
                violation_error_message="Choose a date between 2000 and 2100.",
            ),
            models.CheckConstraint(
                condition=Q(price__gte=0), name="appointment_price_not_negative", violation_error_message="Not below 0."
            ),
            between("appointment_late_fee_is_a_percentage", "late_cancellation_fee", 0, 100, "Choose 0 to 100."),
            between("appointment_no_show_fee_is_a_percentage", "no_show_fee", 0, 100, "Choose 0 to 100."),
            between("appointment_tax_rate_is_a_percentage", "tax_rate", 0, 100, "Choose 0 to 100."),
            between("appointment_cancellation_grace_within_a_day", "cancellation_grace", 0, DAY_OF_MINUTES, "A day."),
            columns.known(
                "appointment_cancelled_on_behalf_of_is_known",
                "cancelled_on_behalf_of",
                ("", "organization", "client"),
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled") | Q(cancelled_on_behalf_of=""),
                name="appointment_says_whose_doing_when_cancelled",
                violation_error_message="Only a cancelled visit says on whose behalf.",
            ),
            models.CheckConstraint(
                condition=Q(status="cancelled", cancelled_at__isnull=False)
                | ~Q(status="cancelled") & Q(cancelled_at__isnull=True),
                name="appointment_cancelled_has_its_time",
                violation_error_message="A cancelled visit says when, and no other does.",
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
            # A handful among all visits.
            models.Index(
                fields=["organization", "appointment_date", "id"],
                condition=Q(stranded=True),
                name="appointment_stranded",
            ),
            # Revenue by person and service looks up each paid visit: from here without reading the table.
            models.Index(fields=["organization", "id"], include=["staff", "service"], name="appointment_references"),
        ]

    def __str__(self):
        return f"{localtime(self.appointment_date):%Y-%m-%d %H:%M} {self.status}"

    @property
    def agreed_start(self):
        """The start as it was agreed: the clock's time, with the offset that the rules gave it then."""
        stored = self.local_start and self.local_start - self.appointment_date.astimezone(UTC).replace(tzinfo=None)
        if stored is None or abs(stored) >= timedelta(days=1):  # psql's rows need say nothing, or nothing sensible
            return self.appointment_date.astimezone(self.organization.zone)
        return self.local_start.replace(tzinfo=timezone(stored))


class AppointmentHistory(models.Model):
    """One fact about a visit. A trigger refuses UPDATE and DELETE to everybody."""

    organization = columns.organization()
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="history", db_constraint=False)
    at = models.DateTimeField()
    by = columns.actor()
    action = models.CharField(max_length=20)
    was = columns.short_text(200)
    became = columns.short_text(200)
    reason = columns.short_text(500)
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "appointment_history"
        verbose_name_plural = "appointment history"
        constraints = [
            SameOrganization(field="appointment", name="appointment_history_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization", "id"], name="history_by_organization")]

    def __str__(self):
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
