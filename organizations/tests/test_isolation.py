"""No answer to one organization holds anything of another; every row of the other is called Clinic."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from django.db import connection, connections
from rest_framework.test import APIClient

from accounts.models import UserQuerySet
from accounts.tests.factories import UserFactory, token_for
from appointments.models import Appointment, TimeOff
from clientline.api.reading import find_statement
from organizations.tenancy import TenantQuerySet
from services.models import Service

ROWS = {
    "organizations": "organization",
    "users": "client",
    "services": "service",
    "working-hours": "working_hours",
    "special-hours": "special_hours",
    "time-off": "time_off",
    "appointments": "visit",
    "payments": "payment",
}
INSIDERS = ("admin", "staff")


@pytest.fixture
def homes(salon, clinic):
    """Both casts; every row of the second can be told by its text, but hours and payments only by their ids."""
    Appointment.objects.filter(organization=clinic.organization).update(notes="Clinic notes")
    TimeOff.objects.filter(organization=clinic.organization).update(reason="Clinic reason")
    return salon, clinic


@pytest.fixture(params=["with row security", "without row security"])
def wall(request, homes):
    if request.param == "without row security":
        request.getfixturevalue("without_row_security")


@pytest.fixture
def without_filters(monkeypatch):
    """The first wall taken down: every queryset that should be scoped holds all rows."""
    monkeypatch.setattr(TenantQuerySet, "visible_to", lambda rows, *args: rows)
    monkeypatch.setattr(UserQuerySet, "clients_for", lambda rows, *args: rows.select_related("organization"))
    monkeypatch.setattr(UserQuerySet, "performers_for", lambda rows, *args: rows)
    find_statement.cache_clear()  # reads keep the SQL that was made with the wall up
    yield
    find_statement.cache_clear()


def leaks(answer, clinic):
    """Whether the answer shows the clinic: its name, or one of its rows."""
    rows = answer.json().get("results", [answer.json()])
    foreign = clinic.organization.pk in [row.get("organization") for row in rows]
    return foreign or b"clinic" in answer.content.lower()


# In the gate: without row security, `test_policy.py` compares both answers byte by byte, by four roles; with it and
# without filters, the third wall alone is asked for each of these rows below.
@pytest.mark.whole
@pytest.mark.sweep
@pytest.mark.usefixtures("wall")
@pytest.mark.parametrize("role", INSIDERS)
def test_a_foreign_id_is_404_on_read_and_write_like_one_that_does_not_exist(homes, api, role):
    salon, clinic = homes
    client = api(getattr(salon, role))
    for resource, name in ROWS.items():
        foreign = getattr(clinic, name).pk
        for method in (client.get, client.patch, client.put, client.delete):
            answer, missing = (method(f"/{resource}/{pk}").json() for pk in (foreign, 987654321))
            assert answer.pop("instance") == f"/{resource}/{foreign}"
            assert missing.pop("instance") == f"/{resource}/987654321"
            assert answer == missing
            assert answer["status"] in (403, 404, 405)
        assert client.get(f"/{resource}/{foreign}").status_code == 404


DATES = {"starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-02T09:00:00Z"}
BOOKING = {"client": "client", "staff": "staff", "service": "service"}
REFERENCES = [
    ("working-hours", "staff", {"staff": "staff", "weekday": 6, "starts": "09:00", "ends": "10:00"}),
    ("special-hours", "staff", {"staff": "staff", "date": "2026-05-01"}),
    ("time-off", "staff", {"staff": "staff"} | DATES),
    ("appointments", "client", BOOKING | {"appointment_date": "2026-06-01T09:00:00Z"}),
    ("appointments", "staff", BOOKING | {"appointment_date": "2026-06-02T09:00:00Z"}),
    ("appointments", "service", BOOKING | {"appointment_date": "2026-06-03T09:00:00Z"}),
    ("payments", "appointment", {"appointment": "visit", "amount": "1.00", "allow_overpayment": True}),
]


def of_cast(body, home):
    return {key: getattr(home, str(value)).pk if hasattr(home, str(value)) else value for key, value in body.items()}


# With row security too, the third wall alone refuses each of these below.
@pytest.mark.sweep
@pytest.mark.usefixtures("wall")
@pytest.mark.only("without row security", *INSIDERS)
@pytest.mark.parametrize("role", INSIDERS)
def test_a_foreign_reference_in_a_body_is_the_400_of_an_unknown_one(homes, api, share, everything, role):
    salon, clinic = homes
    client = api(getattr(salon, role))
    for resource, key, body in REFERENCES if everything else REFERENCES[INSIDERS.index(role) :: 2]:
        body = of_cast(body, salon)
        foreign = getattr(clinic, {"staff": "staff", "appointment": "visit"}.get(key, key)).pk
        for pk in (foreign, *share((987654321, 2**63 - 1, 2**63, 0, -1))):
            answer = client.post(f"/{resource}", body | {key: pk})
            expected = {"field": key, "code": "does_not_exist", "detail": "There is no row with this id."}
            assert (resource, answer.status_code, answer.json()["errors"]) == (resource, 400, [expected])
        assert client.post(f"/{resource}", body).status_code == 201


# With row security a row of elsewhere is not there at all: the third wall alone is asked below.
@pytest.mark.usefixtures("wall")
@pytest.mark.only("without row security")
def test_a_foreign_reference_in_a_change_is_refused_too(homes, api):
    salon, clinic = homes
    client = api(salon.admin)
    for resource, name in (("working-hours", "working_hours"), ("special-hours", "special_hours"), ("time-off",) * 2):
        row = getattr(salon, name.replace("-", "_"))
        answer = client.patch(f"/{resource}/{row.pk}", {"staff": clinic.staff.pk})
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "does_not_exist")
    answer = client.patch(f"/services/{salon.service.pk}", {"staff": [salon.staff.pk, clinic.staff.pk]})
    detail = f"There is no row with this id. ({clinic.staff.pk})"
    assert answer.json()["errors"] == [{"field": "staff", "code": "does_not_exist", "detail": detail}]


def test_another_organization_cannot_be_named_in_a_body(homes, api):
    salon, clinic = homes
    client = api(salon.admin)
    for pk in (clinic.organization.pk, 987654321):
        answers = [
            client.post("/services", {"name": "X", "organization": pk}),
            client.patch(f"/services/{salon.service.pk}", {"organization": pk}),
            client.post("/payments", {"appointment": salon.visit.pk, "amount": "1.00", "organization": pk}),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "read_only")
    assert client.post("/services", {"name": "X", "organization": salon.organization.pk}).status_code == 201


# With row security operators see all the same: they are confined to nothing.
@pytest.mark.sweep
@pytest.mark.usefixtures("wall")
@pytest.mark.only("without row security")
def test_even_an_operator_never_mixes_the_rows_of_two_organizations(homes, operator, api):
    salon, clinic = homes
    client = api(operator)
    for resource, key, body in REFERENCES[:-1]:
        foreign = getattr(clinic, key).pk
        mixed = of_cast(body, salon) | {key: foreign, "organization": salon.organization.pk}
        answer = client.post(f"/{resource}", mixed)
        expected = {"field": key, "code": "does_not_exist", "detail": "There is no row with this id."}
        assert (answer.status_code, answer.json()["errors"]) == (400, [expected])
    answer = client.patch(f"/services/{salon.service.pk}", {"staff": [clinic.staff.pk]})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "does_not_exist")


# With row security, and without filters, lists are asked below.
@pytest.mark.sweep
@pytest.mark.usefixtures("wall")
@pytest.mark.only("without row security", *INSIDERS, "client")
@pytest.mark.parametrize("role", (*INSIDERS, "client"))
def test_lists_filters_and_searches_show_nothing_foreign(homes, api, share, role):
    salon, clinic = homes
    client = api(getattr(salon, role))
    queries = [
        "organizations?search=clinic",
        "organizations?search=example&count=true",
        "users?search=clinic",
        "users?search=example&count=true",
        "users?ordering=name",
        "services?search=clinic",
        f"services?staff={clinic.staff.pk}",
        f"appointments?client={clinic.client.pk}",
        f"appointments?staff={clinic.staff.pk}",
        f"appointments?service={clinic.service.pk}",
        "appointments?search=clinic",
        "appointments?start_from=2000-01-01T00:00:00Z&ordering=-appointment_date",
        f"payments?appointment={clinic.visit.pk}",
        f"payments?client={clinic.client.pk}",
        "payments?created_from=2000-01-01T00:00:00Z",
    ]
    if role != "client":
        queries += [f"{hours}?staff={clinic.staff.pk}" for hours in ("working-hours", "special-hours", "time-off")]
        queries += ["working-hours", "special-hours?from=2000-01-01", "time-off?from=2000-01-01"]
    for query in share(queries):
        answer = client.get(f"/{query}")
        assert answer.status_code == 200, query
        assert not leaks(answer, clinic), query
        if "clinic" in query:
            assert answer.json()["results"] == [], query


# With row security nothing more could be seen: the third wall alone is asked below.
@pytest.mark.usefixtures("wall")
@pytest.mark.only("without row security")
def test_a_cursor_of_another_organization_opens_nothing(homes, api):
    salon, clinic = homes
    cursor = api(clinic.admin).get("/users?ordering=name&limit=1").json()["next"].partition("?")[2]
    answer = api(salon.admin).get(f"/users?{cursor}")
    assert answer.status_code == 200
    assert not leaks(answer, clinic)


def visit_everything(client, clinic):
    """All lists and the clinic's rows one by one; returns how many answers showed the clinic, and the statuses."""
    answers = [client.get(f"/{resource}?limit=1000") for resource in ROWS]
    answers += [client.get(f"/{resource}/{getattr(clinic, name).pk}") for resource, name in ROWS.items()]
    return sum(leaks(answer, clinic) for answer in answers), {answer.status_code for answer in answers}


@pytest.mark.sweep
def test_the_third_wall_alone_leaks_nothing(homes, api, without_filters):
    salon, clinic = homes
    assert visit_everything(api(salon.admin), clinic) == (0, {200, 404})


@pytest.mark.sweep
def test_the_third_wall_alone_lets_nothing_foreign_be_written(homes, api, without_filters):
    salon, clinic = homes
    client = api(salon.admin)
    for resource, name in ROWS.items():
        path = f"/{resource}/{getattr(clinic, name).pk}"
        assert client.patch(path, {}).status_code == (405 if resource == "payments" else 404)
        never = {"organizations": 403, "appointments": 405, "payments": 405}
        assert client.delete(path).status_code == never.get(resource, 404)
    for resource, key, body in REFERENCES:
        foreign = getattr(clinic, {"appointment": "visit"}.get(key, key)).pk
        answer = client.post(f"/{resource}", of_cast(body, salon) | {key: foreign})
        assert (resource, answer.status_code) == (resource, 400)


@pytest.mark.sweep
def test_with_both_walls_down_everything_leaks_so_these_tests_can_fail(
    homes, api, without_filters, without_row_security
):
    salon, clinic = homes
    assert visit_everything(api(salon.admin), clinic) == (16, {200})


@pytest.mark.sweep
@pytest.mark.django_db(transaction=True)
def test_two_organizations_at_once_over_reused_connections_see_only_their_own(
    without_filters, two_small_homes, everything
):
    def visit(turn):
        home = two_small_homes[turn % 2]
        client = APIClient(HTTP_AUTHORIZATION=f"Bearer {home.token}")
        rows = client.get("/services").json()["results"] + client.get("/users").json()["results"]
        return home.organization == {row["organization"] for row in rows} and len(rows) == 2

    def visits(worker):
        try:
            return [visit(worker + turn) for turn in range(12 if everything else 6)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert [all(seen) for seen in pool.map(visits, range(4))] == [True, True, True, True]


@pytest.fixture
def two_small_homes(transactional_db):
    homes = []
    for _ in range(2):
        person = UserFactory(role="admin")
        Service.objects.create(organization=person.organization, name="Cut")
        homes.append(SimpleNamespace(organization={person.organization_id}, token=token_for(person)))
    return homes


@pytest.mark.django_db(transaction=True)
def test_a_request_leaves_no_confinement_on_its_connection(two_small_homes):
    assert APIClient(HTTP_AUTHORIZATION=f"Bearer {two_small_homes[0].token}").get("/users").status_code == 200
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user = session_user, coalesce(current_setting('clientline.organization_id', true), '')"
        )
        assert cursor.fetchone() == (True, "")
