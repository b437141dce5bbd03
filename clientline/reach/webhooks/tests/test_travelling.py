"""A receiver comes along when its organization moves, and is not called from two places at once."""

import pytest
from django.utils import timezone

from clientline.reach.webhooks.endpoints import rotate_secret
from clientline.reach.webhooks.models import WebhookDelivery, WebhookEndpoint
from clientline.tests.emptying import empty_database
from organizations.tests.test_transfer import command

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.sweep
def test_a_receiver_arrives_disabled_with_its_secrets_and_without_what_it_was_told(
    salon, receiver, listen, work, tmp_path
):
    endpoint = listen(salon, receiver.url, description="Till")
    rotate_secret(endpoint=endpoint, now=timezone.now())
    WebhookDelivery.objects.create(organization=salon.organization, endpoint=endpoint, body="{}", due_at=timezone.now())
    work()
    command("export_organization", salon.organization.pk, tmp_path / "salon.jsonl")
    empty_database()
    command("import_organization", tmp_path / "salon.jsonl")
    [came] = WebhookEndpoint.objects.all()
    for name in ("id", "url", "description", "events", "secret", "former_secret", "former_secret_until"):
        assert getattr(came, name) == getattr(endpoint, name)
    assert (came.is_active, came.disabled_reason) == (False, "imported")
    assert not WebhookDelivery.objects.exists()
    command("check_invariants")
