"""Receivers: set up, changed, given a new secret, disabled. Their secrets are shown once, to who made them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from clientline.database.changes import save_changes
from clientline.database.prepared import Given, Objects
from clientline.reach.webhooks import signing
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from clientline.refusals import FieldRefused, Refused
from organizations.models import Organization

MOST = 20  # of one organization: each event is written once for each
PATIENCE = timedelta(hours=1)  # with a receiver that fails, before people are told
USUAL_HOURS, MOST_HOURS = 24, 7 * 24  # for which the former secret signs as well


class TooManyEndpoints(Refused):
    code = "too_many_webhooks"
    detail = format_lazy(gettext_lazy("An organization has at most {most} webhooks. Delete one first."), most=MOST)


def create_endpoint(
    *,
    by: User | None,
    organization: Organization,
    url: str,
    events: list[str],
    now: datetime,
    secret: str | None = None,
    **values: Any,
) -> WebhookEndpoint:
    """Save a receiver, with a new secret unless it brings one. Raises FieldRefused and TooManyEndpoints."""
    endpoint = WebhookEndpoint(
        organization=organization,
        url=url,
        events=_sort_events(events),
        secret=choose_secret(secret),
        created_by=by,
        created_at=now,
        **values,
    )
    with transaction.atomic():
        # Two at once wait for each other here, or both would be the last.
        Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        if WebhookEndpoint.objects.filter(organization=organization).count() >= MOST:
            raise TooManyEndpoints
        endpoint.save(force_insert=True)
    return endpoint


def list_troubled(organization: Organization, *, now: datetime) -> list[WebhookEndpoint]:
    """Those that were disabled by their own conduct, or have failed for longer than a restart takes."""
    return _prepare_troubled().rows({"organization": organization.pk, "since": now - PATIENCE})


@cache
def _prepare_troubled() -> Objects:
    failing = Q(is_active=True, failing_since__lt=Given("since"))
    troubled = WebhookEndpoint.objects.filter(~Q(disabled_reason="") | failing, organization=Given("organization"))
    return Objects(troubled.order_by("id"))


def choose_secret(secret: str | None) -> str:
    """The secret that somebody brings, or a new one. Raises FieldRefused."""
    if secret is None:
        return signing.make_secret()
    try:
        signing.read_secret(secret)
    except signing.BadSecret as error:
        raise FieldRefused("secret", "invalid", str(error)) from error
    return secret


def _sort_events(events: list[str]) -> list[str]:
    """Each once, so that two who choose the same have the same."""
    return sorted(set(events))


def change_endpoint(*, endpoint: WebhookEndpoint, changes: Mapping[str, Any]) -> WebhookEndpoint:
    """Save what people change; enabled again, it starts afresh. The caller holds the row."""
    changes = dict(changes)
    if "events" in changes:
        changes["events"] = _sort_events(changes["events"])
    if changes.get("is_active"):
        changes |= {"disabled_reason": "", "failing_since": None, "attended_until": None}
    with transaction.atomic():
        save_changes(endpoint, changes)
    return endpoint


def rotate_secret(
    *, endpoint: WebhookEndpoint, now: datetime, secret: str | None = None, hours: int = USUAL_HOURS
) -> WebhookEndpoint:
    """Give it another secret; for so many hours calls are signed with the former one, too. 0: it is known to thieves.

    The caller holds the row. Raises FieldRefused.
    """
    secret = choose_secret(secret)
    if secret == endpoint.secret:
        raise FieldRefused("secret", "invalid", gettext("This is the present secret."))
    former = {"former_secret": endpoint.secret, "former_secret_until": now + timedelta(hours=hours)}
    with transaction.atomic():
        save_changes(
            endpoint,
            {"secret": secret} | (former if hours else {"former_secret": "", "former_secret_until": None}),
        )
    return endpoint


def remove_endpoint(*, endpoint: WebhookEndpoint) -> None:
    """Delete it with all that it was told and shall be told."""
    with transaction.atomic():
        # The whole lock: whoever writes a delivery meanwhile passes it by, instead of referring to what is gone.
        WebhookEndpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
        WebhookAttempt.objects.filter(delivery__endpoint=endpoint).delete()
        WebhookDelivery.objects.filter(endpoint=endpoint).delete()
        endpoint.delete()
