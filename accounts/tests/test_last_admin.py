"""The last admin stays, also when two requests demote two admins at once."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from rest_framework.test import APIClient

from accounts.models import User
from accounts.tests.factories import UserFactory, token_for
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory

pytestmark = pytest.mark.races

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def demote(secret, pk):
    try:
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {secret}")
        while (answer := client.patch(f"/users/{pk}", {"role": "staff"})).status_code == 503:
            pass  # it waited for three seconds, while a slow machine had not begun the other yet
        return answer.status_code
    finally:
        connections.close_all()


def wait_until_both_wait(answers):
    with connection.cursor() as cursor:
        while not any(answer.done() for answer in answers):
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # in a transaction, what is seen once stays
            cursor.execute(WAITING)
            if cursor.fetchone() == (2,):
                return
            time.sleep(0.01)
    raise AssertionError("One of the two requests did not wait.")


@pytest.mark.django_db(transaction=True)
def test_two_admins_demoted_at_once_leave_one():
    home = OrganizationFactory()
    admins = [UserFactory(organization=home, role="admin") for _ in range(2)]
    secrets = [token_for(UserFactory(role="admin", is_superuser=True, has_second_factor=True)) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        with transaction.atomic():
            Organization.objects.select_for_update(no_key=True).get(pk=home.pk)
            answers = [pool.submit(demote, *each) for each in zip(secrets, [a.pk for a in admins], strict=True)]
            wait_until_both_wait(answers)
        assert sorted(answer.result() for answer in answers) == [200, 409]
    assert User.objects.filter(organization=home, role="admin").count() == 1
