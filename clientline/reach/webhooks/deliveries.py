"""What is owed to receivers: written with the event itself, sent again by hand, forgotten after a month."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache

from django.db import connection, transaction
from django.utils.translation import gettext_lazy

from clientline.database.prepared import Written
from clientline.reach.webhooks.events import make_body
from clientline.reach.webhooks.models import TEST, WebhookDelivery, WebhookEndpoint
from clientline.refusals import Refused

KEPT = timedelta(days=30)
AT_ONCE = 10_000  # rows that are forgotten in one statement

# Nobody waits here for an endpoint that is being deleted, and nothing fails because it was.
LISTENING = """
    SELECT organization_id, id FROM webhook_endpoints
    WHERE organization_id = %s AND is_active AND events @> ARRAY[%s::varchar] FOR KEY SHARE SKIP LOCKED
"""
WRITE = f"""
    INSERT INTO webhook_deliveries (organization_id, endpoint_id, type, body, due_at, created_at)
    SELECT organization_id, id, %s, told.body, %s, %s
    FROM ({LISTENING}) AS endpoint, unnest(%s::text[]) WITH ORDINALITY AS told (body, place)
    ORDER BY place, id RETURNING id
"""  # noqa: S608 -- ours
FORGET = """
    WITH oldest AS (SELECT id, created_at FROM webhook_deliveries ORDER BY id LIMIT %s),
    old AS (SELECT id FROM oldest WHERE created_at < %s),
    gone AS (DELETE FROM webhook_attempts WHERE delivery_id IN (SELECT id FROM old))
    DELETE FROM webhook_deliveries WHERE id IN (SELECT id FROM old)
"""


class EndpointDisabled(Refused):
    code = "endpoint_disabled"
    detail = gettext_lazy("The webhook is disabled. Enable it first.")


@cache
def _prepare_writing() -> Written:
    return Written(WRITE, "kind", "now", "now", "organization", "kind", "bodies")


@cache
def _prepare_listening() -> Written:
    return Written(LISTENING, "organization", "kind")


def write_deliveries(kind: str, bodies: Sequence[str], *, organization: int, now: datetime) -> list[int]:
    """Owe every active receiver of this type these bodies, in the caller's transaction. The ids of what is owed."""
    if not bodies:
        return []
    return [pk for (pk,) in _prepare_writing().rows(_name_values(kind, bodies, organization, now))]


def tell_deliveries(kind: str, bodies: Sequence[str], *, organization: int, now: datetime) -> None:
    """The same for whoever needs no ids: it travels with the next statement."""
    if bodies:
        _prepare_writing().tell(_name_values(kind, bodies, organization, now))


def _name_values(kind: str, bodies: Sequence[str], organization: int, now: datetime) -> dict:
    return {"kind": kind, "now": now, "organization": organization, "bodies": list(bodies)}


def has_listeners(kind: str, *, organization: int) -> bool:
    """Whether anybody is told: for events whose bodies take more than what is at hand."""
    return bool(_prepare_listening().rows({"kind": kind, "organization": organization}))


def write_test(*, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """Owe one receiver a body that tells nothing, in one attempt. Raises EndpointDisabled."""
    if not endpoint.is_active:
        raise EndpointDisabled
    home, ids = endpoint.organization_id, {"webhook": endpoint.pk}
    body = make_body(TEST, organization=home, now=now, ids=ids, status="test", version=endpoint.version)
    return WebhookDelivery.objects.create(
        organization_id=home, endpoint=endpoint, type=TEST, body=body, due_at=now, created_at=now
    )


def send_again(*, delivery: WebhookDelivery, now: datetime) -> WebhookDelivery:
    """Send it now, whatever became of it, under the same id; if that fails, the ladder begins anew.

    The caller holds its row. Raises EndpointDisabled.
    """
    if not delivery.endpoint.is_active:
        raise EndpointDisabled
    delivery.state, delivery.tries, delivery.due_at = WebhookDelivery.State.PENDING, 0, now
    delivery.save(update_fields=["state", "tries", "due_at"])
    return delivery


def forget_old(*, now: datetime) -> bool:
    """Delete deliveries of KEPT ago with their attempts, so many at once; whether there may be more."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(FORGET, [AT_ONCE, now - KEPT])
        return cursor.rowcount == AT_ONCE
