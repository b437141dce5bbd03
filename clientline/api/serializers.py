"""The base of every model serializer: strict bodies for writing, one compiled function for reading."""

from copy import copy, deepcopy
from functools import cache

import orjson
from django.db import models, transaction
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.validators import UniqueValidator

from clientline.api import fields
from clientline.api.reading import compile_reader
from clientline.database.changes import save_changes
from clientline.refusals import Forbidden
from clientline.web.encoding import encode

UNKNOWN_KEY = serializers.ErrorDetail("There is no such key.", code="unknown")


class BodySerializer(serializers.Serializer):
    """The base of bodies that are no row: refuses unknown keys, too."""

    def to_internal_value(self, data):
        # Inside of another body, it may be anything.
        if isinstance(data, dict) and (unknown := {key: [UNKNOWN_KEY] for key in data if key not in self.fields}):
            raise ValidationError(unknown)
        return super().to_internal_value(data)


class ClientLineSerializer(serializers.ModelSerializer):
    """Refuses unknown keys, keys the caller's role may not send, and read-only keys that differ from the present.

    `Meta.guarded` maps a key to the (resource, action) that permits sending it. `Meta.kept` names writable keys
    that a PUT without them leaves as they are. `also_answered` are keys that only answers to writes have: sent back,
    they say nothing.
    """

    also_answered: tuple[str, ...] = ()

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
        return {name: _copy_field(field) for name, field in _build_fields(type(self)).items()}

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
        return values if self.instance is None or self.partial else self.get_omitted_defaults(data) | values

    def writable_fields(self):
        return (field for field in self.fields.values() if not field.read_only)

    def look_up(self, data):
        """The rows that the body refers to, for each Reference to find: one trip, however many there are."""
        references = [field for field in self.writable_fields() if isinstance(field, fields.Reference)]
        sent = [(field.choices_for, data.get(field.field_name)) for field in references]
        asked = [each for each in sent if fields.is_key(each[1])]
        return fields.find_rows_by_key(self.caller, *asked) if asked else {}

    def refuse_guarded_keys(self, data):
        for key, permission in getattr(self.Meta, "guarded", {}).items():
            withheld = key in data and not self.caller.may(*permission)
            if withheld and data[key] != self.present.get(key, empty):
                raise Forbidden(f"You may not send `{key}`.")

    def key_problem(self, key, value):
        """What is wrong with sending this key at all, as an ErrorDetail, or None."""
        field = self.fields.get(key)
        if field is None:
            return None if key in self.also_answered and self.instance else UNKNOWN_KEY
        if field.read_only and not _is_same_value(self.present.get(key, empty), value):
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
        return orjson.loads(encode(self.to_representation(self.instance)))

    def get_omitted_defaults(self, data):
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
        """The Reader of this class, or None where a field is not plain and DRF's own way has to serve."""
        return compile_reader(cls)


@cache
def _build_fields(serializer_class):
    return super(ClientLineSerializer, serializer_class()).get_fields()


def _copy_field(field):
    """A field with others inside knows them, and they know it."""
    return deepcopy(field) if hasattr(field, "child") or hasattr(field, "fields") else copy(field)


def _is_same_value(present, sent):
    """Whether these are one JSON value: in Python, true is 1."""
    return type(present) is type(sent) and present == sent
