"""Time zones, by the rules of the package `tzdata` alone. PostgreSQL has its own, so it computes no local time."""

import logging
import zoneinfo
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from functools import cache
from importlib.resources import files
from pathlib import Path

import tzdata
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from clientline import MACHINE_TZPATH

RULES = tzdata.__version__
SECOND = timedelta(seconds=1)
FURTHEST_APART = timedelta(hours=28)  # what any two clocks show; by today's rules 26

logger = logging.getLogger(__name__)

UNUSABLE = ("localtime", "Factory")
# Elsewhere, as in PostgreSQL, these are abbreviations without summer time. Kept where stored, not chosen anew.
AMBIGUOUS = frozenset({"CET", "EET", "MET", "WET"})
# Names without a slash are a closed list, so that the database refuses 'foo5' from every door.
BARE = (
    "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT\\+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland "
    "Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK "
    "Singapore Turkey UCT UTC Universal W-SU WET Zulu"
).split()
PATTERN = rf"^({'|'.join(BARE)}|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*)+)$"


@cache
def list_readable_zones() -> frozenset[str]:
    """The names for which there are rules."""
    return frozenset(zoneinfo.available_timezones().difference(UNUSABLE))


def list_known_zones() -> frozenset[str]:
    """The names an organization may choose from."""
    return list_readable_zones() - AMBIGUOUS


def validate_zone(name: str) -> None:
    """Raise ValidationError for what an organization cannot choose."""
    if name not in list_known_zones():
        raise ValidationError(_("Choose an IANA time zone, like Europe/Berlin."), code="invalid")


def find_zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone called `name`; UTC for one without rules, so that one bad row breaks no page."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        logger.warning("Unreadable time zone %r: showing UTC", name)
        return zoneinfo.ZoneInfo("UTC")


def find_machine_zone(name: str) -> zoneinfo.ZoneInfo:
    """The zone as version 0.1 read it: from the machine's own files, and where it has none as `find_zone` does."""
    for file in (Path(place, name) for place in MACHINE_TZPATH):
        if file.is_file():
            with file.open("rb") as rules:
                return zoneinfo.ZoneInfo.from_file(rules, key=name)
    return find_zone(name)


@cache
def list_countries() -> frozenset[str]:
    """The codes of ISO 3166, by the table that comes with the rules."""
    return frozenset(row[0] for row in _read_table("iso3166.tab"))


def validate_country(code: str) -> None:
    """Raise ValidationError for what is no country; none at all may be."""
    if code and code not in list_countries():
        raise ValidationError(_("Choose a country by its two letters, like DE."), code="invalid")


@cache
def guess_country(name: str) -> str:
    """The country of a zone, and '' where there are several, as of a link to another country's zone, or none."""
    named = [row[0] for row in _read_table("zone.tab") if row[2] == name]
    shared = [row[0] for row in _read_table("zone1970.tab") if row[2] == _read_links().get(name)]
    found = named if name in AMBIGUOUS else named or shared
    return found[0] if len(found) == 1 and "," not in found[0] else ""


@cache
def list_zones_of(country: str) -> tuple[str, ...]:
    """The zones of a country that can be chosen, its usual one first where it is one of several."""
    return tuple(row[2] for row in _read_table("zone.tab") if row[0] == country and row[2] in list_known_zones())


@cache
def _read_links() -> dict[str, str]:
    """By the other names of zones, their own."""
    lines = files("tzdata.zoneinfo").joinpath("tzdata.zi").read_text().splitlines()
    return {line.split()[2]: line.split()[1] for line in lines if line.startswith("L ")}


def _read_table(name: str) -> list[list[str]]:
    """The rows of one of the rules' own tables, its cells parted by tabs."""
    lines = files("tzdata.zoneinfo").joinpath(name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def read_wall_clock(instant: datetime, zone: tzinfo) -> datetime:
    """What the clocks of `zone` show at an instant, as a naive datetime."""
    # fold=0: it is kept without a zone, where a second reading of the hour could not be told from the first.
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def split_by_offset(zone: tzinfo, begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The stretches of [begin, end) in which `zone` keeps one offset from UTC, as `(begin, end, offset)`.

    Looked for a day at a time, which is less than any rules have kept an offset since 2000.
    """
    # Asked day by day: zoneinfo shows no table of changes, and behind the end of its own there is only a rule.
    while begin < end:
        offset, close = _find_offset(begin, zone), begin
        while close < end and _find_offset(close, zone) == offset:
            close = min(close + timedelta(days=1), end)
        if _find_offset(close, zone) != offset:
            close = _find_first_with_another(offset, zone, close - timedelta(days=1), close)
        yield begin, close, offset
        begin = close


def _find_offset(instant: datetime, zone: tzinfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _find_first_with_another(offset: timedelta, zone: tzinfo, early: datetime, late: datetime) -> datetime:
    """The second of (early, late] from which `zone` no longer keeps the offset that it has at `early`."""
    while late - early > SECOND:
        middle = early + (late - early) // (2 * SECOND) * SECOND
        if _find_offset(middle, zone) == offset:
            early = middle
        else:
            late = middle
    return late
