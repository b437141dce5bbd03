"""The demo's visits: behind and ahead of today, on the grid, inside working hours, none over another but knowingly."""

from datetime import timedelta
from itertools import chain, count, islice
from math import exp
from operator import attrgetter
from uuid import NAMESPACE_DNS, UUID, uuid5

from appointments.lateness import is_cancelled_late
from appointments.models import Appointment, Side
from clientline.zones import read_wall_clock

AHEAD = 45  # days; clients may book 90 ahead
TODAY_FILLED, PAST_FILLED = 0.92, 0.8
SHARE_AHEAD = 0.35  # at most
VISITS_PER_DAY = 4.5  # of a person, about
LENGTHS = (30, 60, 90)  # minutes, where the service has no duration of its own
CANCELLED, MISSED, FORGOTTEN, DOUBLED = 0.08, 0.04, 0.01, 0.015  # shares of the visits
SHORTEST_LEAD, USUAL_LEAD, LONGEST_LEAD = 60, 5 * 1440, 40 * 1440  # minutes between booking and visit
GROUPED, SOON = 3, timedelta(minutes=30)  # every third visit that follows another as closely
NOTES = ("Please call on arrival", "First visit", "Prefers mornings", "May run ten minutes late")
INTERNAL_NOTES = ("A regular", "Allergic to latex", "Likes to pay by card", "Bring the file")
REASONS_OF_CLIENTS = ("Feeling ill", "Something came up", "Found an earlier date", "Travelling")
REASONS_OF_STAFF = ("Called to cancel", "Colleague is ill", "Booked by mistake")


class Calendar:
    """One person's visits, without their clients: `introduce` adds those."""

    def __init__(self, rng, organization, services, diary, *, today, now):
        self.rng = rng
        self.organization = organization
        self.services = services
        self.diary = diary
        self.today = today
        self.now = now

    def draw(self, quota):
        """Exactly `quota` unsaved visits in order of time. An overbooked one follows the visit it is beside."""
        share = int(quota * SHARE_AHEAD)
        ahead = list(islice(self.fill_ahead(share), share))
        behind = list(islice(self.fill_behind(), quota - len(ahead)))
        return sorted(ahead + behind, key=attrgetter("appointment_date"))

    def fill_ahead(self, share):
        # Today is nearly full, each later day less so, and the slower the more visits there are to give.
        scale = share / VISITS_PER_DAY or 1
        days = ((self.today + timedelta(days=offset), TODAY_FILLED * exp(-offset / scale)) for offset in range(AHEAD))
        return chain.from_iterable(self.fill_day(day, filled) for day, filled in days)

    def fill_behind(self):
        return chain.from_iterable(
            self.fill_day(self.today - timedelta(days=offset), PAST_FILLED) for offset in count(1)
        )

    def fill_day(self, day, filled):
        """Visits of one date, about as dense as `filled` (0 to 1) says."""
        midnight = self.diary.find_start(day)
        free = 0  # the minute from which the visits before, with their buffers, are over
        for opens, closes in self.diary.find_hours(day):
            at = opens
            while at < closes:
                if self.rng.random() > filled:
                    at += 60
                    continue
                service = self.rng.choice(self.services)
                length = service.duration or self.rng.choice(LENGTHS)
                start = self.place(day, opens, max(at, free + service.buffer_before), length)
                if start + length > closes:
                    break
                visit = self.make_visit(service, midnight + timedelta(minutes=start), length)
                yield visit
                at = start  # of a cancelled visit: somebody else may have it
                if visit.status != Appointment.Status.CANCELLED:
                    at = free = start + length + service.buffer_after
                    yield from self.squeeze_in(visit, service, length)

    def place(self, day, opens, earliest, length):
        """The first start on the grid that no time off meets."""
        interval = self.organization.slot_interval
        start = opens - (opens - earliest) // interval * interval
        back = self.diary.find_end_of_absence(day, start, start + length)
        return start if back is None else self.place(day, opens, back, length)

    def squeeze_in(self, visit, service, length):
        """Now and then a manager squeezes somebody in at the same time."""
        if self.rng.random() < DOUBLED:
            yield self.make_visit(service, visit.appointment_date, length, overbooked=True)

    def make_visit(self, service, start, length, *, overbooked=False):
        organization, rng = self.organization, self.rng
        end = start + timedelta(minutes=length)
        known = min(start, self.now)
        lead = min(SHORTEST_LEAD + int(rng.expovariate(1 / USUAL_LEAD)), LONGEST_LEAD)
        visit = Appointment(
            organization=organization,
            staff_id=self.diary.person.pk,
            service_id=service.pk,
            appointment_date=start,
            local_start=read_wall_clock(start, self.diary.zone),
            ends_at=end,
            busy_from=start - timedelta(minutes=service.buffer_before),
            busy_until=end + timedelta(minutes=service.buffer_after),
            status=self.draw_outcome(end, overbooked),
            notes=rng.choice(NOTES) if rng.random() < 0.06 else "",
            internal_notes=rng.choice(INTERNAL_NOTES) if rng.random() < 0.04 else "",
            price=service.price or 0,
            overbooked=overbooked,
            calendar_uid=str(uuid5(NAMESPACE_DNS, f"{self.diary.person.email} {start} {lead} {overbooked}")),
            cancellation_notice=organization.cancellation_notice,
            late_cancellation_fee=organization.late_cancellation_fee,
            no_show_fee=organization.no_show_fee,
            cancellation_grace=organization.cancellation_grace,
            tax_rate=service.tax_rate,
            created_at=known - timedelta(minutes=lead),
        )
        if visit.status == Appointment.Status.CANCELLED:
            visit.cancelled_at = visit.created_at + rng.random() * (known - visit.created_at)
            visit.fee_waived = is_cancelled_late(visit) and rng.random() < 0.3
        if visit.status == Appointment.Status.COMPLETED:
            visit.arrived_at = start + timedelta(minutes=rng.randint(-10, 5))
            visit.in_service_at = max(visit.arrived_at, start)
        return visit

    def draw_outcome(self, end, overbooked):
        chance = self.rng.random()
        if chance < CANCELLED and not overbooked:
            return Appointment.Status.CANCELLED
        if end > self.now or chance > 1 - FORGOTTEN:
            return Appointment.Status.SCHEDULED
        return Appointment.Status.NO_SHOW if chance < CANCELLED + MISSED else Appointment.Status.COMPLETED


def draw_guests(rng, visits, clients):
    """For each visit which of so many clients comes. The first ones come more often; nobody sits in two chairs."""
    guests = []
    for visit in visits:
        guests.append(
            (guests[-1] + 1) % clients if visit.overbooked else min(rng.randrange(clients), rng.randrange(clients))
        )
    return guests


def join_groups(rng, visits, guests):
    """Now and then somebody stays for the next visit, too: both are a group."""
    for number in range(1, len(visits)):
        former, latter = visits[number - 1], visits[number]
        follows = former.ends_at <= latter.appointment_date <= former.ends_at + SOON
        crowded = any(visit.overbooked for visit in visits[number - 1 : number + 2])
        if number % GROUPED == 0 and follows and not (former.group or crowded):
            guests[number] = guests[number - 1]
            former.group = latter.group = UUID(int=rng.getrandbits(128), version=4)


def introduce(rng, visit, *, client, team):
    """Give the visit its client, and say who booked and who cancelled it."""
    visit.client_id = client.pk
    if visit.overbooked:
        visit.created_by_id = team.manager.pk
    else:
        visit.created_by_id = rng.choice((client, client, team.manager)).pk if rng.random() < 0.8 else visit.staff_id
    if visit.cancelled_at is not None:
        by_client = rng.random() < 0.65
        visit.cancelled_by_id = client.pk if by_client else visit.staff_id
        visit.cancelled_on_behalf_of = Side.CLIENT
        visit.cancellation_reason = rng.choice(REASONS_OF_CLIENTS if by_client else REASONS_OF_STAFF)
