"""A Saturday at a full house: twelve people, 480 visits back to back, one colleague around the clock, one night."""

from datetime import date, datetime, time, timedelta
from itertools import cycle

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import WorkingHoursFactory
from clientline.zones import read_wall_clock
from services.tests.factories import ServiceFactory

SATURDAY = date(2030, 6, 15)
PEOPLE, VISITS = 12, 480
LENGTHS = (5, 25, 10, 20, 15, 5, 10)  # minutes
FIRST = "Alex Björn Kim Núria Ole Sam Thu Zoë Łukasz Ida Jürgen Şeyma Mia Noor Elif Tom Lea Max Eva Ben".split()
LAST = "Groß Jansen García Müller O'Neill Yıldız Weber Nguyen Schäfer Li Novák Rossi Kaya Berg Haas Wolf".split()


def fill_house(organization, day=SATURDAY):
    """Returns the visit over midnight."""
    organization.slot_interval = 5
    organization.save(update_fields=["slot_interval"])
    services = [ServiceFactory(organization=organization, name=f"Service {number}") for number in range(8)]
    team = [_hire(organization, number, day) for number in range(PEOPLE)]
    clients = _invite(organization)
    rows = [visit for number, staff in enumerate(team) for visit in _fill_day(staff, number, day, clients, services)]
    evening = datetime.combine(day, time(23, 30), organization.zone)
    rows.append(_make_visit(team[0], clients[0], services[0], evening, 60))
    return Appointment.objects.bulk_create(rows)[-1]


def _hire(organization, number, day):
    person = UserFactory(organization=organization, role="staff", name=f"{FIRST[number]} {LAST[number]}")
    hours = (time(0), time(0)) if number == 0 else (time(8), time(18))
    WorkingHoursFactory(staff=person, weekday=day.weekday(), starts=hours[0], ends=hours[1])
    return person


def _invite(organization):
    names = [f"{first} {last}" for first in FIRST for last in LAST]
    made = [
        User(organization=organization, role="client", name=name, email=f"guest{number}@full.example")
        for number, name in enumerate(names)
    ]
    return User.objects.bulk_create(made)


def _fill_day(staff, number, day, clients, services):
    """Forty visits from eight o'clock on, each where the one before ends."""
    start, lengths = datetime.combine(day, time(8), staff.organization.zone), cycle(LENGTHS[number % 7 :] + LENGTHS)
    for count in range(VISITS // PEOPLE):
        minutes = next(lengths)
        place = number * 40 + count
        yield _make_visit(staff, clients[place % len(clients)], services[place % 8], start, minutes)
        start += timedelta(minutes=minutes)


def _make_visit(staff, client, service, start, minutes):
    ends_at = start + timedelta(minutes=minutes)
    return Appointment(
        organization=staff.organization,
        client=client,
        staff=staff,
        service=service,
        appointment_date=start,
        local_start=read_wall_clock(start, staff.organization.zone),
        ends_at=ends_at,
        busy_from=start,
        busy_until=ends_at,
        price="45.00",
        cancellation_notice=1440,
        late_cancellation_fee=0,
        no_show_fee=0,
    )
