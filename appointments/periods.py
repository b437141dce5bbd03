"""What reports cover: local dates cut into days, weeks or months, each with the instants it begins and ends at."""

from collections import namedtuple
from datetime import timedelta
from itertools import groupby

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from appointments.hours import at, instant_of
from clientline.api.filters import DateFormField, IdFormField, strange
from clientline.refusals import FieldRefused, Forbidden
from organizations.models import Organization

LONGEST_DAYS = 366

Bucket = namedtuple("Bucket", "key label begins ends")

KEYS = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: f"{day.isocalendar().year}-W{day.isocalendar().week:02}",
    "month": lambda day: f"{day:%Y-%m}",
}

REPORT_PARAMETERS = [
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="Local date"),
    OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="Local date, included; at most 366 days"),
    OpenApiParameter("organization", OpenApiTypes.INT64, description="For platform operators, who have to say which"),
]


class Parameters(forms.Form):
    to = DateFormField()
    group_by = forms.CharField(required=False)
    organization = IdFormField(required=False)


Parameters.base_fields["from"] = DateFormField()


class Period:
    """The dates `first` … `last` of an organization, both included, to be reported by `group_by`."""

    def __init__(self, organization, first, last, group_by):
        self.organization, self.first, self.last, self.group_by = organization, first, last, group_by
        self.days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.begins, self.ends = self.midnight(first), self.midnight(last + timedelta(days=1))

    def midnight(self, day):
        return instant_of(at(self.organization.zone, day, 0))

    def buckets(self):
        """The days, weeks or months, in order; the first and last may be cut short."""
        midnights = [*map(self.midnight, self.days), self.ends]
        grouped = groupby(
            zip(self.days, midnights, midnights[1:], strict=False), lambda day: KEYS[self.group_by](day[0])
        )
        spans = ((key, list(days)) for key, days in grouped)
        return [Bucket(key, key, days[0][1], days[-1][2]) for key, days in spans]

    def key_of(self):
        """A function: date → the key of its bucket. Without buckets, all dates are one."""
        return KEYS.get(self.group_by, lambda day: None)

    def answer(self, rows, total):
        return {
            "from": self.first,
            "to": self.last,
            "group_by": self.group_by,
            "timezone": self.organization.timezone,
            "currency": self.organization.currency,
            "rows": rows,
            "total": total,
        }


def asked_period(parameters, caller, groupings):
    """The period that query parameters ask for. Raises ValidationError, FieldRefused, Forbidden."""
    errors = strange(parameters, Parameters.base_fields)
    form = Parameters(parameters)
    if not form.is_valid() or errors:
        raise ValidationError(dict(form.errors) | errors)
    asked = form.cleaned_data
    group_by = asked["group_by"] or "day"
    if group_by not in groupings:
        raise FieldRefused("group_by", "invalid_choice", f"Choose one of: {', '.join(groupings)}.")
    refuse_unreportable(asked["from"], asked["to"])
    return Period(asked_organization(asked["organization"], caller), asked["from"], asked["to"], group_by)


def refuse_unreportable(first, last):
    """Raise FieldRefused where these dates are none or too many."""
    if not 0 <= (last - first).days < LONGEST_DAYS:
        raise FieldRefused("to", "invalid", f"Ask for 1 to {LONGEST_DAYS} days.")


def asked_organization(pk, caller):
    if not caller.is_superuser:
        if pk is not None:
            raise Forbidden("Only platform operators may send `organization`.")
        return caller.organization
    if pk is None:
        raise FieldRefused("organization", "required", "Say whose report you want.")
    organization = Organization.objects.filter(pk=pk).first()
    if organization is None:
        raise FieldRefused("organization", "does_not_exist", "There is no row with this id.")
    return organization
