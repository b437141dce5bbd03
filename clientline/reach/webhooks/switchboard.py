"""The calls under way in a worker: one at a time to each endpoint, and to those that fail on lines of their own.

So whoever hangs delays nobody but themselves: the first such call holds one of many lines for its fifteen seconds, all
later ones one of the few that are there for failing endpoints. What a worker was calling when it died is called again,
under the same id, once its claim has run out.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from clientline.reach.jobs import confined, every
from clientline.reach.webhooks import sending, signing
from clientline.reach.webhooks.attempts import note_attempt
from clientline.reach.webhooks.deliveries import forget_old
from clientline.reach.webhooks.models import WebhookEndpoint, write_message_id
from clientline.web import metrics

STEADY, FAILING = False, True
LINES = {STEADY: 24, FAILING: 8}  # calls at a time in one worker
CLAIM = timedelta(seconds=4 * sending.SECONDS)  # after which a call counts as lost
LOOK = 0.1  # seconds for which an answer is waited for, before what else is due is looked for

# Each endpoint gives way to those that were called longer ago.
NEXT = """
    WITH chosen AS (
        SELECT e.id, owed.id AS delivery FROM webhook_endpoints e CROSS JOIN LATERAL (
            SELECT d.id FROM webhook_deliveries d
            WHERE d.endpoint_id = e.id AND d.state = 'pending' AND d.due_at <= %(now)s
            ORDER BY d.due_at, d.id LIMIT 1
        ) AS owed
        WHERE e.is_active AND (e.failing_since IS NOT NULL) = %(failing)s
            AND coalesce(e.attended_until, %(now)s) <= %(now)s
        ORDER BY e.attended_until NULLS FIRST, e.id LIMIT %(free)s
        FOR NO KEY UPDATE OF e SKIP LOCKED
    )
    UPDATE webhook_endpoints e SET attended_until = %(until)s
    FROM chosen JOIN webhook_deliveries d ON d.id = chosen.delivery
    WHERE e.id = chosen.id
    RETURNING e.organization_id, d.id, d.key, d.body, e.url, e.secret, e.former_secret, e.former_secret_until
"""


FIGURES = """
    SELECT count(d), coalesce(extract(epoch FROM now() - min(d.due_at)), 0),
        (SELECT count(*) FROM webhook_endpoints WHERE is_active AND failing_since IS NOT NULL),
        (SELECT count(*) FROM webhook_endpoints WHERE disabled_reason <> '')
    FROM webhook_deliveries d JOIN webhook_endpoints e ON e.id = d.endpoint_id AND e.is_active
    WHERE d.state = 'pending' AND d.due_at <= now()
"""


@dataclass(frozen=True)
class Call:
    organization: int
    delivery: int
    key: UUID
    body: str
    endpoint: WebhookEndpoint
    began: datetime
    failing: bool

    def perform(self) -> sending.Outcome:
        """Signed by the second in which it is made. In no transaction, and without a connection."""
        now = timezone.now()
        secrets, message_id = self.endpoint.list_signers(now), write_message_id(self.key)
        headers = signing.make_headers(secrets, message_id=message_id, now=now, body=self.body)
        return sending.post(self.endpoint.url, headers=headers | sending.name_ourselves(), body=self.body)


class Switchboard:
    """Claims, calls and notes; its own thread alone speaks to the database."""

    def __init__(self) -> None:
        self.calls: dict[Future[sending.Outcome], Call] = {}
        self.pool: ThreadPoolExecutor | None = None  # threads do not survive a fork: not before the first call

    def go(self) -> bool:
        """Begin the calls that are due and end those that were answered. Whether any is still under way, or may be."""
        begun = self.begin(timezone.now())
        answered = wait(self.calls, LOOK, FIRST_COMPLETED).done if self.calls else set()
        self.end(answered)  # after which more may be due to who was called
        return begun or bool(answered or self.calls)

    def begin(self, now: datetime) -> bool:
        self.pool = self.pool or ThreadPoolExecutor(sum(LINES.values()), "webhook")
        due = [call for failing in LINES for call in claim_calls(failing, self.count_free(failing), now=now)]
        for call in due:
            self.calls[self.pool.submit(call.perform)] = call
        return bool(due)

    def count_free(self, failing: bool) -> int:
        return LINES[failing] - sum(call.failing == failing for call in self.calls.values())

    def end(self, answered: Sequence[Future[sending.Outcome]] | set[Future[sending.Outcome]]) -> None:
        for future in answered:
            # Out of the way first: where the database is lost, the claim runs out and the call is made once more.
            call = self.calls.pop(future)
            outcome = future.result()
            with confined(call.organization):
                note_attempt(delivery=call.delivery, outcome=outcome, began=call.began, now=timezone.now())


def claim_calls(failing: bool, free: int, *, now: datetime) -> list[Call]:
    """The calls that are due, to endpoints that nobody calls now, at most `free`; they are the caller's for CLAIM."""
    if not free:
        return []
    asked: dict[str, Any] = {"now": now, "until": now + CLAIM, "failing": failing, "free": free}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(NEXT, asked)
        rows = cursor.fetchall()
    return [_make_call(row, now, failing) for row in rows]


def _make_call(row: tuple[Any, ...], now: datetime, failing: bool) -> Call:
    organization, delivery, key, body, url, secret, former_secret, until = row
    endpoint = WebhookEndpoint(url=url, secret=secret, former_secret=former_secret, former_secret_until=until)
    return Call(organization, delivery, key, body, endpoint, now, failing)


switchboard = Switchboard()


@every(1)
def call_receivers() -> bool:
    return switchboard.go()


@metrics.gauge
def measure_webhooks() -> dict[str, float]:
    """Calls that are due, seconds the oldest has waited, and receivers that fail or were disabled for their conduct."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES)
        due, seconds, failing, disabled = cursor.fetchone()
    told = {"webhooks_due": due, "webhooks_oldest_seconds": float(seconds)}
    return told | {"webhook_endpoints_failing": failing, "webhook_endpoints_disabled": disabled}


@every(3600)
def forget_old_deliveries() -> bool:
    return forget_old(now=timezone.now())
