"""Changing an organization, where the apps above have a word in it."""

from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone as clock
from django.utils.translation import gettext_lazy

from clientline.callers import Caller
from clientline.database.changes import save_changes
from clientline.refusals import Protected
from organizations.models import Organization
from organizations.signals import country_changed, currency_changing, zone_changing

# What coming visits do when the zone of their organization becomes another.
KEEP_LOCAL = "keep_local"  # they stay at the time that clocks show: the zone was wrong
KEEP_INSTANT = "keep_instant"  # they stay at their moments, which clocks now show otherwise


class HasOperators(Protected):
    detail = gettext_lazy(
        "Active platform operators are members of this organization. They would be out, too, and perhaps nobody "
        "could reactivate it. It can be deactivated once another operator has deactivated them."
    )


def has_operators(organization: Organization) -> bool:
    """Whether somebody who runs the platform signs in as its member."""
    people = get_user_model().objects
    return people.filter(organization=organization.pk, is_superuser=True, is_active=True).exists()


def change_organization(
    *,
    organization: Organization,
    changes: dict[str, Any],
    by: Caller | None = None,
    coming_visits: str | None = None,
    now: datetime | None = None,
) -> Organization:
    """Save `changes` to an organization whose row the caller has locked.

    `coming_visits` says what they do where the time zone becomes another: one of the two above, or None for who was not
    asked yet. `by` None is a command, `now` None this moment. Raises HasOperators, and what receivers
    refuse with.
    """
    with transaction.atomic():
        if organization.is_active and not changes.get("is_active", True) and has_operators(organization):
            raise HasOperators
        currency = changes.get("currency", organization.currency)
        if currency != organization.currency:
            # Also against payments of this moment: FOR UPDATE waits for those that refer to the row, and they for us.
            Organization.objects.select_for_update().get(pk=organization.pk)
            currency_changing.send(sender=Organization, organization=organization, currency=currency)
        timezone = changes.get("timezone", organization.timezone)
        if timezone != organization.timezone:
            told = {"timezone": timezone, "coming_visits": coming_visits, "by": by, "now": now or clock.now()}
            # Inside the transaction, before the row is saved: a receiver that refuses leaves everything as it was.
            zone_changing.send(sender=Organization, organization=organization, **told)
        if "country" in save_changes(organization, changes):
            country_changed.send(sender=Organization, organization=organization)
    return organization
