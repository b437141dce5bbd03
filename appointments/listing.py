"""The listing of free times: what may be asked, and how it is answered. The rules are `availability`'s."""

from django import forms
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError

from appointments.availability import Calendar
from appointments.booking import performers
from appointments.hours import instant_of
from appointments.models import Appointment
from appointments.placing import need_of, need_of_visit
from clientline.api.fields import named
from clientline.api.filters import DateFormField, IdFormField, strange
from clientline.refusals import FieldRefused, Forbidden
from services.models import DAY_OF_MINUTES, Service

LONGEST_SPAN_DAYS = 31

AVAILABILITY_PARAMETERS = [
    OpenApiParameter("service", OpenApiTypes.INT64, required=True),
    OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="Local date"),
    OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="Local date, included; at most 31 days"),
    OpenApiParameter("staff", OpenApiTypes.INT64, many=True, description="Repeatable; none: everybody"),
    OpenApiParameter("exclude", OpenApiTypes.INT64, description="A visit that is being rescheduled"),
    OpenApiParameter("duration", OpenApiTypes.INT, description="Minutes; for staff and above"),
]


class Parameters(forms.Form):
    service = IdFormField()
    to = DateFormField()
    exclude = IdFormField(required=False)
    duration = IdFormField(required=False)


Parameters.base_fields["from"] = DateFormField()


class Question:
    """One question for free times, checked. Raises ValidationError, FieldRefused and Forbidden."""

    def __init__(self, parameters, caller):
        self.caller = caller
        self.asked = checked(parameters)
        self.staff = [checked_id(text) for text in parameters.getlist("staff")]
        self.refuse_span()
        if self.asked["duration"] and not caller.may("appointments", "duration"):
            raise Forbidden("You may not send `duration`.")
        self.visit = self.find_visit()
        self.service = self.visit.service if self.visit else self.find_service()
        if self.asked["exclude"] and not self.visit:
            raise unknown("exclude")
        self.need = need_of_visit(self.visit) if self.visit else need_of(self.service, self.asked["duration"])
        self.people = self.find_people()

    def refuse_span(self):
        days = (self.asked["to"] - self.asked["from"]).days + 1
        if not 1 <= days <= LONGEST_SPAN_DAYS:
            raise FieldRefused("to", "invalid", f"Ask for 1 to {LONGEST_SPAN_DAYS} days.")
        if (self.asked["duration"] or 0) > DAY_OF_MINUTES:
            raise FieldRefused("duration", "invalid", f"At most {DAY_OF_MINUTES} minutes.")

    def find_service(self):
        (service,) = named(self.caller, (offered_to, self.asked["service"])).values()
        if service is None:
            raise unknown("service")
        if not service.is_active:
            raise FieldRefused("service", "inactive", f"{service} is not active.")
        return service

    def find_visit(self):
        """The visit that is being moved. It keeps its service, length, buffers and person, whatever became of them."""
        if self.asked["exclude"] is None:
            return None
        visits = Appointment.objects.visible_to(self.caller, "appointments", "reschedule")
        visits = visits.select_related("service__organization", "staff")
        return visits.filter(pk=self.asked["exclude"], service=self.asked["service"]).first()

    def find_people(self):
        """The names of everybody who may be booked, or of those who were named, by ascending id."""
        people = performers(self.service)
        if self.visit and self.visit.staff.is_active:
            people |= {self.visit.staff_id: self.visit.staff.name}
        if set(self.staff) - set(people):
            raise unknown("staff")
        return {pk: people[pk] for pk in sorted(set(self.staff) or people)}

    def answer(self, *, now):
        zone = self.service.organization.zone
        calendar = Calendar(
            organization=self.service.organization,
            staff_ids=list(self.people),
            first_day=self.asked["from"],
            last_day=self.asked["to"],
            need=self.need,
            now=now,
            exclude=self.asked["exclude"],
        )
        slots, reasons = calendar.openings()
        starts = list(slots)
        return {
            "timezone": self.service.organization.timezone,
            "service": self.service.pk,
            "duration": self.need.duration,
            "people": [{"id": pk, "name": name} for pk, name in self.people.items()],
            "slots": [
                {"start": instant_of(start, zone), "end": instant_of(start + self.need.duration, zone), "staff": free}
                for start, free in slots.items()
            ],
            "days": [
                {"date": day, "slots": calendar.count(starts, day)}
                | ({"reason": reasons[day]} if day in reasons else {})
                for day in calendar.days
            ],
        }


def checked(parameters):
    """The parameters by name. Raises ValidationError for what is unknown, missing, repeated, empty or nonsense."""
    errors = strange(parameters, {*Parameters.base_fields, "staff"}, repeatable=("staff",))
    form = Parameters(parameters)
    if not form.is_valid() or errors:
        raise ValidationError(dict(form.errors) | errors)
    return form.cleaned_data


def checked_id(text):
    try:
        return IdFormField().clean(text)
    except forms.ValidationError as error:
        raise ValidationError({"staff": error.messages}) from error


def offered_to(caller):
    return Service.objects.visible_to(caller, "services")


def unknown(name):
    return FieldRefused(name, "does_not_exist", "There is no row with this id.")
