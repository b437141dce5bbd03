"""A guest asks for a visit, proves the address by a code, and the visit is booked. Until then nothing is held.

Known and unknown addresses run the same statements until the code is right: what differs is in a job.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from accounts.tokens import hash_secret
from appointments import booking
from appointments.models import Appointment
from clientline.reach.guests import knowing, limits, offers
from clientline.reach.guests.models import BookingRequest
from clientline.reach.guests.sending import send_guest_code
from clientline.reach.jobs import defer
from organizations.models import Organization
from organizations.tenancy import attribute

KEPT = timedelta(days=1)


def derive_secret(form: str) -> str:
    """What opens the request that came by a form. Derived, so that the same form leads to the same place twice."""
    return salted_hmac("clientline.reach.guests.request", form, algorithm="sha256").hexdigest()[:43]


def ask_for_visit(
    *, organization: Organization, form: str, address: str, now: datetime, client: User | None = None, **asked: Any
) -> BookingRequest:
    """Save what a guest asks for, and let a code go to their address; a signed-in `client` needs none.

    A form that was sent before leads to what it did then. `limits` were asked before.
    """
    limits.hold_address(organization, form)
    known = BookingRequest.objects.filter(organization=organization, form=form).first()
    if known is not None:
        return known
    request = BookingRequest.objects.create(
        organization=organization,
        form=form,
        digest=hash_secret(derive_secret(form)),
        address=address,
        client=client,
        proven_at=now if client else None,
        consented_at=now,
        created_at=now,
        **asked,
    )
    if client is None:
        defer(send_guest_code, organization=organization.pk, request=request.pk)
    return request


def was_sent(organization: Organization, form: str) -> bool:
    """Whether a form came before: then its time may be taken by what it asked for itself."""
    return bool(form) and BookingRequest.objects.filter(organization=organization, form=form).exists()


def find_request(
    organization: Organization, secret: str, *, now: datetime, lock: bool = False
) -> BookingRequest | None:
    """The request with this secret, which `lock` holds until the transaction ends; None for none, or an old one."""
    rows = BookingRequest.objects.filter(
        organization=organization, digest=hash_secret(secret), created_at__gt=now - KEPT
    )
    # Not the visit: whoever waited for the lock gets the row as it is now, joined with what was there before.
    rows = rows.select_related("organization", "service__organization", "staff", "client__organization")
    return (rows.select_for_update(no_key=True, of=("self",)) if lock else rows).first()


def book_request(asked: BookingRequest, *, now: datetime) -> Appointment:
    """The visit of a request that is proven and held; booked once, however often it is asked for.

    Raises NotWelcome, TooManyAhead, FieldRefused and the refusals of a slot. Then nobody was registered.
    """
    if asked.visit:
        return asked.visit
    limits.hold_address(asked.organization, asked.address)
    if not offers.is_offered(asked.service, asked.staff_id):  # any more: a code takes a while
        raise knowing.NotWelcome
    with transaction.atomic():
        client = asked.client or _recognize(asked, now)
        attribute(client)
        asked.visit = booking.book(
            by=client,
            client=client,
            service=asked.service,
            staff=asked.staff,
            among=offers.list_bookable(asked.service) if asked.staff is None else None,
            appointment_date=asked.appointment_date,
            notes=asked.notes,
            now=now,
        )
        asked.save(update_fields=["visit"])
    return asked.visit


def _recognize(asked: BookingRequest, now: datetime) -> User:
    limits.refuse_too_many_ahead(asked.organization, knowing.select_address(asked), now=now)
    return knowing.find_or_register_client(asked)


def choose_another_time(asked: BookingRequest, appointment_date: datetime) -> None:
    """Ask for another time than was taken meanwhile; what was typed, and what was proven, stays."""
    asked.appointment_date = appointment_date
    asked.save(update_fields=["appointment_date"])
