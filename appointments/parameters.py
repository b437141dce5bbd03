"""The query parameters of free times and of reports: read, and turned into what the domain is asked."""

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, ValidationError

from appointments.availability import LONGEST_SEARCH_DAYS
from appointments.models import Appointment
from appointments.periods import LONGEST_DAYS, Period, refuse_unreportable
from clientline.api.fields import find_rows_by_key
from clientline.api.filters import DateFormField, IdFormField, find_parameter_errors
from clientline.refusals import FieldRefused, Forbidden
from organizations.models import Organization
from services.models import Service

AVAILABILITY_PARAMETERS = [
    OpenApiParameter("service", OpenApiTypes.INT64, required=True),
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="Local date"),
    OpenApiParameter(
        "to",
        OpenApiTypes.DATE,
        required=True,
        description=f"Local date, included; at most {LONGEST_SEARCH_DAYS} days",
    ),
    OpenApiParameter("staff", OpenApiTypes.INT64, many=True, description="Repeatable; none: everybody"),
    OpenApiParameter("exclude", OpenApiTypes.INT64, description="A visit that is being rescheduled"),
    OpenApiParameter("duration", OpenApiTypes.INT, description="Minutes; for staff and above"),
]
HOLIDAYS_PARAMETERS = [
    OpenApiParameter("year", OpenApiTypes.INT, required=True, description="2000 to 2099"),
    OpenApiParameter("organization", OpenApiTypes.INT64, description="For platform operators, who have to say which"),
]
REPORT_PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="Local date"),
    OpenApiParameter(
        "to", OpenApiTypes.DATE, required=True, description=f"Local date, included; at most {LONGEST_DAYS} days"
    ),
    OpenApiParameter("organization", OpenApiTypes.INT64, description="For platform operators, who have to say which"),
]

EXPORT_PARAMETERS = [
    *REPORT_PARAMETERS,
    OpenApiParameter("format", OpenApiTypes.STR, enum=["csv", "datev", "bank"], description="Default: csv"),
    OpenApiParameter(
        "separators", OpenApiTypes.STR, enum=["point", "comma"], description="Of csv. Default: a decimal point"
    ),
]


class SearchForm(forms.Form):
    service = IdFormField()
    to = DateFormField()
    exclude = IdFormField(required=False)
    duration = IdFormField(required=False)


class YearForm(forms.Form):
    year = forms.IntegerField(min_value=2000, max_value=2099)
    organization = IdFormField(required=False)


class ExportForm(forms.Form):
    to = DateFormField()
    organization = IdFormField(required=False)
    format = forms.CharField(required=False)
    separators = forms.CharField(required=False)


class PeriodForm(forms.Form):
    to = DateFormField()
    group_by = forms.CharField(required=False)
    organization = IdFormField(required=False)


for form in (SearchForm, ExportForm, PeriodForm):
    form.base_fields["from"] = DateFormField()  # a word that no attribute of a class can be called


def read_search(parameters, caller):
    """The arguments of `availability.search` but `now`. Raises ValidationError, FieldRefused and Forbidden."""
    asked = _read(SearchForm, parameters, repeatable=("staff",))
    if asked["duration"] and not caller.may("appointments", "duration"):
        raise Forbidden("You may not send `duration`.")
    moved = _find_visit(caller, asked)
    return {
        "service": moved.service if moved else _find_service(caller, asked["service"]),
        "first_day": asked["from"],
        "last_day": asked["to"],
        "staff_ids": [_read_id("staff", text) for text in parameters.getlist("staff")],
        "duration": asked["duration"],
        "moved": moved,
    }


def read_period(parameters, caller, groupings):
    """The period that a report is asked for. Raises ValidationError, FieldRefused and Forbidden."""
    asked = _read(PeriodForm, parameters)
    group_by = asked["group_by"] or "day"
    if group_by not in groupings:
        raise FieldRefused("group_by", "invalid_choice", f"Choose one of: {', '.join(groupings)}.")
    refuse_unreportable(asked["from"], asked["to"])
    return Period(find_organization(asked["organization"], caller), asked["from"], asked["to"], group_by)


def read_year(parameters, caller):
    """The organization and the year that are asked about. Raises ValidationError, FieldRefused and Forbidden."""
    asked = _read(YearForm, parameters)
    return find_organization(asked["organization"], caller), asked["year"]


def read_export(parameters, caller):
    """The period, format and separators of a file. Raises ValidationError, FieldRefused and Forbidden."""
    asked = _read(ExportForm, parameters)
    refuse_unreportable(asked["from"], asked["to"])
    period = Period(find_organization(asked["organization"], caller), asked["from"], asked["to"], "day")
    return period, asked["format"] or "csv", asked["separators"] or "point"


def _read(form_class, parameters, repeatable=()):
    """The parameters by name. Raises ValidationError for what is unknown, missing, repeated, empty or nonsense."""
    errors = find_parameter_errors(parameters, {*form_class.base_fields, *repeatable}, repeatable)
    form = form_class(parameters)
    if not form.is_valid() or errors:
        raise ValidationError(_describe_errors(form) | errors)
    return form.cleaned_data


def _describe_errors(form):
    """As `{name: [ErrorDetail]}`: what is missing is told by a code of its own, as of a body."""
    return {
        name: [
            ErrorDetail(text, code="required" if error.code == "required" else "invalid")
            for error in found
            for text in error.messages
        ]
        for name, found in form.errors.as_data().items()
    }


def _read_id(name, text):
    try:
        return IdFormField().clean(text)
    except forms.ValidationError as error:
        raise ValidationError({name: error.messages}) from error


def _select_offered(caller):
    return Service.objects.visible_to(caller, "services")


def _find_service(caller, pk):
    (service,) = find_rows_by_key(caller, (_select_offered, pk)).values()
    if service is None:
        raise _make_unknown("service")
    return service


def _find_visit(caller, asked):
    """The visit that is being moved, or None where none is."""
    if asked["exclude"] is None:
        return None
    visits = Appointment.objects.visible_to(caller, "appointments", "reschedule")
    visits = visits.select_related("service__organization", "staff")
    visit = visits.filter(pk=asked["exclude"], service=asked["service"]).first()
    if visit is None:
        _find_service(caller, asked["service"])  # of two that are unknown, the first is named
        raise _make_unknown("exclude")
    return visit


def find_organization(pk, caller):
    """The caller's own organization, or the one that an operator names. Raises FieldRefused and Forbidden."""
    if not caller.is_superuser:
        if pk is not None:
            raise Forbidden("Only platform operators may send `organization`.")
        return caller.organization
    if pk is None:
        raise FieldRefused("organization", "required", "Say whose.")
    organization = Organization.objects.filter(pk=pk).first()
    if organization is None:
        raise _make_unknown("organization")
    return organization


def _make_unknown(name):
    return FieldRefused(name, "does_not_exist", "There is no row with this id.")
