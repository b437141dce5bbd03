"""How a webhook fares, in words."""

from django.utils.translation import gettext as _

from clientline import wording
from clientline.reach.webhooks.endpoints import list_troubled


def describe_standing(endpoint):
    """A pill's class and its words."""
    if not endpoint.is_active:
        return "cancelled", endpoint.get_disabled_reason_display() or _("Inactive")
    if endpoint.failing_since:
        return "failed", _("Failing since %(moment)s") % {"moment": wording.write_moment(endpoint.failing_since)}
    return "completed", _("Active")


def list_troubles(caller, organization, now):
    """(endpoint, what is wrong with it) for Today, where the caller may mend it."""
    if not caller.may("webhooks", "update"):
        return []
    return [(endpoint, describe_standing(endpoint)[1]) for endpoint in list_troubled(organization, now=now)]
