"""The demo world, organization by organization and person by person, so that memory stays flat."""

from dataclasses import replace
from datetime import UTC, datetime, time
from random import Random

from django.utils import timezone

from appointments.models import Appointment
from clientline.demo.businesses import choose_working_week, draw_businesses, set_quotas, share_out
from clientline.demo.copying import copy_people, copy_rows
from clientline.demo.diaries import Diary, draw_absences, draw_special, draw_training
from clientline.demo.histories import draw_history
from clientline.demo.money import draw_payments, make_refunds
from clientline.demo.people import draw_clients, draw_organization, draw_performers, draw_services, draw_team
from clientline.demo.visits import Calendar, draw_guests, introduce, join_groups
from clientline.demo.webhooks import make_webhook
from clientline.reach.messages import planning
from payments.numbering import number_receipts

TOLD = 20  # visits of each organization whose clients are told
VISITS_PER_CLIENT = 6
FEWEST_CLIENTS = 2  # of a person


def build(*, organizations, appointments, seed, today, password, language=""):
    """Save it all, and yield the number of visits as each person's are saved. Raises IntegrityError.

    What ended before `today` begins where an organization is, is past; without it, each has the date that it is
    there. `password` is the hash that everybody gets, `language` that of Salon Sonnig.
    """
    sonnig, *others = draw_businesses(organizations, seed)
    companies = [replace(sonnig, language=language), *others]
    visits = share_out(appointments, [business.weight for business in companies])
    for index, business in enumerate(companies):
        rng = Random(f"{seed} organization {index}")
        day = today or timezone.localdate(timezone=business.place.zone)
        yield from World(rng, business, today=day, password=password).build(visits[index])


class World:
    """One organization and everything in it."""

    def __init__(self, rng, business, *, today, password):
        self.rng = rng
        self.business = business
        self.today = today
        self.now = datetime.combine(today, time(), business.place.zone).astimezone(UTC)
        self.password = password
        self.clients = 0

    def build(self, visits):
        rng, business = self.rng, self.business
        self.organization = draw_organization(rng, business, now=self.now)
        copy_rows([self.organization])
        self.team = draw_team(rng, business, self.organization, visits=visits, password=self.password)
        copy_people(self.team.list_everybody())
        self.services = draw_services(business, self.organization)
        copy_rows(self.services)
        self.performers = draw_performers(rng, business, self.services, self.team.staff)
        copy_rows(self.performers)
        diaries = self.build_diaries()
        for diary, quota in zip(diaries, set_quotas(visits, len(diaries)), strict=True):
            yield self.build_visits(diary, quota)
        number_receipts(self.organization.pk)
        self.plan_messages()
        make_webhook(rng, self.organization, domain=business.domain, admin=self.team.admin, now=self.now)

    def plan_messages(self):
        """What the clients of the next visits would be told, as if they had booked just now."""
        visits = Appointment.objects.filter(organization=self.organization, status="scheduled")
        coming = visits.filter(appointment_date__gt=self.now).order_by("appointment_date", "id")[:TOLD]
        visits = list(coming.select_related("client", "organization"))
        planning.plan_messages(visits=visits, happened="booked", now=self.now)

    def build_diaries(self):
        """One for each of the staff, saved as hours and time off."""
        rng, today, organization = self.rng, self.today, self.organization
        special, training = draw_special(rng, today), draw_training(rng, today)
        diaries = [
            Diary(
                person,
                organization.zone,
                week=choose_working_week(position),
                special=special,
                absences=draw_absences(rng, today),
                closures=[training],
            )
            for position, person in enumerate(self.team.staff)
        ]
        closed = training.row(organization.zone, organization_id=organization.pk, created_at=organization.created_at)
        copy_rows([row for diary in diaries for row in diary.make_working_hours()])
        copy_rows([row for diary in diaries for row in diary.make_special_hours()])
        copy_rows([closed] + [row for diary in diaries for row in diary.make_time_off()])
        return diaries

    def build_visits(self, diary, quota):
        rng, now = self.rng, self.now
        services = self.list_services_of(diary.person)
        visits = Calendar(rng, self.organization, services, diary, today=self.today, now=now).draw(quota)
        self.build_clients(visits)
        copy_rows(visits)
        copy_rows([fact for visit in visits for fact in draw_history(visit)])
        payments = [payment for visit in visits for payment in draw_payments(rng, visit, self.business.place, now=now)]
        copy_rows(payments)
        copy_rows(make_refunds(payments, now=now))
        return len(visits)

    def build_clients(self, visits):
        """Save the clients who come to these visits, each registered when they first booked."""
        rng = self.rng
        size = max(FEWEST_CLIENTS, len(visits) // VISITS_PER_CLIENT)
        guests = draw_guests(rng, visits, size)
        join_groups(rng, visits, guests)
        joined = [self.now] * size
        for guest, visit in zip(guests, visits, strict=True):
            joined[guest] = min(joined[guest], visit.created_at)
        clients = draw_clients(
            rng, self.business, team=self.team, joined=joined, first=self.clients + 1, password=self.password
        )
        copy_people(clients)
        self.clients += size
        for guest, visit in zip(guests, visits, strict=True):
            introduce(rng, visit, client=clients[guest], team=self.team)

    def list_services_of(self, person):
        named = {link.service_id for link in self.performers}
        own = {link.service_id for link in self.performers if link.staff_id == person.pk}
        return [service for service in self.services if service.pk not in named or service.pk in own]
