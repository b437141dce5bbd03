from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty

from accounts.models import User
from appointments import booking, groups, series
from appointments.models import Appointment, Side, SpecialHours, TimeOff, WorkingHours
from appointments.working_time import absences, roster
from clientline.api.fields import (
    InstantField,
    MoneyField,
    Reference,
    StrictBooleanField,
    StrictCharField,
    StrictChoiceField,
    StrictDateField,
    StrictIntegerField,
)
from clientline.api.serializers import BodySerializer
from clientline.notations import LARGEST_INTEGER
from clientline.refusals import FieldRefused, Forbidden
from organizations import policy
from organizations.serializers import TenantSchema, TenantSerializer
from services.models import DAY_OF_MINUTES, Service


class HoursSerializer(TenantSerializer):
    """What the three tables of hours share."""

    also_answered = ("stranded",)

    def create(self, validated_data):
        return roster.add_row(model=self.Meta.model, values=validated_data, now=timezone.now())

    def update(self, instance, validated_data):
        return roster.change_row(row=instance, changes=validated_data, now=timezone.now())


class WorkingHoursSerializer(HoursSerializer):
    staff = Reference(lambda caller: User.objects.performers_for(caller, "working_hours"))

    class Meta:
        model = WorkingHours
        fields = [
            "id",
            "organization",
            "staff",
            "weekday",
            "starts",
            "ends",
            "every_second_week",
            "valid_from",
            "valid_until",
            "created_at",
        ]
        read_only_fields = ["id", "created_at"]


class SpecialHoursSerializer(HoursSerializer):
    staff = Reference(lambda caller: User.objects.performers_for(caller, "special_hours"))

    class Meta:
        model = SpecialHours
        fields = ["id", "organization", "staff", "date", "starts", "ends", "created_at"]
        read_only_fields = ["id", "created_at"]


class TimeOffSerializer(HoursSerializer):
    staff = Reference(
        lambda caller: User.objects.performers_for(caller, "time_off"),
        required=False,
        allow_null=True,
        help_text="Empty: the whole organization is closed",
    )

    class Meta:
        model = TimeOff
        fields = [
            "id",
            "organization",
            "staff",
            "whole_days",
            "from_date",
            "to_date",
            "starts_at",
            "ends_at",
            "reason",
            "created_at",
        ]
        read_only_fields = ["id", "created_at"]
        extra_kwargs = {
            name: {"required": False, "help_text": "Of whole days, answered and not read"} for name in absences.INSTANTS
        }

    def validate(self, attrs):
        present = self.instance.staff if self.instance else None
        if attrs.get("staff", present) is None and not self.caller.may("time_off", "close"):
            raise Forbidden("You may not leave out `staff`: only for yourself can you take time off.")
        return absences.complete_times(attrs, self.instance, self.organization.zone)


class ClosingSerializer(BodySerializer):
    """Public holidays on which people choose to close."""

    organization = StrictIntegerField(
        required=False,
        min_value=1,
        max_value=LARGEST_INTEGER,
        help_text="For platform operators, who have to say which",
    )
    dates = serializers.ListField(child=StrictDateField(), allow_empty=False, max_length=100)


class AppointmentSerializer(TenantSerializer):
    """What staff and above see; clients get AppointmentForClientSerializer."""

    client = serializers.PrimaryKeyRelatedField(read_only=True)
    client_name = serializers.CharField(source="client.name", read_only=True)
    staff = serializers.PrimaryKeyRelatedField(read_only=True)
    staff_name = serializers.CharField(source="staff.name", read_only=True)
    service = serializers.PrimaryKeyRelatedField(read_only=True)
    service_name = serializers.CharField(source="service.name", read_only=True)
    cancelled_by = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    price_reason = StrictCharField(
        max_length=500,
        required=False,
        allow_blank=True,
        write_only=True,
        help_text="Why the price changes, of a discount for example; for the history",
    )

    class Meta:
        model = Appointment
        fields = [
            "id",
            "organization",
            "client",
            "client_name",
            "staff",
            "staff_name",
            "service",
            "service_name",
            "appointment_date",
            "ends_at",
            "status",
            "notes",
            "internal_notes",
            "price",
            "price_reason",
            "overbooked",
            "series",
            "group",
            "arrived_at",
            "in_service_at",
            "cancelled_at",
            "cancellation_reason",
            "cancelled_by",
            "cancelled_on_behalf_of",
            "fee_waived",
            "tax_rate",
            "version",
            "created_at",
        ]
        read_only_fields = [
            "id",
            "status",
            "appointment_date",
            "ends_at",
            "overbooked",
            "series",
            "group",
            "arrived_at",
            "in_service_at",
            "cancelled_at",
            "cancellation_reason",
            "cancelled_on_behalf_of",
            "tax_rate",
            "version",
            "created_at",
        ]
        guarded = policy.find_guarded_keys("appointments", "update")
        extra_kwargs = {"cancelled_on_behalf_of": {"allow_blank": True}}  # documents that it may be empty

    def update(self, instance, validated_data):
        reason = validated_data.pop("price_reason", "")
        return booking.revise(by=self.caller, visit=instance, changes=validated_data, reason=reason, now=timezone.now())


HIDDEN_FROM_CLIENTS = ("internal_notes", "overbooked")


class AppointmentForClientSerializer(AppointmentSerializer):
    class Meta(AppointmentSerializer.Meta):
        fields = [name for name in AppointmentSerializer.Meta.fields if name not in HIDDEN_FROM_CLIENTS]
        read_only_fields = fields


class AppointmentSchema(TenantSchema):
    """Documents that not everybody gets all keys."""

    target_class = AppointmentSerializer
    priority = 1

    def map_serializer(self, auto_schema, direction):
        schema = super().map_serializer(auto_schema, direction)
        required = [name for name in schema.get("required", ()) if name not in HIDDEN_FROM_CLIENTS]
        return schema | ({"required": required} if required else {})


MOVED_TOGETHER = ["this", "following", "group"]
MOST_IN_A_GROUP = 20


def find_who_is_alone(caller):
    """The key of a booking for which there is only the caller, or None."""
    scope = policy.find_scope(caller, "appointments", "create")
    return {policy.OWN: "client", policy.ASSIGNED: "staff"}.get(scope)


class BookingSerializer(TenantSerializer):
    """What a booking may say. `client` and `staff` default to the caller where that is the only choice."""

    client = Reference(lambda caller: User.objects.clients_for(caller), required=False)
    staff = Reference(lambda caller: User.objects.performers_for(caller, "appointments"), required=False)
    service = Reference(lambda caller: Service.objects.visible_to(caller, "services"))
    duration = StrictIntegerField(required=False, min_value=1, max_value=DAY_OF_MINUTES, help_text="Minutes")
    price = MoneyField(required=False, min_value=0)
    overbook = StrictBooleanField(default=False, help_text="Book beside another visit if need be")

    class Meta:
        model = Appointment
        fields = [
            "organization",
            "client",
            "staff",
            "service",
            "appointment_date",
            "duration",
            "price",
            "notes",
            "internal_notes",
            "overbook",
        ]
        guarded = policy.find_guarded_keys("appointments", "create")

    def validate(self, attrs):
        if alone := find_who_is_alone(self.caller):
            attrs.setdefault(alone, self.caller)
        if "client" not in attrs:
            raise ValidationError({"client": ["This field is required."]}, code="required")
        return attrs

    def create(self, validated_data):
        validated_data.pop("organization")
        return booking.book(by=self.caller, now=timezone.now(), **validated_data)


class SeriesSerializer(BookingSerializer):
    """A booking, repeated. `count` includes the first."""

    every = StrictIntegerField(min_value=1, max_value=52, help_text="Weeks from one visit to the next")
    count = StrictIntegerField(min_value=2, max_value=52, help_text="How many visits, the first included")
    on_conflict = StrictChoiceField(choices=["fail", "skip"], default="fail")

    class Meta(BookingSerializer.Meta):
        fields = [*BookingSerializer.Meta.fields, "every", "count", "on_conflict"]

    def create(self, validated_data):
        validated_data.pop("organization")
        skip = validated_data.pop("on_conflict") == "skip"
        return series.book_series(by=self.caller, now=timezone.now(), skip=skip, **validated_data)


class GroupVisitSerializer(BodySerializer):
    service = Reference(lambda caller: Service.objects.visible_to(caller, "services"))
    staff = Reference(lambda caller: User.objects.performers_for(caller, "appointments"), required=False)
    appointment_date = InstantField()


class GroupSerializer(TenantSerializer):
    """Consecutive visits of one client. `client`, and `staff` of each, default to the caller as in a booking."""

    client = Reference(lambda caller: User.objects.clients_for(caller), required=False)
    visits = GroupVisitSerializer(many=True, min_length=2, max_length=MOST_IN_A_GROUP)
    overbook = StrictBooleanField(default=False, help_text="Book beside other visits if need be")

    class Meta:
        model = Appointment
        fields = ["organization", "client", "visits", "notes", "internal_notes", "overbook"]
        guarded = {
            name: needed
            for name, needed in policy.find_guarded_keys("appointments", "create").items()
            if name in ("internal_notes", "overbook")
        }

    def refuse_strangers(self, values):
        super().refuse_strangers(values)
        for number, visit in enumerate(values["visits"]):
            for key in ("service", "staff"):
                if key in visit and visit[key].organization_id != self.organization.pk:
                    unknown = Reference.default_error_messages["does_not_exist"]
                    raise FieldRefused(f"visits.{number}.{key}", "does_not_exist", unknown)

    def validate(self, attrs):
        alone = find_who_is_alone(self.caller)
        if alone == "client":
            attrs.setdefault("client", self.caller)
        if "client" not in attrs:
            raise ValidationError({"client": ["This field is required."]}, code="required")
        usual = {"staff": self.caller} if alone == "staff" else {}
        return attrs | {"visits": [groups.Wanted(**usual | visit) for visit in attrs["visits"]]}

    def create(self, validated_data):
        validated_data.pop("organization")
        return groups.book_group(by=self.caller, now=timezone.now(), **validated_data)


class MoveSerializer(BodySerializer):
    """The base of a transition's body. `guarded` are keys that only some may send, from the policy."""

    guarded = {}
    # They ask for nothing, so everybody may say them.
    harmless = {"waive_fee": False, "on_behalf_of": Side.CLIENT.value}

    def to_internal_value(self, data):
        for key in policy.find_withheld_keys(self.caller, self.guarded):
            if key in data and data[key] != self.harmless.get(key, empty):
                raise Forbidden(f"You may not send `{key}`.")
        return super().to_internal_value(data)

    @property
    def caller(self):
        return self.context["request"].user


class RescheduleSerializer(MoveSerializer):
    appointment_date = InstantField()
    staff = Reference(lambda caller: User.objects.performers_for(caller, "appointments"), required=False)
    overbook = StrictBooleanField(default=False)
    scope = StrictChoiceField(
        choices=MOVED_TOGETHER, default="this", help_text="Also the later visits of its series, or all of its group"
    )

    guarded = policy.find_guarded_keys("appointments", "reschedule")


class ChangeSerializer(MoveSerializer):
    """What is left out stays."""

    service = Reference(lambda caller: Service.objects.visible_to(caller, "services"), required=False)
    duration = StrictIntegerField(required=False, min_value=1, max_value=DAY_OF_MINUTES, help_text="Minutes")
    client = Reference(lambda caller: User.objects.clients_for(caller), required=False)
    price = MoneyField(required=False, min_value=0)
    overbook = StrictBooleanField(default=False, help_text="Lengthen it beside another visit if need be")

    guarded = policy.find_guarded_keys("appointments", "change")


class CancelSerializer(MoveSerializer):
    reason = StrictCharField(max_length=500, default="", allow_blank=True, help_text="Required of staff and above")
    waive_fee = StrictBooleanField(default=False)
    on_behalf_of = StrictChoiceField(
        choices=Side.choices,
        required=False,
        help_text="Whose doing it is. Default: `organization` for staff and above, which costs no fee; else `client`",
    )
    scope = StrictChoiceField(choices=MOVED_TOGETHER, default="this")

    guarded = policy.find_guarded_keys("appointments", "cancel")


class NoShowSerializer(MoveSerializer):
    waive_fee = StrictBooleanField(default=False)

    guarded = policy.find_guarded_keys("appointments", "no_show")


class CompleteSerializer(MoveSerializer):
    pass


class ArriveSerializer(MoveSerializer):
    in_service = StrictBooleanField(default=False, help_text="Whether the visit has begun, too")


class ReopenSerializer(MoveSerializer):
    reason = StrictCharField(max_length=500, default="", allow_blank=True)


class UndoSerializer(MoveSerializer):
    pass


class CorrectSerializer(MoveSerializer):
    status = StrictChoiceField(choices=["completed", "no_show"])
    reason = StrictCharField(max_length=500)
    waive_fee = StrictBooleanField(required=False)
