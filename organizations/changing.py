"""Changing an organization, where the apps above have a word in it."""

from django.db import transaction

from clientline.versions import save_changes
from organizations.models import Organization
from organizations.signals import currency_changing


def change(*, organization, changes):
    """Save `changes` to an organization whose row the caller has locked. Raises what receivers refuse with."""
    with transaction.atomic():
        currency = changes.get("currency", organization.currency)
        if currency != organization.currency:
            # Also against payments of this moment: FOR UPDATE waits for those that refer to the row, and they for us.
            Organization.objects.select_for_update().get(pk=organization.pk)
            currency_changing.send(sender=Organization, organization=organization, currency=currency)
        save_changes(organization, changes)
    return organization
