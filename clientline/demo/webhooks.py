"""A receiver of the demo's calls that went away: disabled, with the calls it was made until then, and their attempts.

Its host is one that nobody can have, and nothing is called.
"""

from base64 import b64encode
from datetime import timedelta
from uuid import UUID

from appointments.models import Appointment
from clientline.demo.copying import copy_rows
from clientline.reach.webhooks.events import describe_visits
from clientline.reach.webhooks.ladder import STEPS
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from clientline.reach.webhooks.signing import PREFIX, USUAL

KIND = "appointment.booked"
# What became of each call: status, failure and milliseconds of its attempts.
HEARD, STUMBLED, SILENT = (204, "", 87), (500, "status", 412), (None, "timeout", 15_000)
STORIES = ([HEARD], [STUMBLED, HEARD], [SILENT] * len(STEPS))
LAST_HEARD = timedelta(days=9)  # ago, and a day for each call


def make_webhook(rng, organization, *, domain, admin, now):
    """Save a receiver with a story for each of a few visits; `now` is when the demo is made."""
    endpoint = WebhookEndpoint(
        organization=organization,
        url=f"https://till.{domain}/clientline",
        description="Cash register",
        events=[KIND, "appointment.cancelled", "payment.completed"],
        secret=PREFIX + b64encode(rng.randbytes(USUAL)).decode(),
        is_active=False,
        disabled_reason=WebhookEndpoint.Why.FAILING,
        failing_since=now - LAST_HEARD,
        created_by=admin,
        created_at=organization.created_at,
    )
    copy_rows([endpoint])
    visits = Appointment.objects.filter(organization=organization).order_by("id")[: len(STORIES)]
    told = [(visit, story, now - LAST_HEARD + timedelta(days=day - 2)) for day, (visit, story) in _count(visits)]
    deliveries = [_make_delivery(rng, endpoint, visit, story, at) for visit, story, at in told]
    copy_rows(deliveries)
    attempts = zip(deliveries, told, strict=True)
    copy_rows([attempt for delivery, (_, story, at) in attempts for attempt in _make_attempts(delivery, story, at)])


def _count(visits):
    return enumerate(zip(visits, STORIES, strict=False))


def _make_delivery(rng, endpoint, visit, story, at):
    state = WebhookDelivery.State.DELIVERED if story[-1] == HEARD else WebhookDelivery.State.FAILED
    return WebhookDelivery(
        organization=endpoint.organization,
        endpoint=endpoint,
        key=UUID(int=rng.getrandbits(128), version=4),
        type=KIND,
        body=describe_visits(KIND, [visit], at)[0],
        state=state,
        tries=sum(attempt != HEARD for attempt in story),
        created_at=at,
    )


def _make_attempts(delivery, story, at):
    for step, (status, failure, milliseconds) in zip(STEPS, story, strict=False):
        at += timedelta(seconds=step)
        yield WebhookAttempt(
            organization=delivery.organization,
            delivery=delivery,
            at=at,
            status=status,
            failure=failure,
            milliseconds=milliseconds,
            created_at=at,
        )
