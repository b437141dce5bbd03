"""Tells an organization's admins by mail that one of its receivers is called no more."""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.dispatch import receiver
from django.utils import translation
from django.utils.translation import gettext

from accounts.models import User
from clientline.made_addresses import show_address
from clientline.reach.jobs import confined, defer, task
from clientline.reach.webhooks.models import WebhookEndpoint
from clientline.reach.webhooks.signals import endpoint_disabled


@receiver(endpoint_disabled)
def owe_admins_a_mail(*, endpoint: WebhookEndpoint, **kwargs: Any) -> None:
    """A job for each, in the transaction that disables it: whose mail fails is tried again alone."""
    admins = User.objects.filter(organization=endpoint.organization_id, role=User.Role.ADMIN, is_active=True)
    for pk in admins.order_by("id").values_list("pk", flat=True):
        defer(tell_admin_of_webhook, organization=endpoint.organization_id, endpoint=endpoint.pk, person=pk)


@task()
def tell_admin_of_webhook(*, organization: int, endpoint: int, person: int) -> None:
    """Without mail the back office alone says it."""
    with confined(organization):
        row = WebhookEndpoint.objects.filter(pk=endpoint, is_active=False).select_related("organization").first()
        admin = User.objects.filter(pk=person, is_active=True).select_related("organization").first()
        address = show_address(admin.email) if admin else ""
    if row is None or admin is None or not address or not settings.EMAIL_BACKEND:
        return
    with translation.override(admin.chosen_language):
        send_mail(*_write_mail(row), None, [address])


def _write_mail(endpoint: WebhookEndpoint) -> tuple[str, str]:
    """Subject and text."""
    told = {
        "organization": endpoint.organization,
        "url": endpoint.url,
        "why": endpoint.get_disabled_reason_display(),
        "page": f"{settings.PUBLIC_URL}/admin/reach/webhookendpoint/{endpoint.pk}/change/",
    }
    subject = gettext("A webhook of %(organization)s is disabled") % told
    text = gettext(
        "%(url)s is told nothing any more. %(why)s\n\n"
        "What waits for it is kept for 30 days. Enable it once it can be reached again:\n%(page)s\n"
    )
    return subject, text % told
