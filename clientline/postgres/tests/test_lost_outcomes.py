"""A COMMIT that lost its connection stays in doubt, whether or not somebody answers afterwards."""

import socket

import pytest
from django.db import connection, transaction

from clientline.database.refusals import read_refusal
from clientline.postgres.backend.outcomes import OutcomeLost
from clientline.refusals import OutcomeUnknown
from services.models import Service

pytestmark = pytest.mark.django_db(transaction=True)


def lose_connection():
    with socket.socket(fileno=connection.connection.pgconn.socket) as link:
        link.shutdown(socket.SHUT_RDWR)
        link.detach()


@pytest.fixture
def nobody_answers(monkeypatch):
    """From now on: the connection that there is goes on."""

    def leave():
        for name, value in {"HOST": "127.0.0.1", "PORT": "1", "EMBEDDED_DATA": None}.items():
            monkeypatch.setitem(connection.settings_dict, name, value)

    yield leave
    monkeypatch.undo()
    connection.close()


@pytest.mark.parametrize("is_away", [False, True])
def test_it_is_told_as_unknown(salon, nobody_answers, is_away):
    with pytest.raises(OutcomeLost) as lost, transaction.atomic():
        Service.objects.filter(pk=salon.service.pk).update(duration=5)
        lose_connection()
        if is_away:
            nobody_answers()
    assert type(read_refusal(lost.value)) is OutcomeUnknown


def test_the_next_one_begins_anew(salon):
    with pytest.raises(OutcomeLost), transaction.atomic():
        Service.objects.filter(pk=salon.service.pk).update(duration=5)
        lose_connection()
    with transaction.atomic():
        assert Service.objects.filter(pk=salon.service.pk).update(duration=10) == 1
    assert connection.get_autocommit()
