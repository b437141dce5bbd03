"""What becomes of an attempt: of its delivery, which comes again or does not, and of its endpoint's standing."""

from datetime import datetime
from typing import Any

from django.db import transaction

from clientline.database.changes import save_changes
from clientline.reach.webhooks.ladder import find_next_attempt, has_lost_patience, read_retry_after
from clientline.reach.webhooks.models import TEST, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from clientline.reach.webhooks.sending import Outcome
from clientline.reach.webhooks.signals import endpoint_disabled

GONE, ASKING_FOR_TIME = 410, (429, 503)


def note_attempt(*, delivery: int, outcome: Outcome, began: datetime, now: datetime) -> None:
    """Record an attempt that ended `now`. Of what was deleted meanwhile nothing is kept.

    Its endpoint may be called again, once the time is over that it asked for.
    """
    with transaction.atomic():
        called = WebhookEndpoint.objects.filter(deliveries=delivery)
        endpoint = called.select_for_update(no_key=True, of=("self",)).first()
        row = WebhookDelivery.objects.filter(pk=delivery).first()
        if row is None or endpoint is None:
            return
        WebhookAttempt.objects.create(
            organization_id=row.organization_id,
            delivery=row,
            at=began,
            status=outcome.status,
            failure=outcome.failure.value,
            milliseconds=outcome.milliseconds,
        )
        ready = read_retry_after(outcome.retry_after, now=now) if outcome.status in ASKING_FOR_TIME else None
        _settle(row, outcome, ready, now)
        _judge(endpoint, row, outcome, ready, began, now)


def _settle(row: WebhookDelivery, outcome: Outcome, ready: datetime | None, now: datetime) -> None:
    """Say what is to come of the delivery."""
    row.due_at = None
    if not outcome.failure:
        row.state = WebhookDelivery.State.DELIVERED
    else:
        row.tries += 1
        if row.type != TEST and outcome.status != GONE:
            row.due_at = find_next_attempt(row.tries, now=now, not_before=ready)
        row.state = WebhookDelivery.State.PENDING if row.due_at else WebhookDelivery.State.FAILED
    row.save(update_fields=["state", "tries", "due_at"])


def _judge(
    endpoint: WebhookEndpoint,
    row: WebhookDelivery,
    outcome: Outcome,
    ready: datetime | None,
    began: datetime,
    now: datetime,
) -> None:
    """Free the endpoint for its next call, and disable it where it is gone or failed for too long."""
    # Not a change that anybody made: its version stays.
    endpoint.attended_until = max(now, ready or now)
    if not outcome.failure:
        endpoint.failing_since = None
    elif row.type != TEST:
        endpoint.failing_since = endpoint.failing_since or began
    endpoint.save(update_fields=["attended_until", "failing_since"])
    if outcome.status == GONE:
        disable_endpoint(endpoint=endpoint, why=WebhookEndpoint.Why.GONE)
    elif has_lost_patience(endpoint.failing_since, now=now):
        disable_endpoint(endpoint=endpoint, why=WebhookEndpoint.Why.FAILING)


def disable_endpoint(*, endpoint: WebhookEndpoint, why: str) -> None:
    """Tell it nothing any more, and its organization why. The caller holds the row."""
    changes: dict[str, Any] = {"is_active": False, "disabled_reason": why}
    if save_changes(endpoint, changes):
        endpoint_disabled.send(sender=WebhookEndpoint, endpoint=endpoint)
