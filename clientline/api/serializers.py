"""The base of every model serializer: strict bodies for writing, one compiled function for reading."""

from copy import copy, deepcopy
from functools import cache
from operator import attrgetter

import orjson
from django.db import models, transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.validators import UniqueValidator

from clientline.api import fields, renderers
from clientline.database.changes import save_changes
from clientline.refusals import Forbidden

UNKNOWN_KEY = serializers.ErrorDetail("There is no such key.", code="unknown")


class BodySerializer(serializers.Serializer):
    """The base of bodies that are no row: refuses unknown keys, too."""

    def to_internal_value(self, data):
        if unknown := {key: [UNKNOWN_KEY] for key in data if key not in self.fields}:
            raise ValidationError(unknown)
        return super().to_internal_value(data)


class ClientLineSerializer(serializers.ModelSerializer):
    """Refuses unknown keys, keys the caller's role may not send, and read-only keys that differ from the present.

    `Meta.guarded` maps a key to the policy action that permits sending it. `Meta.kept` names writable keys
    that a PUT without them leaves as they are.
    """

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.BooleanField: fields.StrictBooleanField,
        models.CharField: fields.StrictCharField,
        models.TextField: fields.StrictCharField,
        models.EmailField: fields.StrictEmailField,
        models.IntegerField: fields.StrictIntegerField,
        models.PositiveSmallIntegerField: fields.StrictIntegerField,
        models.PositiveIntegerField: fields.StrictIntegerField,
        models.DecimalField: fields.StrictDecimalField,
        models.DateTimeField: fields.InstantField,
        models.DateField: fields.StrictDateField,
        models.TimeField: fields.ClockField,
    }
    serializer_choice_field = fields.StrictChoiceField

    @property
    def caller(self):
        return self.context["request"].user

    def get_fields(self):
        """Copies of fields that are built once: they differ only in the serializer that they are bound to."""
        return {name: copied(field) for name, field in built_fields(type(self)).items()}

    def build_standard_field(self, field_name, model_field):
        # Uniqueness is the database's to judge: a query sees neither other organizations nor other requests.
        field_class, kwargs = super().build_standard_field(field_name, model_field)
        if validators := kwargs.get("validators"):
            kwargs["validators"] = [each for each in validators if not isinstance(each, UniqueValidator)]
        return field_class, kwargs

    def get_validators(self):
        return []

    def to_internal_value(self, data):
        self.refuse_guarded_keys(data)
        self.named = self.look_up(data)
        errors = {key: [self.key_problem(key, value)] for key, value in data.items() if self.key_problem(key, value)}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            raise ValidationError(error.detail | errors) from error
        if errors:
            raise ValidationError(errors)
        return values if self.instance is None or self.partial else self.omitted_defaults(data) | values

    def writable_fields(self):
        return (field for field in self.fields.values() if not field.read_only)

    def look_up(self, data):
        """The rows that the body refers to, for each Reference to find: one trip, however many there are."""
        references = [field for field in self.writable_fields() if isinstance(field, fields.Reference)]
        sent = [(field.choices_for, data.get(field.field_name)) for field in references]
        asked = [each for each in sent if fields.is_key(each[1])]
        return fields.named(self.caller, *asked) if asked else {}

    def refuse_guarded_keys(self, data):
        for key, action in getattr(self.Meta, "guarded", {}).items():
            sent = key in data and data[key] != self.present.get(key, empty)
            if sent and not self.caller.may(self.context["view"].resource, action):
                raise Forbidden(f"You may not send `{key}`.")

    def key_problem(self, key, value):
        """What is wrong with sending this key at all, as an ErrorDetail, or None."""
        field = self.fields.get(key)
        if field is None:
            return UNKNOWN_KEY
        if field.read_only and not same(self.present.get(key, empty), value):
            return serializers.ErrorDetail("This key is read-only, and this is not its value.", code="read_only")
        return None

    @property
    def present(self):
        """The row as it would be answered now; what a program may send back."""
        if not hasattr(self, "_present"):
            self._present = self.present_values()
        return self._present

    def present_values(self):
        if self.instance is None:
            return {}
        rendered = orjson.dumps(self.to_representation(self.instance), renderers.other_types, renderers.OPTIONS)
        return orjson.loads(rendered)

    def omitted_defaults(self, data):
        """PUT replaces: what it leaves out goes to the model's default."""
        kept = getattr(self.Meta, "kept", ())
        return {
            field.source: self.Meta.model._meta.get_field(field.source).get_default()
            for field in self.writable_fields()
            if field.field_name not in data and field.field_name not in kept
        }

    def create(self, validated_data):
        with transaction.atomic():
            return self.Meta.model.objects.create(**validated_data)

    def update(self, instance, validated_data):
        with transaction.atomic():
            save_changes(instance, validated_data)
        return instance

    @classmethod
    def annotate(cls, queryset):
        """Add to a queryset the columns that are read but not stored."""
        return queryset

    @classmethod
    def reader(cls):
        """The compiled Reader of this class, or None where a field is not plain and DRF's own way has to serve."""
        return compiled_reader(cls)


@cache
def built_fields(serializer_class):
    return super(ClientLineSerializer, serializer_class()).get_fields()


def copied(field):
    """A field with others inside knows them, and they know it."""
    return deepcopy(field) if hasattr(field, "child") or hasattr(field, "fields") else copy(field)


def same(present, sent):
    """Whether these are one JSON value: in Python, true is 1."""
    return type(present) is type(sent) and present == sent


# How a value that is not NULL becomes what the field would answer; None: as it is.
CONVERSIONS = {
    fields.InstantField: "{0}.astimezone(zone)",
    fields.ClockField: "{0}.isoformat('minutes')",
    fields.StrictDecimalField: "str({0})",
    fields.StrictDateField: None,
    fields.StrictCharField: None,
    fields.StrictEmailField: None,
    fields.StrictBooleanField: None,
    fields.StrictIntegerField: None,
    fields.StrictChoiceField: None,
    fields.Reference: None,
    fields.References: None,
    fields.ChangesField: "fields.tellable({0})",
    serializers.PrimaryKeyRelatedField: None,
    serializers.IntegerField: None,
    serializers.BigIntegerField: None,
    serializers.CharField: None,
    serializers.UUIDField: "str({0})",
}


class Reader:
    """Answers straight from `values_list` rows: the same bytes as DRF's way at a fraction of the work."""

    def __init__(self, fields_by_name):
        self.columns = tuple(column(field) for field in fields_by_name.values())
        self.values_of = attrgetter(*(path.replace("__", ".") for path in self.columns))
        self.read = compiled_loop({name: CONVERSIONS[type(field)] for name, field in fields_by_name.items()})

    def __call__(self, rows):
        return self.read(rows, timezone.get_current_timezone())

    def of(self, row):
        """The answer for one object; what it refers to is read where it has not been yet."""
        (answer,) = self([self.values_of(row)])
        return answer


def compiled_loop(conversions):
    """`lambda rows, zone: [{"id": v0, "created_at": None if v1 is None else v1.astimezone(zone)} for v0, v1 in rows]`.

    Made of the names and conversions of fields, it spares a call for each field of each row.
    """
    variables = [f"v{position}" for position in range(len(conversions))]
    cells = [
        f"{name!r}: " + (f"None if {variable} is None else {conversion.format(variable)}" if conversion else variable)
        for variable, (name, conversion) in zip(variables, conversions.items(), strict=True)
    ]
    return eval(f"lambda rows, zone: [{{{', '.join(cells)}}} for {', '.join(variables)}, in rows]")


def column(field):
    path = "__".join(field.source_attrs)
    return f"{path}_id" if isinstance(field, serializers.PrimaryKeyRelatedField) else path


@cache
def compiled_reader(serializer_class):
    readable = {name: field for name, field in serializer_class().fields.items() if not field.write_only}
    if all(type(field) in CONVERSIONS for field in readable.values()):
        return Reader(readable)
    return None
