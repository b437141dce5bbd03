"""A deadlock is a refusal that may be repeated, and the log says who waited for whom."""

import logging
import re
import threading

import psycopg
import pytest
from django.db import connection

from services import offering
from services.models import Service
from services.tests.factories import ServiceFactory

pytestmark = [pytest.mark.races, pytest.mark.django_db(transaction=True)]

# PostgreSQL looks for circles when somebody has waited for a second: who waits first gives way.
FIRST = 0.3  # seconds
LOCK = "SELECT FROM services WHERE id = %s FOR UPDATE"


@pytest.fixture
def rival():
    """Another connection to the same database."""
    parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{name: parameters[name] for name in known if name in parameters}) as link:
        yield link


def test_a_deadlock_is_told_with_who_waited_for_whom(salon, api, rival, monkeypatch, caplog):
    """The request holds our service and wants the other; the rival holds that and then wants ours."""
    other = ServiceFactory(organization=salon.organization)
    rival.execute(LOCK, [other.pk])

    def entangle(*, service, changes):
        Service.objects.select_for_update().get(pk=service.pk)
        wanting = threading.Timer(FIRST, lambda: rival.execute(LOCK, [service.pk]))
        wanting.start()
        Service.objects.select_for_update().get(pk=other.pk)

    monkeypatch.setattr(offering, "change_service", entangle)
    with caplog.at_level(logging.WARNING, "clientline.database.refusals"):
        answer = api(salon.admin).patch(f"/services/{salon.service.pk}", {"name": "X"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "clientline.database.refusals"]
    waits = r"Process \d+ waits for ShareLock on transaction \d+; blocked by process \d+\.; "
    assert re.fullmatch(
        rf"Of requests that waited for each other this one gave way: deadlock detected; {waits}{waits}"
        r'while locking tuple \(\d+,\d+\) in relation "services"',
        line,
    ), line
    assert salon.service.name not in line
