"""What PostgreSQL refuses becomes an answer by its sqlstate; what is a defect becomes a 500 that undoes everything."""

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from clientline.database.refusals import read_refusal
from clientline.tests.problems import problem
from services import offering
from services.models import Service


def refused_by_postgresql(sqlstate):
    """The error Django raises when PostgreSQL refuses with this state, where nothing was committed before."""
    connection.has_committed = False  # as a request begins; alone, this file comes right after the migrations
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$")
    return caught.value


ANSWERS = {
    "22001": (400, "validation_error"),
    "22003": (400, "validation_error"),
    "22021": (400, "validation_error"),
    "23502": (400, "validation_error"),
    "23503": (400, "validation_error"),
    "23505": (400, "validation_error"),
    "23514": (400, "validation_error"),
    "23001": (409, "protected"),
    "23P01": (409, "conflict"),
    "40P01": (409, "conflict"),
    "40001": (409, "conflict"),
    "42501": (403, "permission_denied"),
    "55P03": (503, "unavailable"),
    "57014": (503, "unavailable"),
    "57P01": (503, "unavailable"),
    "57P02": (503, "unavailable"),
    "57P03": (503, "unavailable"),
    "25006": (503, "unavailable"),
    "53100": (503, "unavailable"),
    "53200": (503, "unavailable"),
    "53300": (503, "unavailable"),
    "58030": (503, "unavailable"),
    "08006": (503, "unavailable"),
}


def test_an_error_of_the_database_becomes_an_answer(db):
    refusals = {sqlstate: read_refusal(refused_by_postgresql(sqlstate)) for sqlstate in ANSWERS}
    assert {sqlstate: (refusal.status, refusal.code) for sqlstate, refusal in refusals.items()} == ANSWERS


@pytest.mark.django_db
def test_a_reference_that_holds_a_row_protects_it_from_deletion():
    assert read_refusal(refused_by_postgresql("23503"), deleting=True).code == "protected"


def test_an_error_in_our_own_sql_is_a_defect(db):
    for sqlstate in ("42601", "42703", "42P01", "XX000"):
        assert read_refusal(refused_by_postgresql(sqlstate)) is None, sqlstate


def test_a_server_that_never_answered_is_unavailable():
    assert read_refusal(OperationalError("connection refused")).status == 503
    assert read_refusal(ValueError("a defect")) is None


@pytest.fixture
def failing_change(monkeypatch):
    """Let the next change of a service be written and then fail as `fail()` does."""

    def install(fail):
        def change(*, service, changes):
            Service.objects.filter(pk=service.pk).update(name="Half done")
            fail()

        monkeypatch.setattr(offering, "change_service", change)

    return install


def raise_by_sql(sqlstate):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{sqlstate}'; END $$")


@pytest.mark.parametrize("sqlstate, status, code", [("40P01", 409, "conflict"), ("55P03", 503, "unavailable")])
def test_a_refused_request_is_undone_and_the_next_one_works(salon, api, failing_change, sqlstate, status, code):
    failing_change(lambda: raise_by_sql(sqlstate))
    client = api(salon.admin)
    answer = client.patch(f"/services/{salon.service.pk}", {"name": "X"})
    assert problem(answer) == (status, code)
    assert answer.headers.get("Retry-After") == ("2" if status == 503 else None)
    assert client.get(f"/services/{salon.service.pk}").json()["name"] == "Salon service"


def test_a_defect_is_a_500_that_says_nothing_and_undoes_everything(salon, api, failing_change):
    failing_change(lambda: 1 / 0)
    client = api(salon.admin)
    client.raise_request_exception = False
    answer = client.patch(f"/services/{salon.service.pk}", {"name": "X"})
    assert problem(answer) == (500, "internal_error")
    assert answer.json()["detail"] == "Something went wrong here; it has been logged."
    assert client.get(f"/services/{salon.service.pk}").json()["name"] == "Salon service"
