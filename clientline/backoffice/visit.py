"""The page of a visit: its facts, its money, what happened to it, and what can become of it now."""

from appointments.admin import AppointmentAdmin


class VisitAdmin(AppointmentAdmin):
    """The visits' own admin, with the money that lies a floor above it."""
