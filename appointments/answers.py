"""What is answered and never sent: history, series, free times and reports. Nothing here reads a body."""

from rest_framework import serializers

from appointments.serializers import AppointmentSerializer, TimeOffSerializer
from clientline.api.fields import InstantField


class FactSerializer(serializers.Serializer):
    at = InstantField()
    by = serializers.IntegerField(allow_null=True)
    by_name = serializers.CharField()
    action = serializers.CharField()
    to = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)

    def get_fields(self):
        return super().get_fields() | {"from": serializers.CharField(allow_null=True)}


class HistorySerializer(serializers.Serializer):
    results = FactSerializer(many=True)


class SkippedSerializer(serializers.Serializer):
    appointment_date = InstantField()
    code = serializers.CharField()


class SeriesBookedSerializer(serializers.Serializer):
    series = serializers.UUIDField()
    appointments = AppointmentSerializer(many=True)
    skipped = SkippedSerializer(many=True)


class GroupBookedSerializer(serializers.Serializer):
    group = serializers.UUIDField()
    appointments = AppointmentSerializer(many=True)


class PersonSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()


class HolidaySerializer(serializers.Serializer):
    date = serializers.DateField()
    name = serializers.CharField(help_text="In the organization's language, where it is known in it")
    closed = serializers.BooleanField(help_text="Whether the whole organization is closed then already")
    visits = serializers.ListField(
        child=serializers.IntegerField(), help_text="Ids of the coming visits that a closure would hit"
    )


class ProposalSerializer(serializers.Serializer):
    year = serializers.IntegerField()
    country = serializers.CharField()
    region = serializers.CharField(allow_blank=True, help_text="Empty where holidays are not known by the region")
    results = HolidaySerializer(many=True)


class ClosedSerializer(serializers.Serializer):
    time_off = TimeOffSerializer(many=True)
    stranded = serializers.IntegerField(help_text="Coming visits that this leaves without their person")


class SlotSerializer(serializers.Serializer):
    start = InstantField()
    end = InstantField()
    staff = serializers.ListField(child=serializers.IntegerField())


class DaySerializer(serializers.Serializer):
    date = serializers.DateField()
    slots = serializers.IntegerField()
    reason = serializers.CharField(required=False)


class AvailabilitySerializer(serializers.Serializer):
    timezone = serializers.CharField()
    service = serializers.IntegerField()
    duration = serializers.IntegerField()
    people = PersonSerializer(many=True)
    slots = SlotSerializer(many=True)
    days = DaySerializer(many=True)


def describe_openings(openings):
    """The answer to a search for free times, as AvailabilitySerializer documents it."""
    return {
        "timezone": openings.service.organization.timezone,
        "service": openings.service.pk,
        "duration": openings.duration,
        "people": [{"id": pk, "name": name} for pk, name in openings.people.items()],
        "slots": [{"start": start, "end": end, "staff": free} for start, end, free in openings.slots],
        "days": [
            {"date": day, "slots": slots} | ({"reason": reason} if reason else {})
            for day, slots, reason in openings.days
        ],
    }


class ReportSerializer(serializers.Serializer):
    """What every report says besides its figures."""

    to = serializers.DateField()
    group_by = serializers.CharField()
    timezone = serializers.CharField()
    currency = serializers.CharField()
    as_of = serializers.DateTimeField(required=False, help_text="Where a replica answered: what happened until then")

    def get_fields(self):
        return {"from": serializers.DateField()} | super().get_fields()


class UtilizationTotalSerializer(serializers.Serializer):
    booked_minutes = serializers.IntegerField()
    available_minutes = serializers.IntegerField()
    utilization = serializers.FloatField(allow_null=True)


class UtilizationRowSerializer(UtilizationTotalSerializer):
    key = serializers.JSONField(help_text="A date, week, month or id")
    label = serializers.CharField()


class UtilizationSerializer(ReportSerializer):
    rows = UtilizationRowSerializer(many=True)
    total = UtilizationTotalSerializer()


class NoShowsTotalSerializer(serializers.Serializer):
    visits = serializers.IntegerField(help_text="Not cancelled in time")
    completed = serializers.IntegerField()
    no_show = serializers.IntegerField()
    late_cancelled = serializers.IntegerField()
    no_show_rate = serializers.FloatField(allow_null=True, help_text="Of those completed or missed")


class NoShowsRowSerializer(NoShowsTotalSerializer):
    key = serializers.JSONField(help_text="A date, week, month or id")
    label = serializers.CharField()


class NoShowsSerializer(ReportSerializer):
    rows = NoShowsRowSerializer(many=True)
    total = NoShowsTotalSerializer()


def describe_proposal(organization, year, proposal):
    """The answer of `ProposalSerializer`."""
    results = [
        {"date": day, "name": name, "closed": is_closed, "visits": visits}
        for day, name, is_closed, visits in proposal.holidays
    ]
    return {"year": year, "country": organization.country, "region": proposal.region, "results": results}
