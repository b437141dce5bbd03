from datetime import timedelta

from django.utils import timezone
from django.utils.functional import cached_property
from django_filters import FilterSet, MultipleChoiceFilter, UUIDFilter

from accounts.filters import PeopleSearchFilter
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.working_time.hours import find_midnight
from clientline.api.filters import DateFilter, FlagFilter, IdFilter, InstantFilter
from clientline.refusals import Forbidden
from organizations.models import Organization


class WorkingHoursFilter(FilterSet):
    staff = IdFilter(field_name="staff_id")
    vars().update({"all": FlagFilter(method="leave", label="Also what is over; else what holds today or later")})

    class Meta:
        model = WorkingHours
        fields = []

    def leave(self, queryset, name, value):
        """The view looks at it: without any filter, this is not asked."""
        return queryset


class SpecialHoursFilter(FilterSet):
    """`from` and `to` are dates, both included."""

    staff = IdFilter(field_name="staff_id")
    vars().update({"from": DateFilter(field_name="date", lookup_expr="gte")})
    to = DateFilter(field_name="date", lookup_expr="lte")

    class Meta:
        model = SpecialHours
        fields = []


class TimeOffFilter(FilterSet):
    """What touches the local dates `from` … `to`, both included."""

    staff = IdFilter(field_name="staff_id")
    vars().update({"from": DateFilter(method="ending_after", label="Local date")})
    to = DateFilter(method="starting_until", label="Local date")

    class Meta:
        model = TimeOff
        fields = []

    def ending_after(self, queryset, name, day):
        return queryset.filter(ends_at__gt=find_midnight(self.zone, day))

    def starting_until(self, queryset, name, day):
        return queryset.filter(starts_at__lt=find_midnight(self.zone, day + timedelta(days=1)))

    @cached_property
    def zone(self):
        """That of the organization an operator named, else the caller's."""
        named = self.request.query_params.get("organization")  # checked already, and an operator's alone
        organization = Organization.objects.filter(pk=named).first() if named else None
        return organization.zone if organization else timezone.get_current_timezone()


def keep_or_leave(queryset, found, value):
    """What was `found` of a queryset, all but that, or everything where nobody asks."""
    if value is None:
        return queryset
    return found if value else queryset.exclude(pk__in=found.values("pk"))


class AppointmentFilter(FilterSet):
    client = IdFilter(field_name="client_id")
    staff = IdFilter(field_name="staff_id")
    service = IdFilter(field_name="service_id")
    status = MultipleChoiceFilter(choices=Appointment.Status)
    start_from = InstantFilter(field_name="appointment_date", lookup_expr="gte")
    start_to = InstantFilter(field_name="appointment_date", lookup_expr="lt")
    series = UUIDFilter()
    group = UUIDFilter()
    late = FlagFilter(method="filter_late", label="Should have begun, and the client has not arrived")
    over = FlagFilter(method="filter_over", label="Ended, and still scheduled: nobody said how it went")
    due = FlagFilter(
        method="filter_due",
        label="Whether something is still to be paid",
    )
    search = PeopleSearchFilter("client", number="pk")
    stranded = FlagFilter(method="filter_stranded", label="Coming visits whose person is no longer there; for the team")

    # What is due is known a floor above: payments/filters.py puts it here.
    find_owing = None

    class Meta:
        model = Appointment
        fields = []

    def filter_stranded(self, queryset, name, value):
        if not self.request.user.may("appointments", "bend_rules"):
            raise Forbidden("You may not send `stranded`.")
        return keep_or_leave(queryset, queryset.stranded(timezone.now()), value)

    def filter_late(self, queryset, name, value):
        return keep_or_leave(queryset, queryset.not_there_yet(timezone.now()), value)

    def filter_over(self, queryset, name, value):
        return keep_or_leave(queryset, queryset.over_and_open(timezone.now()), value)

    def filter_due(self, queryset, name, owing):
        return type(self).find_owing(queryset, owing)
