"""Query parameters of lists: declared in one FilterSet per model, and refused when unknown, empty or nonsense."""

import django_filters
from django import forms
from django.db.models import Q
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework.exceptions import ErrorDetail, ValidationError

from clientline.api.pagination import PARAMETERS
from clientline.notations import is_readable_number, parse_date, parse_instant
from clientline.refusals import Forbidden


class IdFormField(forms.Field):
    def to_python(self, value):
        if value in self.empty_values:
            return None
        if not is_readable_number(value):
            raise forms.ValidationError("Write the id as a whole number.", code="invalid")
        return int(value)


class FlagFormField(forms.Field):
    def to_python(self, value):
        if value not in (None, "true", "false"):
            raise forms.ValidationError("Say true or false.", code="invalid")
        return None if value is None else value == "true"


class ParsedFormField(forms.Field):
    """A field whose text is read by `parse`, which raises ValueError with a sentence."""

    def to_python(self, value):
        if value in self.empty_values:
            return None
        try:
            return self.parse(value)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid") from error


class InstantFormField(ParsedFormField):
    def parse(self, value):
        # A plus sign that was not escaped arrives as a space, and no instant holds a space.
        return parse_instant(value.replace(" ", "+"))


class DateFormField(ParsedFormField):
    def parse(self, value):
        return parse_date(value)


@extend_schema_field(OpenApiTypes.INT64)
class IdFilter(django_filters.Filter):
    field_class = IdFormField


@extend_schema_field(OpenApiTypes.BOOL)
class FlagFilter(django_filters.Filter):
    field_class = FlagFormField


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantFilter(django_filters.Filter):
    field_class = InstantFormField


@extend_schema_field(OpenApiTypes.DATE)
class DateFilter(django_filters.Filter):
    field_class = DateFormField


class SearchFilter(django_filters.CharFilter):
    """Rows in which every word stands somewhere in one of `names`, whatever the case."""

    def __init__(self, names, **kwargs):
        self.names = names
        super().__init__(max_length=200, **kwargs)

    def filter(self, queryset, value):
        for word in (value or "").split():
            anywhere = Q()
            for name in self.names:
                anywhere |= Q(**{f"{name}__icontains": word})
            queryset = queryset.filter(anywhere)
        return queryset


def find_parameter_errors(parameters, known, repeatable=()):
    """What is wrong with sending these parameters at all, as `{name: [ErrorDetail]}`."""

    def problem(name, values):
        if name not in known:
            return ErrorDetail("There is no such parameter.", code="unknown")
        if "" in values:
            return ErrorDetail("This parameter has no value.", code="required")
        if len(values) > 1 and name not in repeatable:
            return ErrorDetail("This parameter can be sent once.", code="repeated")
        return None

    return {name: [found] for name, values in parameters.lists() if (found := problem(name, values))}


class StrictFilterBackend(DjangoFilterBackend):
    """Builds the FilterSet on lists only, and only when one of its parameters is there: building it is not free."""

    def filter_queryset(self, request, queryset, view):
        if view.action != "list":
            return queryset
        declared = view.filterset_class.base_filters if view.filterset_class else {}
        sent = set(request.query_params)
        self.refuse_strange(request, declared)
        if "organization" in sent:
            queryset = self.keep_to_organization(request, queryset, view.tenant_column)
        return super().filter_queryset(request, queryset, view) if sent & set(declared) else queryset

    def refuse_strange(self, request, declared):
        repeatable = [name for name, each in declared.items() if isinstance(each, django_filters.MultipleChoiceFilter)]
        if errors := find_parameter_errors(request.query_params, {*declared, *PARAMETERS, "organization"}, repeatable):
            raise ValidationError(errors)

    def keep_to_organization(self, request, queryset, column):
        if not request.user.is_superuser:
            raise Forbidden("Only platform operators may send `organization`.")
        try:
            return queryset.filter(**{column: IdFormField().clean(request.query_params["organization"])})
        except forms.ValidationError as error:
            raise ValidationError({"organization": error.messages}, code="invalid") from error
