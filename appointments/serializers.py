from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from accounts.models import User
from appointments import booking
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from clientline.errors import Forbidden
from clientline.fields import Reference, StrictDecimalField, StrictIntegerField
from organizations import policy
from organizations.serializers import TenantSchema, TenantSerializer
from services.models import DAY_OF_MINUTES, Service


class WorkingHoursSerializer(TenantSerializer):
    staff = Reference(lambda caller: User.objects.performers_for(caller, "working_hours"))

    class Meta:
        model = WorkingHours
        fields = ["id", "organization", "staff", "weekday", "starts", "ends", "created_at"]
        read_only_fields = ["id", "created_at"]


class SpecialHoursSerializer(TenantSerializer):
    staff = Reference(lambda caller: User.objects.performers_for(caller, "special_hours"))

    class Meta:
        model = SpecialHours
        fields = ["id", "organization", "staff", "date", "starts", "ends", "created_at"]
        read_only_fields = ["id", "created_at"]


class TimeOffSerializer(TenantSerializer):
    staff = Reference(
        lambda caller: User.objects.performers_for(caller, "time_off"),
        required=False,
        allow_null=True,
        help_text="Empty: the whole organization is closed",
    )

    class Meta:
        model = TimeOff
        fields = ["id", "organization", "staff", "starts_at", "ends_at", "reason", "created_at"]
        read_only_fields = ["id", "created_at"]

    def validate(self, attrs):
        present = self.instance.staff if self.instance else None
        if attrs.get("staff", present) is None and not self.caller.may("time_off", "close"):
            raise Forbidden("You may not leave out `staff`: only for yourself can you take time off.")
        return attrs


class AppointmentSerializer(TenantSerializer):
    """What staff and above see; clients get AppointmentForClientSerializer."""

    client = serializers.PrimaryKeyRelatedField(read_only=True)
    client_name = serializers.CharField(source="client.name", read_only=True)
    staff = serializers.PrimaryKeyRelatedField(read_only=True)
    staff_name = serializers.CharField(source="staff.name", read_only=True)
    service = serializers.PrimaryKeyRelatedField(read_only=True)
    service_name = serializers.CharField(source="service.name", read_only=True)
    cancelled_by = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)

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
            "overbooked",
            "series",
            "cancelled_at",
            "cancellation_reason",
            "cancelled_by",
            "fee_waived",
            "version",
            "created_at",
        ]
        read_only_fields = [name for name in fields if name not in ("notes", "internal_notes")]


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


class BookingSerializer(TenantSerializer):
    """What a booking may say. `client` and `staff` default to the caller where that is the only choice."""

    client = Reference(lambda caller: User.objects.clients_for(caller), required=False)
    staff = Reference(lambda caller: User.objects.performers_for(caller, "appointments"), required=False)
    service = Reference(lambda caller: Service.objects.visible_to(caller, "services"))
    duration = StrictIntegerField(required=False, min_value=1, max_value=DAY_OF_MINUTES, help_text="Minutes")
    price = StrictDecimalField(required=False, max_digits=10, decimal_places=2, min_value=0)

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
        ]
        guarded = {"duration": "duration", "price": "price", "internal_notes": "internal_notes"}

    def validate(self, attrs):
        alone = {policy.OWN: "client", policy.ASSIGNED: "staff"}.get(
            policy.scope(self.caller, "appointments", "create")
        )
        if alone:
            attrs.setdefault(alone, self.caller)
        if missing := [field for field in ("client", "staff") if field not in attrs]:
            raise ValidationError({field: ["This field is required."] for field in missing}, code="required")
        return attrs

    def create(self, validated_data):
        validated_data.pop("organization")
        return booking.book(by=self.caller, now=timezone.now(), **validated_data)
