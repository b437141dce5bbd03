"""The demo's people and what they offer."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils.text import slugify

from accounts.models import User
from clientline.demo.businesses import size_team
from clientline.made_addresses import SUFFIX
from clientline.telephones import write_e164
from clientline.zones import guess_country
from organizations.models import Organization
from services.models import Service, ServiceStaff

# Percent, contained in the price; where the demo knows none, prices are shown without.
TAX_RATES = {"AU": 10, "CH": Decimal("8.1"), "DE": 19, "FR": 20, "GB": 20, "JP": 10}
NOTICES = {
    "en": {
        "booking_terms": "If you cannot come, please tell us the day before at the latest.",
        "privacy_notice": "We keep your name and how we reach you for your visits, and give them to nobody.",
    },
    "de": {
        "booking_terms": "Wenn Sie nicht kommen können, sagen Sie uns bitte spätestens am Tag vorher Bescheid.",
        "privacy_notice": "Wir bewahren Ihren Namen und wie wir Sie erreichen für Ihre Termine auf "
        "und geben beides niemandem.",
    },
}
YOUNGEST, OLDEST = 1500, 3600  # days since an organization joined; more than any person's calendar goes back


def draw_organization(rng, business, *, now):
    trade, place = business.trade, business.place
    return Organization(
        name=business.name,
        email=f"hello@{business.domain}",
        phone=place.draw_phone(rng),
        address=place.draw_address(rng),
        timezone=place.timezone,
        country=guess_country(place.timezone),
        language=business.language,
        currency=place.currency,
        tax_number=place.draw_tax_number(business.name),
        slot_interval=trade.slot_interval,
        cancellation_notice=trade.cancellation_notice,
        late_cancellation_fee=trade.late_fee,
        no_show_fee=trade.no_show_fee,
        **_describe_guest_page(business),
        created_at=now - timedelta(days=rng.randrange(YOUNGEST, OLDEST)),
    )


def _describe_guest_page(business):
    if not business.slug:
        return {}
    return {
        "slug": business.slug,
        "guest_page": True,
        "brand_color": "#f2b705",
        **NOTICES[business.language or "en"],
    }


@dataclass(frozen=True)
class Team:
    admin: User
    manager: User
    staff: list

    def list_everybody(self):
        return [self.admin, self.manager, *self.staff]


def draw_team(rng, business, organization, *, visits, password):
    """Unsaved people; the first to join is the admin."""
    taken = Counter()

    def person(role, name, address=None):
        name = name or business.place.names.draw(rng)
        phone = business.place.draw_phone(rng)
        return User(
            organization_id=organization.pk,
            name=name,
            email=f"{address or _choose_address(name, taken)}@{business.domain}",
            phone=phone,
            phone_e164=write_e164(phone, organization.country),
            role=role,
            password=password,
            created_at=organization.created_at + timedelta(minutes=5),
        )

    size = size_team(business, visits)
    names = (*business.staff, *[None] * size)[:size]
    return Team(
        admin=person("admin", business.admin, "admin"),
        manager=person("manager", business.manager, "manager"),
        staff=[person("staff", name) for name in names],
    )


def _choose_address(name, taken):
    first = slugify(name.split()[0])
    taken[first] += 1
    return first if taken[first] == 1 else f"{first}{taken[first]}"


def draw_services(business, organization):
    return [
        Service(
            organization_id=organization.pk,
            name=offer.german if business.language == "de" and offer.german else offer.name,
            duration=offer.minutes,
            price=business.place.scale_price(offer.euros),
            tax_rate=TAX_RATES.get(organization.country),
            buffer_before=offer.before,
            buffer_after=offer.after,
            created_at=organization.created_at,
        )
        for offer in business.trade.offers
    ]


def draw_performers(rng, business, services, staff):
    """Who is named for the services that not everybody performs."""
    return [
        ServiceStaff(organization_id=service.organization_id, service_id=service.pk, staff_id=person.pk)
        for service, offer in zip(services, business.trade.offers, strict=True)
        for person in rng.sample(staff, min(offer.performers, len(staff)))
    ]


def draw_clients(rng, business, *, team, joined, first, password):
    """One client for each moment in `joined`. They are numbered from `first`, so that no two share an address."""
    desk = [team.admin, team.manager, *team.staff[:3]]
    return [
        User(
            organization_id=team.admin.organization_id,
            role="client",
            created_by_id=rng.choice(desk).pk,
            created_at=moment,
            **_draw_client_identity(rng, business, number, password=password),
        )
        for number, moment in enumerate(joined, first)
    ]


def _draw_client_identity(rng, business, number, *, password):
    """Who a client is and how they are reached: one of three signs in, one has an address, one a telephone only."""
    phone = business.place.draw_phone(rng)
    identity = {"phone": phone, "phone_e164": write_e164(phone, guess_country(business.place.timezone))}
    if number == 1 and business.client:
        address = f"{_choose_address(business.client, Counter())}@{business.domain}"
        return identity | {"name": business.client, "email": address, "contact_email": address, "password": password}
    name = business.place.names.draw(rng)
    address = f"{slugify(name).replace('-', '.')}{number}@{business.domain}"
    if number % 3 == 1:
        return identity | {"name": name, "email": address, "contact_email": address, "password": password}
    made = f"{UUID(int=rng.getrandbits(128), version=4)}{SUFFIX}"
    contact = address if number % 3 == 2 else ""
    return identity | {"name": name, "email": made, "contact_email": contact, "password": UNUSABLE_PASSWORD_PREFIX}
