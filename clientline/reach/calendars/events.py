"""A visit as calendars know it: RFC 5545, in UTC, without zones, rules and alarms.

A VTIMEZONE is read an hour late all summer by some programs; UTC is read right by all.
"""

from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress, vText

from appointments.models import Appointment
from clientline.settings import VERSION

PRODUCT = f"-//ClientLine//{VERSION}//EN"


def begin_calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method)
    return calendar


def make_event(visit: Appointment, *, summary: str, now: datetime) -> Event:
    """What every calendar is told of a visit: when, and by which name it knows it."""
    event = Event()
    event.add("uid", visit.calendar_uid)
    event.add("dtstamp", now.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", visit.appointment_date.astimezone(UTC))
    event.add("dtend", visit.ends_at.astimezone(UTC))
    event.add("summary", summary)
    return event


def write_invitation(
    visit: Appointment, *, method: str, sequence: int, summary: str, organizer: str, attendee: str, now: datetime
) -> bytes:
    """REQUEST puts the visit into a calendar or moves it there, CANCEL takes it out again. The visit has its
    organization and client at hand.
    """
    calendar, event = begin_calendar(method), make_event(visit, summary=summary, now=now)
    event.add("sequence", sequence)
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("organizer", _make_address(organizer, visit.organization.name))
    guest = _make_address(attendee, visit.client.name)
    guest.params["partstat"] = vText("ACCEPTED")  # they booked: nobody asks them whether they come
    guest.params["rsvp"] = vText("FALSE")
    event.add("attendee", guest)
    if visit.organization.address:
        event.add("location", visit.organization.address)
    calendar.add_component(event)
    return calendar.to_ical()


def _make_address(address: str, name: str) -> vCalAddress:
    made = vCalAddress(f"mailto:{address}")
    made.params["cn"] = vText(name.replace('"', "'"))  # the one sign that a parameter cannot hold
    return made
