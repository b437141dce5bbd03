"""Hours of every week, hours of one date, and time off."""

from datetime import date, timedelta
from typing import Any, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.db import models
from django.db.models import F, Q
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments import ranges
from clientline import columns, wording
from clientline.columns import between
from clientline.constraints import SameOrganization
from clientline.notations import EARLIEST, LATEST
from organizations import policy
from organizations.tenancy import TenantQuerySet

LONGEST_VISIT = timedelta(days=1)
OUT_OF_BOUNDS = _("Choose dates between 2000 and 2100.")
NEXT_DAY = _("Where it is no later than the start, of the next day")
OVERLAPPING_HOURS: dict[str, Any] = {
    "violation_error_code": "overlapping_hours",
    "violation_error_message": _("These hours overlap others of the same person."),
}


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


# Counted from a Monday and not by ISO weeks, in which 53 is followed by 1.
FIRST_MONDAY = date(2000, 1, 3)
SECOND_WEEKS = [(0, _("Even weeks")), (1, _("Odd weeks"))]


def find_parity(day: date) -> int:
    """0 or 1: whether the week of a date is one of those counted even since FIRST_MONDAY, or between them."""
    return (day - FIRST_MONDAY).days // 7 % 2


def _are_dates(*names: str) -> Q:
    """Each is NULL, which no check refuses, or between 2000 and 2100."""
    first, end = EARLIEST.date(), LATEST.date()
    return Q(**{f"{name}__gte": first for name in names}, **{f"{name}__lt": end for name in names})


class HoursQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {policy.SELF: lambda user: Q(staff=user.pk)}


class WorkingHoursQuerySet(HoursQuerySet):
    def holding_from(self, day: date) -> Self:
        """What holds on a date or later; not what is over by then."""
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day))


class WorkingHours(models.Model):
    """When somebody works in every week, or in every second one, as wall-clock times of the organization.

    A night belongs to the evening it began: `weekday` is that of its start. `roster` changes rows, so that the past
    stays as it was.
    """

    organization = columns.organization()
    staff = models.ForeignKey(User, models.CASCADE, related_name="working_hours", db_constraint=False)
    weekday = models.PositiveSmallIntegerField(choices=Weekday, help_text=_("0 is Monday"))
    starts = models.TimeField()
    ends = models.TimeField(help_text=NEXT_DAY)
    every_second_week = models.PositiveSmallIntegerField(
        choices=SECOND_WEEKS,
        null=True,
        blank=True,
        help_text=_("0 or 1: the parity of whole weeks since Monday 2000-01-03; empty: every week"),
    )
    valid_from = models.DateField(null=True, blank=True, help_text=_("First date; empty: always"))
    valid_until = models.DateField(null=True, blank=True, help_text=_("Last date, included; empty: for good"))
    created_at = columns.created_at()
    strands: list[int] | None = None  # no column: ids of the visits that the change just made strands

    objects = WorkingHoursQuerySet.as_manager()

    class Meta:
        db_table = "working_hours"
        verbose_name = verbose_name_plural = _("working hours")
        constraints = [
            between("working_hours_weekday_0_to_6", "weekday", 0, 6, _("Choose 0 (Monday) to 6 (Sunday).")),
            between("working_hours_second_week_0_or_1", "every_second_week", 0, 1, _("Choose 0 or 1, or none.")),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="working_hours_valid_until_not_before_from",
                violation_error_message=_("The last date is not before the first."),
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

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {wording.write_clocks(self.starts, self.ends)}"


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
        verbose_name = verbose_name_plural = _("special hours")
        constraints = [
            between(
                "special_hours_between_2000_and_2100",
                "date",
                EARLIEST.date(),
                LATEST.date(),
                _("Choose a date between 2000 and 2100."),
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True, ends__isnull=True) | Q(starts__isnull=False, ends__isnull=False),
                name="special_hours_have_both_times_or_neither",
                violation_error_message=_("Give both times, or neither for a closed day."),
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

    def __str__(self) -> str:
        times = wording.write_clocks(self.starts, self.ends) if self.starts and self.ends else _("closed")
        return f"{wording.write_shared_date(self.date)} {times}"


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
        help_text=_("Empty: everybody"),
    )
    whole_days = columns.flag(False, help_text=_("From `from_date` to `to_date`: all hours that begin on these dates"))
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True, help_text=_("Included"))
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = columns.short_text(200)
    created_at = columns.created_at()
    strands: list[int] | None = None  # no column: ids of the visits that the change just made strands

    objects = HoursQuerySet.as_manager()

    class Meta:
        db_table = "time_off"
        verbose_name = verbose_name_plural = _("time off")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="time_off_ends_after_start",
                violation_error_message=_("It has to end after it starts."),
            ),
            models.CheckConstraint(
                condition=Q(starts_at__gte=EARLIEST, ends_at__lte=LATEST),
                name="time_off_between_2000_and_2100",
                violation_error_message=_("Choose dates between 2000 and 2100."),
            ),
            models.CheckConstraint(
                condition=Q(whole_days=True, from_date__isnull=False, to_date__isnull=False)
                | Q(whole_days=False, from_date__isnull=True, to_date__isnull=True),
                name="time_off_has_dates_or_times",
                violation_error_message=_("Whole days have a first and a last date, and times have neither."),
            ),
            models.CheckConstraint(
                condition=_are_dates("from_date", "to_date"),
                name="time_off_dates_between_2000_and_2100",
                violation_error_message=OUT_OF_BOUNDS,
            ),
            models.CheckConstraint(
                condition=Q(to_date__gte=F("from_date")),
                name="time_off_to_date_not_before_from_date",
                violation_error_message=_("The last date is not before the first."),
            ),
            SameOrganization(field="staff", name="time_off_staff_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "id"], name="time_off_by_organization"),
            models.Index(fields=["organization", "ends_at"], name="time_off_by_end"),
        ]

    def __str__(self) -> str:
        if self.whole_days:
            # One day is named once; a constraint wants both dates of whole days.
            return "–".join(
                wording.write_shared_date(day) for day in dict.fromkeys((self.from_date, self.to_date)) if day
            )
        return "–".join(wording.write_shared_moment(localtime(each)) for each in (self.starts_at, self.ends_at))
