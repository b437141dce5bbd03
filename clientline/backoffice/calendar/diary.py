"""What a board is drawn from: people, their hours and time off, and visits, as far as the caller may see them."""

from collections import defaultdict
from datetime import timedelta
from functools import cache

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, Subquery
from django.db.models.lookups import IsNull

from accounts.models import User
from appointments.models import LONGEST_VISIT, Appointment, TimeOff
from appointments.working_time.hours import (
    DAY,
    NIGHT,
    Hours,
    ceil_to_minute,
    find_instant,
    find_minute,
    floor_to_minute,
)
from clientline.backoffice.calendar.board import Column, Visit
from clientline.backoffice.calendar.versions import annotate_latest_changes, write_version
from clientline.database.prepared import (
    Given,
    Objects,
    Statement,
    identify_caller,
    read_standing,
    stand_for_any_caller,
)
from clientline.notations import parse_date, read_typed_date
from payments.balances import add_balance

MOST_PEOPLE = 500
MOST_VISITS = 3000  # of a day; beyond that the page says so

COLUMNS = (
    "pk",
    "staff_id",
    "client__name",
    "service__name",
    "status",
    "overbooked",
    "appointment_date",
    "ends_at",
    "busy_from",
    "busy_until",
    "service_id",
    "version",
    "has_note",
    "is_first",
    "arrived_at",
    "in_service_at",
)


def read_day(request, organization, now):
    """The date of the query string, else the organization's today; and why what was sent is no date, or None."""
    today = now.astimezone(organization.zone).date()
    sent = request.GET.get("date")
    if not sent:
        return today, None
    try:
        return read_typed_date(sent, organization.country), None
    except ValueError as error:
        return today, str(error)


def find_neighbour(day, days):
    """The date so many days later; None where no calendar reaches."""
    try:
        return parse_date(str(day + timedelta(days=days)))
    except (ValueError, OverflowError):
        return None


def list_team(caller, organization, *, now):
    """Whose columns the caller may see, those first who are themselves: of colleagues' time staff see nothing here.

    `has_stranded` says of each whether coming visits of theirs are stranded, `latest_changes` how new all this is.
    """
    values = identify_caller(caller) | {"of": organization.pk, "now": now}
    people = _prepare_team(*read_standing(caller)).rows(values)
    return sorted(people, key=lambda person: person.pk != caller.pk)


@cache
def _prepare_team(*standing):
    stranded = Appointment.objects.stranded(Given("now")).filter(organization=Given("of"), staff=OuterRef("pk"))
    people = User.objects.performers_for(stand_for_any_caller(*standing), "appointments")
    people = people.filter(organization=Given("of")).annotate(has_stranded=Exists(stranded))
    people = annotate_latest_changes(people, Given("of")).order_by("name", "id")[:MOST_PEOPLE]
    return Objects(people, "has_stranded", "latest_changes")


def find_version(people, organization, day, now):
    """The ETag of a day, of people whom `list_team` found."""
    latest = people[0].latest_changes if people else []
    return write_version(latest, organization=organization, day=day, now=now)


class Diary:
    """Hours, time off and visits of some people on some consecutive dates. Four queries, however many."""

    def __init__(self, *, caller, organization, days, people, now):
        self.caller, self.organization, self.days = caller, organization, days
        self.zone = organization.zone
        self.begin, self.end = find_minute(self.zone, days[0], 0), find_minute(self.zone, days[-1], DAY)
        self.staff_ids = [person.pk for person in people]
        self.hours = Hours.load(self.staff_ids, days[0], days[-1])
        self.away = self.load_away()
        self.visits = self.load_visits()
        self.by_person = defaultdict(list)
        for visit in self.visits:
            self.by_person[visit.staff].append(visit)
        self.is_cut = len(self.visits) > MOST_VISITS
        self.now = floor_to_minute(now)

    def load_away(self):
        """(begin, end, reason) by person; closures are everybody's."""
        begin, end = find_instant(self.begin) - 2 * NIGHT, find_instant(self.end)
        rows = _prepare_away(*read_standing(self.caller)).rows(self.identify() | {"begin": begin, "end": end})
        away = defaultdict(list)
        for *row, reason in rows:
            for pk in self.staff_ids if row[0] is None else (row[0],):
                away[pk] += [(*span, reason) for span in self.hours.find_spans_away(pk, tuple(row), self.zone)]
        return away

    def load_visits(self):
        """The visits that touch the dates, in order."""
        begin, end = find_instant(self.begin), find_instant(self.end)
        values = self.identify() | {"begin": begin, "end": end, "earliest": begin - LONGEST_VISIT}
        alone = self.staff_ids[0] if len(self.staff_ids) == 1 else None
        rows = _prepare_visits(alone is not None, *read_standing(self.caller)).rows(values | {"staff": alone})
        return [_make_visit(*row) for row in rows]

    def identify(self):
        """Whose rows they are, for statements."""
        return identify_caller(self.caller) | {"of": self.organization.pk}

    def make_column(self, person, day, *, title, url):
        """What the board shows of one person and date, below a title that leads to `url`."""
        begin, end = find_minute(self.zone, day, 0), find_minute(self.zone, day, DAY)
        own = self.by_person[person.pk]
        return Column(
            title=title,
            staff=person.pk,
            day=day,
            windows=self.hours.find_windows(person.pk, day, day, self.zone),
            away=[each for each in self.away[person.pk] if each[0] < end and each[1] > begin],
            visits=[each for each in own if each.starts < end and each.ends > begin],
            url=url,
            performer=person.name,
            is_active=person.is_active,
        )


@cache
def _prepare_away(*standing):
    rows = TimeOff.objects.visible_to(stand_for_any_caller(*standing), "time_off").filter(
        organization=Given("of"), starts_at__lt=Given("end"), ends_at__gt=Given("begin")
    )
    return Statement(rows.values_list("staff", "starts_at", "ends_at", "from_date", "to_date", "reason"))


@cache
def _prepare_visits(of_one, *standing):
    caller = stand_for_any_caller(*standing)
    rows = Appointment.objects.visible_to(caller, "appointments").filter(organization=Given("of"))
    rows = rows.under_way(Given("begin"), Given("end"), earliest=Given("earliest"))
    if of_one:
        rows = rows.filter(staff=Given("staff"))
    columns, rows = COLUMNS, _annotate_marks(rows)
    if caller.may("appointments", "balance"):
        rows, columns = add_balance(rows), (*COLUMNS, "due")
    return Statement(rows.order_by("appointment_date", "pk").values_list(*columns)[: MOST_VISITS + 1])


def _annotate_marks(visits):
    """Adds whether somebody noted something, and whether it is its client's first visit."""
    # Without a scope on purpose: who is new here is so for everybody, also where others gave all of their visits.
    earlier = Appointment.objects.exclude(status="cancelled").filter(
        client=OuterRef("client"), appointment_date__lt=OuterRef("appointment_date")
    )
    noted = ExpressionWrapper(~Q(notes="") | ~Q(internal_notes=""), output_field=BooleanField())
    # By its order the earliest is found in the index. Of whether there is one PostgreSQL believes, where one client has
    # most visits, that it meets one soon however it looks: it read the table, for each visit of the day.
    is_first = IsNull(Subquery(earlier.order_by("appointment_date").values("pk")[:1]), True)
    return visits.annotate(has_note=noted, is_first=is_first)


def _make_visit(pk, staff, client, service, status, overbooked, *instants_and_marks):
    starts, ends, busy_from, busy_until, *marks = instants_and_marks
    return Visit(
        pk,
        staff,
        client,
        service,
        status,
        overbooked,
        floor_to_minute(starts),
        ceil_to_minute(ends),
        floor_to_minute(busy_from),
        ceil_to_minute(busy_until),
        *marks,
    )
