"""How much guests may ask for, counted in the database: by network, by address, and by visits to come."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from accounts.models import User
from appointments.models import Appointment
from appointments.refusals import TooManyAhead
from clientline.database.prepared import Written
from clientline.reach.guests.models import BookingRequest
from clientline.refusals import Throttled
from organizations.models import Organization

OF_FORMS, OF_CODES = timedelta(minutes=10), timedelta(hours=1)

# Until the transaction ends, whoever asks from the same network or for the same address waits: two at once would each
# count what was there before the other. One at a time and networks first, so that nobody waits in a circle.
HOLD = Written("SELECT pg_advisory_xact_lock(hashtextextended('guests:' || %s::text, 0))", "name")


class TooManyForms(Throttled):
    code = "too_many_forms"
    detail = gettext_lazy("Too many forms were sent from your network. Try again in a few minutes.")


class TooManyCodes(Throttled):
    code = "too_many_codes"
    detail = gettext_lazy("So many codes were sent to this address that you have to wait before there is another one.")


def refuse_too_many_forms(network: str, *, form: str, now: datetime) -> None:
    """Of all organizations: the caller is not confined yet. A form sent again is no other. Raises TooManyForms."""
    HOLD.rows({"name": f"network {network}"})
    sent = BookingRequest.objects.filter(network=network, created_at__gt=now - OF_FORMS)
    if sent.exclude(form=form).count() >= settings.GUEST_FORMS_IN_TEN_MINUTES:
        raise TooManyForms(retry_after=_measure_wait(sent, OF_FORMS, now))


def hold_address(organization: Organization, address: str) -> None:
    """Until the transaction ends, nobody else asks or books here for this address."""
    HOLD.rows({"name": f"{organization.pk} {address}"})


def refuse_too_many_codes(address: str, *, form: str, now: datetime) -> None:
    """Of all organizations, as above: nobody's mailbox is filled by way of many pages. Raises TooManyCodes."""
    HOLD.rows({"name": f"codes {address}"})
    sent = BookingRequest.objects.filter(address=address, client=None, created_at__gt=now - OF_CODES)
    if sent.exclude(form=form).count() >= settings.GUEST_CODES_AN_HOUR:
        raise TooManyCodes(retry_after=_measure_wait(sent, OF_CODES, now))


def _measure_wait(sent: QuerySet[BookingRequest], window: timedelta, now: datetime) -> float:
    """The seconds until the oldest of them does not count any more."""
    oldest = sent.order_by("created_at").values_list("created_at", flat=True)[0]
    return (oldest + window - now).total_seconds()


def refuse_too_many_ahead(organization: Organization, people: Q, *, now: datetime) -> None:
    """`people` is a condition for the clients of one address, which is held. Raises TooManyAhead."""
    clients = User.objects.filter(people, organization=organization, role="client")
    ahead = Appointment.objects.filter(
        organization=organization, client__in=clients, status="scheduled", appointment_date__gt=now
    )
    if ahead.count() >= settings.GUEST_VISITS_AHEAD:
        raise TooManyAhead
