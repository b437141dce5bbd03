"""Time zones that Python and PostgreSQL both know."""

import logging
import zoneinfo
from functools import cache

from django.core.exceptions import ValidationError
from django.db import connection

logger = logging.getLogger(__name__)

UNUSABLE = ("posix/", "right/", "localtime", "Factory", "posixrules")
# PostgreSQL alone takes 'foo5' for a zone. Names without a slash are a closed list.
BARE = (
    "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT\\+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland "
    "Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK "
    "Singapore Turkey UCT UTC Universal W-SU WET Zulu"
).split()
PATTERN = rf"^({'|'.join(BARE)}|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*)+)$"


@cache
def known_zones():
    """The names an organization may choose from."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        stored = {name for (name,) in cursor.fetchall()}
    return frozenset(name for name in zoneinfo.available_timezones() & stored if not name.startswith(UNUSABLE))


def validate_zone(name):
    if name not in known_zones():
        raise ValidationError("Choose an IANA time zone, like Europe/Berlin.", code="invalid")


def zone(name):
    """The zone called `name`; UTC for one this machine cannot read, so that one bad row breaks no page."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        logger.warning("Unreadable time zone %r: showing UTC", name)
        return zoneinfo.ZoneInfo("UTC")
