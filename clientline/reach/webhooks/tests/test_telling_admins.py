"""Whose receiver is disabled for its conduct hears of it, once it is committed."""

import json

import pytest
from django.core import mail
from django.db import connection

from accounts.tests.factories import UserFactory
from clientline.reach.webhooks.attempts import disable_endpoint
from clientline.reach.webhooks.telling import tell_admin_of_webhook

pytestmark = pytest.mark.django_db


def waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'tell_admin_of_webhook' ORDER BY id")
        return [json.loads(args) for (args,) in cursor.fetchall()]


def test_each_active_admin_gets_a_mail_of_their_own(salon, clinic, listen, settings):
    second = UserFactory(organization=salon.organization, role="admin", email="second@salon.example")
    UserFactory(organization=salon.organization, role="admin", is_active=False)
    endpoint = listen(salon)
    disable_endpoint(endpoint=endpoint, why="gone")
    told = {"organization": salon.organization.pk, "endpoint": endpoint.pk}
    assert waiting() == [told | {"person": salon.admin.pk}, told | {"person": second.pk}]
    settings.PUBLIC_URL = "https://book.example.com"
    for job in waiting():
        tell_admin_of_webhook(**job)
    assert [letter.to for letter in mail.outbox] == [[salon.admin.email], ["second@salon.example"]]
    letter = mail.outbox[0]
    assert letter.subject == "A webhook of Salon is disabled"
    assert letter.body.startswith(f"{endpoint.url} is told nothing any more. It answered 410 Gone.\n")
    assert f"https://book.example.com/admin/reach/webhookendpoint/{endpoint.pk}/change/" in letter.body


def test_nobody_is_told_who_enabled_it_meanwhile_or_where_there_is_no_mail(salon, listen, settings):
    endpoint = listen(salon)
    told = {"organization": salon.organization.pk, "endpoint": endpoint.pk, "person": salon.admin.pk}
    tell_admin_of_webhook(**told)
    disable_endpoint(endpoint=endpoint, why="failing")
    settings.EMAIL_BACKEND = ""
    tell_admin_of_webhook(**told)
    assert mail.outbox == []


def test_what_was_disabled_already_is_told_once(salon, listen):
    endpoint = listen(salon)
    disable_endpoint(endpoint=endpoint, why="gone")
    disable_endpoint(endpoint=endpoint, why="gone")
    assert len(waiting()) == 1
