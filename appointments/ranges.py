"""Hours as ranges, in SQL that may stand in an index: what the constraints compare. In Python `hours` says the same."""

from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, IntegerRangeField
from django.db.models import Case, F, Func, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Mod

from services.models import DAY_OF_MINUTES

CYCLE = 14 * DAY_OF_MINUTES


def same_staff() -> Func:
    """One person, so that GiST compares them without an extension."""
    return Func(F("staff"), F("staff"), Value("[]"), function="int8range", output_field=BigIntegerRangeField())


def validity() -> Func:
    """The dates from `valid_from` to `valid_until`, both included; a bound that is NULL is none."""
    return Func(F("valid_from"), F("valid_until"), Value("[]"), function="daterange", output_field=DateRangeField())


def weekly_hours() -> Func:
    """The minutes that weekly hours take of the fourteen-day cycle; what goes on behind its end begins it."""

    def held_in(week: Combinable) -> Func:
        day = week * Value(7) + F("weekday")
        begin = day * Value(DAY_OF_MINUTES) + _minutes(F("starts"))
        return _minute_range(begin, begin + _length_of_hours())

    weeks = [Coalesce(F("every_second_week"), Value(week)) for week in (0, 1)]
    taken = [held_in(week + Value(shift)) for week in weeks for shift in (0, -2)]
    ranges = [Func(*each, function="int4multirange") for each in (taken, [_minute_range(Value(0), Value(CYCLE))])]
    # In the order of the alphabet, as the migration writes them: to Django others would be another constraint.
    return Func(*ranges, arg_joiner=" * ", template="(%(expressions)s)", output_field=IntegerRangeField())


def hours_of_date() -> Func:
    """The minutes from 2000 on that the hours of a date take, their night included."""
    begin = _date_minutes() + _minutes(F("starts"))
    return _minute_range(begin, begin + _length_of_hours())


def hours_within_date() -> Func:
    """The same up to midnight; a closed date takes all of its minutes."""
    ends = Case(When(ends__gt=F("starts"), then=_minutes(F("ends"))), default=Value(DAY_OF_MINUTES))
    return _minute_range(_date_minutes() + Coalesce(_minutes(F("starts")), Value(0)), _date_minutes() + ends)


def _minutes(clock: F) -> Func:
    """Minutes since midnight of a time of day."""
    template = "(extract(epoch from %(expressions)s) / 60)::int"
    return Func(clock, template=template, output_field=IntegerField())


def _date_minutes() -> Func:
    template = f"((%(expressions)s - DATE '2000-01-01') * {DAY_OF_MINUTES})"
    return Func(F("date"), template=template, output_field=IntegerField())


def _length_of_hours() -> Combinable:
    """1 to 1440: an end that is no later than the start is the next day's."""
    wrapped = _minutes(F("ends")) - _minutes(F("starts")) + Value(DAY_OF_MINUTES - 1)
    return Mod(wrapped, Value(DAY_OF_MINUTES), output_field=IntegerField()) + Value(1)


def _minute_range(begin: Combinable, end: Combinable) -> Func:
    return Func(begin, end, function="int4range", output_field=IntegerRangeField())
