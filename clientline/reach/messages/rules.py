"""Reminders: when an organization, or one of its services, reminds its clients."""

from typing import Any

from django.db import transaction
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

from clientline.database.changes import save_changes
from clientline.reach.messages.models import MessageRule
from clientline.refusals import Refused
from organizations.models import Organization

MOST_RULES = 5


class TooManyReminders(Refused):
    code = "too_many_reminders"
    detail = format_lazy(gettext_lazy("At most {most} reminders of one visit."), most=MOST_RULES)


def add_rule(**values: Any) -> MessageRule:
    """Raises TooManyReminders. It counts for visits that are booked or moved from now on."""
    with transaction.atomic():
        rule = MessageRule(**values)
        _refuse_too_many(rule)
        rule.save()
    return rule


def change_rule(*, rule: MessageRule, changes: dict[str, Any]) -> MessageRule:
    """Raises TooManyReminders."""
    with transaction.atomic():
        save_changes(rule, changes)
        _refuse_too_many(rule)
    return rule


def _refuse_too_many(rule: MessageRule) -> None:
    """One at a time: two who add the fifth would both count four."""
    Organization.objects.select_for_update(no_key=True).get(pk=rule.organization_id)
    others = MessageRule.objects.filter(organization=rule.organization_id, service=rule.service_id).exclude(pk=rule.pk)
    if others.count() >= MOST_RULES:
        raise TooManyReminders
