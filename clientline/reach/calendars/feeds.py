"""Feeds: somebody's visits as a calendar program asks for them, again and again.

A feed is a view and no message: Google reads it every 8 to 24 hours, others every hour.
"""

import secrets
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.conf import settings
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from icalendar import Calendar, vDuration

from accounts.models import User
from accounts.person_names import find_first_name
from appointments.models import Appointment
from clientline.reach.calendars.events import begin_calendar, make_event
from clientline.reach.calendars.models import Feed
from clientline.refusals import Throttled

BACK, AHEAD = timedelta(days=30), timedelta(days=180)
MOST_EVENTS = 2000
MOST_READS = 30  # in an hour
HOUR = timedelta(hours=1)
TOKEN_BYTES = 32


def make_feed(*, user: User, purpose: str, detail: str, now: datetime) -> tuple[Feed, str]:
    """The feed, and its token, which is kept nowhere."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    feed = Feed.objects.create(
        organization_id=user.organization_id,
        user=user,
        purpose=purpose,
        detail=detail,
        digest=_digest(token),
        standing=describe_standing(user),
        created_at=now,
    )
    return feed, token


def write_address(token: str) -> str:
    """Where calendar programs read it."""
    return f"{settings.PUBLIC_URL}/feeds/{token}.ics"


def has_ended(feed: Feed) -> bool:
    """Whether its person has another password or role since, so that it is read no more."""
    return bytes(feed.standing) not in (describe_standing(feed.user), _describe_with_key(feed.user))


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()


def describe_standing(user: User) -> bytes:
    """Changes with password and role, and holds at another installation, to which they may move."""
    return sha256(f"{user.password}|{user.role}".encode()).digest()


def _describe_with_key(user: User) -> bytes:
    """As it was once, by the key of this installation: the next read writes it anew."""
    return sha256(user.get_session_auth_hash().encode()).digest()


def find_organization_of_feed(token: str) -> int | None:
    """For who is not confined yet."""
    return Feed.objects.filter(digest=_digest(token)).values_list("organization", flat=True).first()


def find_feed(token: str) -> Feed | None:
    """The feed, while its person is who they were; None else."""
    feed = Feed.objects.select_related("user__organization").filter(digest=_digest(token)).first()
    if feed is None or has_ended(feed):
        return None
    return feed if feed.user.is_active and feed.user.organization.is_active else None


def count_read(feed: Feed, *, now: datetime) -> None:
    """Raises Throttled from the MOST_READS on in one hour."""
    rows = Feed.objects.filter(pk=feed.pk)
    rows.filter(Q(hour_began_at=None) | Q(hour_began_at__lte=now - HOUR)).update(hour_began_at=now, read_in_hour=0)
    read = {"read_in_hour": F("read_in_hour") + 1, "last_read_at": now, "standing": describe_standing(feed.user)}
    if not rows.filter(read_in_hour__lt=MOST_READS).update(**read):
        began = rows.values_list("hour_began_at", flat=True).get() or now
        raise Throttled(retry_after=(began + HOUR - now).total_seconds())


def write_feed(feed: Feed, *, now: datetime) -> bytes:
    """The visits about now, without those that were cancelled. The same bytes as long as nothing changes."""
    calendar = begin_calendar("PUBLISH")
    name = f"{feed.user.organization}: {feed.purpose}"
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", vDuration(HOUR), parameters={"value": "DURATION"})
    calendar.add("x-published-ttl", vDuration(HOUR))
    for visit in list_visits(feed.user, now=now):
        _add_event(calendar, feed, visit)
    return calendar.to_ical()


def list_visits(user: User, *, now: datetime) -> QuerySet[Appointment]:
    """Those that they give, or as a client have; the coming ones first where there are too many."""
    own = Q(client=user) if user.role == User.Role.CLIENT else Q(staff=user)
    found = Appointment.objects.filter(own, organization=user.organization_id).exclude(status="cancelled")
    about_now = found.filter(appointment_date__gte=now - BACK, appointment_date__lt=now + AHEAD)
    distance = Greatest(F("appointment_date") - now, now - F("appointment_date"))
    chosen = about_now.order_by(distance, "id").values("pk")[:MOST_EVENTS]
    visits = Appointment.objects.filter(pk__in=chosen).select_related("service", "client")
    return visits.order_by("appointment_date", "id")


def _add_event(calendar: Calendar, feed: Feed, visit: Appointment) -> None:
    # When it was booked, not now: a feed that did not change has to be the same bytes.
    event = make_event(visit, summary=_summarize(feed, visit), now=visit.created_at.astimezone(UTC))
    event.add("sequence", visit.sequence)
    event.add("transp", "OPAQUE")
    calendar.add_component(event)


def _summarize(feed: Feed, visit: Appointment) -> str:
    if feed.detail == Feed.Detail.BUSY:
        return "Busy"
    if feed.detail == Feed.Detail.SERVICE or feed.user.role == User.Role.CLIENT:
        return str(visit.service)
    return f"{visit.service}, {find_first_name(visit.client.name)}"
