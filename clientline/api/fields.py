"""Serializer fields that take JSON's own types and nothing that merely looks like them."""

from datetime import time
from decimal import Decimal
from functools import cache

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from clientline.columns import MONEY_DIGITS, MONEY_PLACES, SUM_DIGITS
from clientline.database.prepared import (
    Given,
    Objects,
    identify_caller,
    read_standing,
    run_in_one_trip,
    stand_for_any_caller,
)
from clientline.disclosure import select_tellable
from clientline.made_addresses import show_address
from clientline.notations import CLOCK, LARGEST_INTEGER, MONEY, parse_birthday, parse_date, parse_instant, read_moment


class StrictCharField(serializers.CharField):
    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictEmailField(StrictCharField, serializers.EmailField):
    """Stored in lower case, as the database checks."""

    def to_internal_value(self, data):
        return super().to_internal_value(data).lower()


# No `const`: clients by openapi-python-client take it for the only string there is, and refuse every address.
@extend_schema_field(
    {"anyOf": [{"type": "string", "format": "email", "maxLength": 254}, {"type": "string", "maxLength": 0}]}
)
class OptionalEmailField(StrictEmailField):
    """May be empty."""

    def __init__(self, **options):
        super().__init__(required=False, allow_blank=True, max_length=254, **options)


class SignInAddressField(OptionalEmailField):
    """Empty for an address that was made because there is none."""

    def to_representation(self, value):
        return show_address(value)


class StrictBooleanField(serializers.BooleanField):
    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictIntegerField(serializers.IntegerField):
    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class StrictDecimalField(serializers.DecimalField):
    """A string or a number in plain digits; DRF checks the number of places."""

    def validate_precision(self, value):
        """First what is too much on either side of the point: DRF counts both together, and says so of 1.2345678901."""
        if abs(value) >= 10**self.max_whole_digits:
            self.fail("max_whole_digits", max_whole_digits=self.max_whole_digits)
        if -value.as_tuple().exponent > self.decimal_places:
            self.fail("max_decimal_places", max_decimal_places=self.decimal_places)
        return super().validate_precision(value)

    def validate_empty_values(self, data):
        return serializers.Field.validate_empty_values(self, data)  # DRF takes an empty text for null

    def to_internal_value(self, data):
        if isinstance(data, int) and not isinstance(data, bool):
            data = str(data)
        elif isinstance(data, Decimal):
            data = format(data, "f")
        if not isinstance(data, str) or not MONEY.fullmatch(data):
            self.fail("invalid")
        return super().to_internal_value(data)


class MoneyField(StrictDecimalField):
    """An amount that somebody sends, as large as its column holds."""

    def __init__(self, **options):
        super().__init__(max_digits=MONEY_DIGITS, decimal_places=MONEY_PLACES, **options)


class SumOfMoneyField(serializers.DecimalField):
    """What amounts add up to; it is only answered."""

    def __init__(self, **options):
        super().__init__(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, **options)


class InstantField(serializers.DateTimeField):
    """An instant with its offset. Answers carry the offset of the caller's organization."""

    def to_internal_value(self, value):
        try:
            return parse_instant(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error

    def to_representation(self, value):
        return None if value is None else self.enforce_timezone(value)


class StrictDateField(serializers.DateField):
    def to_internal_value(self, value):
        try:
            return parse_date(value)
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error

    def to_representation(self, value):
        return value


class BirthdayField(StrictDateField):
    def to_internal_value(self, value):
        try:
            return parse_birthday(value, today=timezone.localdate())
        except ValueError as error:
            raise serializers.ValidationError(str(error), code="invalid") from error


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$"})
class ClockField(serializers.TimeField):
    """Wall-clock time of the organization, `HH:MM`."""

    default_error_messages = {"invalid": "Write a time of day like 09:00."}

    def to_internal_value(self, value):
        if not isinstance(value, str) or not CLOCK.fullmatch(value):
            self.fail("invalid")
        try:
            return read_moment(time, value)
        except ValueError:
            self.fail("invalid")

    def to_representation(self, value):
        return None if value is None else f"{value:%H:%M}"


class StrictChoiceField(serializers.ChoiceField):
    def to_internal_value(self, data):
        if type(data) not in {type(choice) for choice in self.choices}:
            self.fail("invalid_choice", input=data)
        return super().to_internal_value(data)


@extend_schema_field(OpenApiTypes.INT64)
class Reference(serializers.PrimaryKeyRelatedField):
    """The id of another row. `choices(caller)` are the rows the caller may name: any other id does not exist.

    A row of another organization, one out of scope and one that never was get the same answer.
    """

    default_error_messages = {
        "does_not_exist": "There is no row with this id.",
        "incorrect_type": "Write the id as a whole number.",
    }

    def __init__(self, choices=None, **kwargs):
        self.choices_for = choices
        super().__init__(**kwargs)

    def get_queryset(self):
        return self.choices_for(self.context["request"].user)

    def use_pk_only_optimization(self):
        return True

    def run_validation(self, data=serializers.empty):
        return serializers.Field.run_validation(self, data)  # DRF takes an empty text for null

    def to_internal_value(self, data):
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("incorrect_type")
        if not is_key(data):
            self.fail("does_not_exist")
        asked = self.choices_for, data
        found = getattr(self.parent, "named", {})
        row = (found if asked in found else find_rows_by_key(self.context["request"].user, asked))[asked]
        if row is None:
            self.fail("does_not_exist")
        return row


def is_key(value):
    return type(value) is int and 0 < value <= LARGEST_INTEGER


def find_rows_by_key(caller, *asked):
    """For each `(choices, pk)` the row with this key among `choices(caller)`, or None; all of them in one trip."""
    lookups = [
        (find_choice(choices, *read_standing(caller)), identify_caller(caller) | {"pk": pk}) for choices, pk in asked
    ]
    found = {each: next(iter(rows), None) for each, rows in zip(asked, run_in_one_trip(*lookups), strict=True)}
    for row in found.values():
        if getattr(row, "organization_id", None) == caller.organization_id:
            row.organization = caller.organization  # known already
    return found


@cache
def find_choice(choices, *standing):
    """The row with a given key, among those that callers of this standing may name."""
    return Objects(choices(stand_for_any_caller(*standing)).filter(pk=Given("pk")))


class References(serializers.ListField):
    """A list of distinct ids, looked up in one query; `choices` as in Reference."""

    def __init__(self, choices=None, **kwargs):
        self.choices_for = choices
        super().__init__(child=StrictIntegerField(min_value=1, max_value=LARGEST_INTEGER), max_length=1000, **kwargs)

    def to_internal_value(self, data):
        ids = super().to_internal_value(data)
        found = {row.pk: row for row in self.choices_for(self.context["request"].user).filter(pk__in=ids)}
        if missing := [str(pk) for pk in ids if pk not in found]:
            message = f"{Reference.default_error_messages['does_not_exist']} ({', '.join(missing)})"
            raise serializers.ValidationError(message, code="does_not_exist")
        return list(found.values())

    def to_representation(self, value):
        return list(value)


class ChoicesField(serializers.ListField):
    """A list of words, each among `choices`."""

    def __init__(self, choices, **kwargs):
        super().__init__(child=StrictChoiceField(choices=choices), max_length=2 * len(choices), **kwargs)


@extend_schema_field(
    {
        "type": "object",
        "description": "By column, the old and the new value as text; null where there was nothing.",
        "additionalProperties": {
            "type": "array",
            "items": {"type": ["string", "null"]},
            "minItems": 2,
            "maxItems": 2,
        },
    }
)
class ChangesField(serializers.JSONField):
    """What the audit tells of one row."""

    def to_representation(self, value):
        return select_tellable(value)
