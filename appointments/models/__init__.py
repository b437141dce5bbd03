"""The tables of the calendar: hours, time off, visits and their history."""

from appointments.models.hours import (
    LONGEST_VISIT,
    OUT_OF_BOUNDS,
    SECOND_WEEKS,
    SpecialHours,
    TimeOff,
    Weekday,
    WorkingHours,
    find_parity,
)
from appointments.models.visits import Appointment, AppointmentHistory, Side

__all__ = [
    "LONGEST_VISIT",
    "OUT_OF_BOUNDS",
    "SECOND_WEEKS",
    "Appointment",
    "AppointmentHistory",
    "Side",
    "SpecialHours",
    "TimeOff",
    "Weekday",
    "WorkingHours",
    "find_parity",
]
