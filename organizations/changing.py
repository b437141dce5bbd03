"""Changing an organization, where the apps above have a word in it."""

from django.contrib.auth import get_user_model
from django.db import transaction

from clientline.database.changes import save_changes
from clientline.refusals import Protected
from organizations.models import Organization
from organizations.signals import currency_changing


class HasOperators(Protected):
    detail = (
        "Active platform operators are members of this organization. They would be out, too, and perhaps nobody "
        "could reactivate it. It can be deactivated once another operator has deactivated them."
    )


def has_operators(organization):
    """Whether somebody who runs the platform signs in as its member."""
    people = get_user_model().objects
    return people.filter(organization=organization.pk, is_superuser=True, is_active=True).exists()


def change(*, organization, changes):
    """Save `changes` to an organization whose row the caller has locked.

    Raises HasOperators, and what receivers refuse with.
    """
    with transaction.atomic():
        if organization.is_active and not changes.get("is_active", True) and has_operators(organization):
            raise HasOperators
        currency = changes.get("currency", organization.currency)
        if currency != organization.currency:
            # Also against payments of this moment: FOR UPDATE waits for those that refer to the row, and they for us.
            Organization.objects.select_for_update().get(pk=organization.pk)
            currency_changing.send(sender=Organization, organization=organization, currency=currency)
        save_changes(organization, changes)
    return organization
