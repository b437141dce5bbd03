"""Coming visits from another program's file: each is booked as at the desk, and what stands in its way is said.

A line names its client, service and time; who is not named is chosen, as in every booking. All are booked or none,
unless the good ones alone are asked for. A visit that is booked already is known, so a second run books nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import TypeVar

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.client_files.dates import NotRead, Order, guess_order, read_date
from accounts.client_files.entries import Entry, Fault
from accounts.client_files.headings import fold_heading, guess_fields, index_aliases
from accounts.client_files.matching import find_clients
from accounts.client_files.tables import Table, read_table
from accounts.models import User
from appointments.booking import book
from appointments.models import Appointment
from appointments.working_time.hours import DayMinute, find_instant, find_minute, is_shown
from clientline.notations import read_moment
from clientline.refusals import Forbidden, Refused
from clientline.web.sheets import Unreadable
from organizations.models import Organization
from services.models import Service

_ALIASES = {
    "date": """date; day; appointment date; start date; datum; tag; termin; date du rendez-vous; fecha; día; data;
        dzień""",
    "time": "time; start time; from; uhrzeit; zeit; von; beginn; heure; début; hora; godzina",
    "start": "start; starts at; start date & time; start date time; appointment_date; date & time; anfang",
    "client": """client; client name; customer; customer name; name; full name; invitee name; patient; student; kunde;
        kundin; kundenname; cliente; klient; nom""",
    "email": """email; e-mail; client email; customer email; invitee email; email address; e-mail-adresse; courriel;
        correo""",
    "phone": "phone; telephone; mobile; client phone; phone number; text reminder number; telefon; handy; téléphone",
    "service": """service; service name; services; appointment type; event type name; type; treatment; leistung;
        behandlung; prestation; servicio; usługa""",
    "staff": """staff; team member; employee; provider; stylist; with; calendar; mitarbeiter; mitarbeiterin; behandler;
        collaborateur; empleado; pracownik""",
    "notes": "notes; note; comment; client notes; notiz; bemerkung; remarque; nota; uwagi",
}
_guess = partial(guess_fields, field_of=index_aliases(_ALIASES))
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h](\d\d))?(?::\d\d)?\s*(?:uhr|h)?\s*([ap])?\.?m?\.?", re.IGNORECASE)
_DAY_AND_CLOCK = re.compile(r"\d[-/.]\d.*[T ]\d\d?[:.h]\d\d")  # of 13.03.2028 alone, 3.20 is no time
LONGEST_AHEAD = 1095  # days, as far as any organization may be booked
Named = TypeVar("Named", User, Service)


@dataclass(frozen=True)
class Planned:
    """What a line says of a visit. `start` is an instant."""

    line: int
    who: Entry
    service: str
    staff: str
    start: datetime
    notes: str


@dataclass
class VisitImport:
    """`conflicts` says of each line why it was not booked. Nothing at all was where `saved` is False."""

    booked: list[Appointment] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    conflicts: list[Fault] = field(default_factory=list)
    saved: bool = False


def import_visits(
    *,
    by: User | None,
    organization: Organization,
    content: bytes,
    now: datetime,
    good: bool = False,
    only_check: bool = False,
) -> VisitImport:
    """Book the coming visits in a file's bytes. `by` None is a command. Raises Forbidden, Unreadable."""
    if by is not None and not by.may("users", "import"):
        raise Forbidden
    found = VisitImport()
    planned = _read_visits(content, organization, now, found)
    with transaction.atomic():
        _book_all(by, organization, planned, now, found)
        found.saved = not only_check and (good or not found.conflicts)
        if not found.saved:
            transaction.set_rollback(True)
    found.conflicts.sort()
    return found


def _book_all(
    by: User | None, organization: Organization, planned: Sequence[Planned], now: datetime, found: VisitImport
) -> None:
    clients = find_clients(organization, [visit.who for visit in planned])
    services = _index_by_name(Service.objects.filter(organization=organization, is_active=True))
    staff = _index_by_name(User.objects.filter(organization=organization, is_active=True).exclude(role="client"))
    for visit, client in zip(planned, clients, strict=True):
        try:
            service = _take_only(
                services,
                visit.service,
                _("No service is called “%(name)s”."),
                _("More than one service is called “%(name)s”."),
            )
            person = (
                _take_only(
                    staff,
                    visit.staff,
                    _("No colleague is called “%(name)s”."),
                    _("More than one colleague is called “%(name)s”."),
                )
                if visit.staff
                else None
            )
            if client is None:
                raise NotRead(_("No one client here is meant. Import the clients first, with address or telephone."))
            if _is_booked(client, service, visit.start):
                found.known.append(visit.line)
                continue
            with transaction.atomic():
                found.booked.append(
                    book(
                        by=by,
                        client=client,
                        service=service,
                        staff=person,
                        appointment_date=visit.start,
                        now=now,
                        notes=visit.notes,
                    )
                )
        except (NotRead, Refused) as error:
            said = str(error) if isinstance(error, NotRead) else str(error.detail)
            found.conflicts.append(Fault(visit.line, "", said, visit.who.name))


def _is_booked(client: User, service: Service, start: datetime) -> bool:
    return Appointment.objects.filter(
        client=client, service=service, appointment_date=start, status="scheduled"
    ).exists()


def _index_by_name(rows: Iterable[Named]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for row in rows:
        found.setdefault(fold_heading(row.name), []).append(row)
    return found


def _take_only(rows: Mapping[str, list[Named]], name: str, none: str, several: str) -> Named:
    """The only one of this name: to the letter, or else however it is spelt. Raises NotRead of none and of several."""
    called = rows.get(fold_heading(name), [])
    called = [row for row in called if row.name == name] or called
    if len(called) != 1:
        raise NotRead((several if called else none) % {"name": name})
    return called[0]


# Reading


def _read_visits(content: bytes, organization: Organization, now: datetime, found: VisitImport) -> list[Planned]:
    """The visits of the lines that can be read; of the others `found` gets the conflicts. Raises Unreadable."""
    table = read_table(content, _guess)
    fields = _take_for_start(_guess(table.headings), table)
    if not {"client", "service"} <= set(fields) or not ({"date", "time"} <= set(fields) or "start" in fields):
        told = _("The first line has to name the columns: client, service, date and time. It says: %(headings)s.")
        raise Unreadable(told % {"headings": ", ".join(table.headings)[:200]})
    read = partial(_read_visit, order=_find_order(table, fields, organization), zone=organization.zone, now=now)
    planned = []
    for row in table.rows:
        cells = {name: cell for name, cell in zip(fields, row.cells, strict=False) if name}
        try:
            planned.append(read(row.line, cells))
        except NotRead as error:
            found.conflicts.append(Fault(row.line, "", str(error), cells.get("client", "")))
    if table.stopped is not None:
        found.conflicts.append(Fault(table.stopped[0], "", table.stopped[1]))
    return planned


def _take_for_start(fields: list[str], table: Table) -> list[str]:
    """The same where the only column of a date or a time holds both, as one called “Termin” or “Beginn” may."""
    told = [column for column, name in enumerate(fields) if name in ("date", "time", "start")]
    if len(told) != 1:
        return fields
    (column,) = told
    holds_both = any(_DAY_AND_CLOCK.search(row.cells[column]) for row in table.rows if column < len(row.cells))
    return [*fields[:column], "start", *fields[column + 1 :]] if holds_both else fields


def _find_order(table: Table, fields: Sequence[str], organization: Organization) -> Order:
    column = fields.index("date" if "date" in fields else "start")
    days = [row.cells[column].partition(" ")[0].rstrip(",") for row in table.rows if column < len(row.cells)]
    return guess_order(days, organization.country)


def _read_visit(line: int, cells: Mapping[str, str], *, order: Order, zone: tzinfo, now: datetime) -> Planned:
    """What a line says. Raises NotRead."""
    if not cells.get("client"):
        raise NotRead(_("The client is missing."))
    if not cells.get("service"):
        raise NotRead(_("The service is missing."))
    start = _read_start(cells, order, zone, now)
    if start <= now:
        raise NotRead(_("This time has passed."))
    who = Entry(line, cells["client"], cells.get("email", "").lower(), cells.get("phone", ""))
    return Planned(line, who, cells["service"], cells.get("staff", ""), start, cells.get("notes", ""))


def _read_start(cells: Mapping[str, str], order: Order, zone: tzinfo, now: datetime) -> datetime:
    """The instant of the date and the clock's time, or of one cell with both, which may name its offset."""
    whole = cells.get("start", "")
    if instant := _read_instant(whole):
        # A zone's clocks cannot be read at the end of time.
        if instant - now > timedelta(days=LONGEST_AHEAD):
            raise NotRead(_("This date is too far ahead."))
        return instant
    day_text, _parted, clock = whole.partition("T" if "T" in whole else " ")
    # As browsers write it: 16.12.2026, 14:30
    day_text, clock = cells.get("date") or day_text.rstrip(","), cells.get("time") or clock
    latest = now.astimezone(zone).date() + timedelta(days=LONGEST_AHEAD)
    day = read_date(day_text, order=order, latest=latest)
    if day is None or day > latest:
        raise NotRead(_("The date is missing.") if day is None else _("This date is too far ahead."))
    minute = _read_clock(clock)
    if not is_shown(zone, day, minute):
        raise NotRead(_("The clocks skip this time on that day."))
    return find_instant(find_minute(zone, day, minute))


def _read_instant(text: str) -> datetime | None:
    """What ISO 8601 writes with its offset; None for all else."""
    try:
        instant = read_moment(datetime, text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None


def _read_clock(text: str) -> DayMinute:
    """Minutes of the day: 14:30, 14.30 Uhr, 14h30, 2:30 PM. Raises NotRead."""
    found = _CLOCK.fullmatch(text.strip())
    if not found:
        raise NotRead(
            _("“%(text)s” is no time of day.") % {"text": text[:20]} if text.strip() else _("The time is missing.")
        )
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if hour > (12 if half else 23) or minute > 59 or (half and not hour):
        raise NotRead(_("“%(text)s” is no time of day.") % {"text": text[:20]})
    if half:
        hour = hour % 12 + (12 if half == "p" else 0)
    return hour * 60 + minute
