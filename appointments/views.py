"""`/working-hours`, `/special-hours`, `/time-off` and `/appointments`."""

from appointments.filters import AppointmentFilter, SpecialHoursFilter, TimeOffFilter, WorkingHoursFilter
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.serializers import (
    AppointmentForClientSerializer,
    AppointmentSerializer,
    BookingSerializer,
    SpecialHoursSerializer,
    TimeOffSerializer,
    WorkingHoursSerializer,
)
from clientline.viewsets import ClientLineViewSet, CreateMixin, ReadViewSet, UpdateMixin


class WorkingHoursViewSet(ClientLineViewSet):
    model = WorkingHours
    resource = "working_hours"
    serializer_class = WorkingHoursSerializer
    filterset_class = WorkingHoursFilter


class SpecialHoursViewSet(ClientLineViewSet):
    model = SpecialHours
    resource = "special_hours"
    serializer_class = SpecialHoursSerializer
    filterset_class = SpecialHoursFilter


class TimeOffViewSet(ClientLineViewSet):
    model = TimeOff
    resource = "time_off"
    serializer_class = TimeOffSerializer
    filterset_class = TimeOffFilter


class AppointmentViewSet(CreateMixin, UpdateMixin, ReadViewSet):
    """Visits are booked and annotated here; nothing deletes them."""

    model = Appointment
    resource = "appointments"
    serializer_class = AppointmentSerializer
    create_class = BookingSerializer
    filterset_class = AppointmentFilter
    orderings = ("appointment_date", "created_at")
    http_method_names = ("get", "head", "post", "patch")

    def answer_class(self):
        insider = self.request.user.may(self.resource, "internal_notes")
        return AppointmentSerializer if insider else AppointmentForClientSerializer
