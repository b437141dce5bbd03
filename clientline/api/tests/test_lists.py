"""Lists: keyset pages that visit each row once in every order, filters, and a constant number of queries."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.db import connection

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.tests.factories import (
    AppointmentFactory,
    SpecialHoursFactory,
    TimeOffFactory,
    WorkingHoursFactory,
)
from clientline.tests.rehearsals import perform
from organizations.models import Organization
from payments.models import Payment
from payments.tests.factories import PaymentFactory
from services.models import Service
from services.tests.factories import ServiceFactory

ORDERINGS = {
    "/users": ("id", "name", "created_at"),
    "/services": ("id", "name", "created_at"),
    "/appointments": ("id", "appointment_date", "created_at"),
    "/payments": ("id", "created_at"),
    "/organizations": ("id",),
    "/working-hours": ("id",),
    "/special-hours": ("id",),
    "/time-off": ("id",),
    "/auth/tokens": ("id",),
}
MODELS = {
    "/organizations": Organization,
    "/users": User,
    "/services": Service,
    "/working-hours": WorkingHours,
    "/special-hours": SpecialHours,
    "/time-off": TimeOff,
    "/appointments": Appointment,
    "/payments": Payment,
}
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def client(salon, api):
    return api(salon.admin)


def make_crowd(organization, client, service):
    """Eleven more rows of everything."""
    home, rows = Organization.objects.get(pk=organization), {}
    client, service = User.objects.get(pk=client), Service.objects.get(pk=service)
    for n in range(11):
        person = UserFactory(organization=home, role="staff", name=f"Person {n // 4}")
        visit = AppointmentFactory(client=client, staff=person, service=service)
        paid = PaymentFactory(appointment=visit, created_at=NOON + timedelta(microseconds=n // 4))
        further = [factory(staff=person) for factory in (WorkingHoursFactory, SpecialHoursFactory, TimeOffFactory)]
        further.append(ServiceFactory(organization=home, name=f"Service {n // 4}"))
        rows |= {f"row_{n}_{place}": row for place, row in enumerate([person, visit, paid, *further])}
    return SimpleNamespace(**rows)


# Behind an UPDATE of a table: which of the rows each is.
COUNTED = (
    "FROM (SELECT id AS counted, row_number() OVER (ORDER BY id) - 1 AS n FROM {0}) AS places WHERE {0}.id = counted"
)


@pytest.fixture
def crowd(salon):
    """Of the columns lists are ordered by, several of its rows hold the same value."""
    perform(make_crowd, salon.organization.pk, salon.client.pk, salon.service.pk)
    with connection.cursor() as cursor:
        for model in set(MODELS.values()) - {Payment}:  # whose times are final
            table = model._meta.db_table
            cursor.execute(
                f"UPDATE {table} SET created_at = %s + n / 4 * interval '1us' {COUNTED.format(table)}", [NOON]
            )
        starts, rest = "%s + n / 2 * interval '1 day'", COUNTED.format("appointments")
        ends = f"{starts} + interval '1 hour'"
        cursor.execute(
            f"UPDATE appointments SET appointment_date = {starts}, busy_from = {starts},"
            f" ends_at = {ends}, busy_until = {ends}, overbooked = true {rest}",
            [NOON] * 4,
        )


def walk(client, url, direction="next"):
    """The ids of each page, following `next` or `previous`, and the last page as it was answered."""
    pages = []
    while url:
        answer = client.get(url)
        assert answer.status_code == 200, answer.json()
        last = answer.json()
        pages.append([row["id"] for row in last["results"]])
        url = last[direction]
    return pages, last


@pytest.mark.sweep
def test_every_order_visits_each_row_once_forward_and_backward(salon, crowd, client):
    for path, names in ORDERINGS.items():
        if path in ("/organizations", "/auth/tokens"):
            continue
        rows = MODELS[path].objects.filter(organization=salon.organization)
        for ordering in (sign + name for name in names for sign in ("", "-")):
            tie = "-id" if ordering.startswith("-") else "id"
            expected = list(rows.order_by(ordering, tie).values_list("id", flat=True))
            pages, last = walk(client, f"{path}?ordering={ordering}&limit=6")
            assert (ordering, [pk for page in pages for pk in page]) == (ordering, expected)
            assert {len(page) for page in pages[:-1]} == {6}
            assert walk(client, last["previous"], "previous")[0] == pages[-2::-1], (path, ordering)
            assert ordering != "id" or listed(client, f"{path}?limit=6") == pages[0], path


@pytest.mark.sweep
def test_operators_page_through_all_organizations(salon, clinic, crowd, operator, api):
    for path in (
        "/organizations?limit=2",
        "/users?limit=8&ordering=name",
        "/appointments?limit=8&ordering=-appointment_date",
    ):
        pages, _ = walk(api(operator), path)
        seen = [pk for page in pages for pk in page]
        assert len(seen) == len(set(seen)) == MODELS[path.partition("?")[0]].objects.count()


@pytest.mark.sweep
def test_filters_stay_in_force_from_page_to_page(salon, crowd, client):
    pages, last = walk(client, "/users?role=staff&search=person&limit=4&ordering=-name&count=true")
    assert [len(page) for page in pages] == [4, 4, 3]
    assert (last["count"], last["next"]) == (11, None)
    assert last["previous"].startswith("http://testserver/users?role=staff&search=person&limit=4&ordering=-name")


@pytest.mark.sweep
def test_a_row_that_comes_or_goes_meanwhile_moves_no_other(salon, crowd, client):
    first = client.get("/users?ordering=name&limit=5").json()
    before, _ = walk(client, first["next"])
    UserFactory(organization=salon.organization, name="AAA")
    User.objects.filter(pk=first["results"][-1]["id"]).update(name="AAB")
    assert walk(client, first["next"])[0] == before


def test_a_last_page_that_is_exactly_full_says_so(salon, client):
    total = client.get("/users?count=true").json()["count"]
    assert total == 6
    assert client.get(f"/users?limit={total}").json()["next"] is None
    assert client.get(f"/users?limit={total - 1}").json()["next"] is not None


@pytest.mark.sweep
def test_back_on_the_first_page_its_rows_are_the_same_and_nothing_comes_before(salon, crowd, client):
    first = client.get("/services?ordering=name&limit=4").json()
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    assert [len(page["results"]) for page in (first, second, third)] == [4, 4, 4]
    back = client.get(third["previous"]).json()
    assert back["results"] == second["results"]
    again = client.get(back["previous"]).json()
    assert (again["results"], again["previous"]) == (first["results"], None)
    assert (again["next"], back["next"]) == (first["next"], second["next"])
    assert first["previous"] is third["next"] is None


def test_back_on_a_page_that_became_the_first_in_part_leads_no_further(salon, crowd, client):
    """A row less before the cursor: the page is short, and the first nevertheless."""
    first = client.get("/services?ordering=-id&limit=4").json()
    second = client.get(first["next"]).json()
    Service.objects.filter(pk=first["results"][0]["id"]).delete()
    again = client.get(second["previous"]).json()
    assert (again["results"], again["previous"]) == (first["results"][1:], None)
    assert client.get(again["next"]).json()["results"] == second["results"]


def test_count_is_there_when_asked_for(client):
    assert list(client.get("/users?count=true&limit=1").json()) == ["next", "previous", "count", "results"]
    assert list(client.get("/users?count=false&limit=1").json()) == ["next", "previous", "results"]


def test_fifty_rows_unless_told(salon, client):
    UserFactory.create_batch(50, organization=salon.organization)
    assert len(client.get("/users").json()["results"]) == 50
    assert len(client.get("/users?limit=1000").json()["results"]) == 56


def names(answer):
    assert answer.status_code == 200, answer.json()
    return {row["name"] for row in answer.json()["results"]}


@pytest.mark.sweep
def test_users_are_filtered_by_role_activity_and_words(salon, client):
    UserFactory(organization=salon.organization, name="Mia Lange", email="ml@example.com", phone="030 12345")
    UserFactory(organization=salon.organization, name="Gone", is_active=False)
    assert names(client.get("/users?role=manager")) == {"Salon manager"}
    assert names(client.get("/users?is_active=false")) == {"Gone"}
    for words in ("mia", "LANGE mi", "ml@", "0301", "lange%202345", "%2030%2F123"):
        assert names(client.get(f"/users?search={words}")) == {"Mia Lange"}
    assert names(client.get("/users?search=mia+salon")) == set()
    assert names(client.get("/users?search=%25")) == set()


def test_services_are_filtered_by_activity_words_and_who_performs_them(salon, client):
    named = ServiceFactory(organization=salon.organization, name="Colour", description="All shades")
    named.staff.add(salon.staff, through_defaults={"organization": salon.organization})
    ServiceFactory(organization=salon.organization, name="Old", is_active=False)
    assert names(client.get("/services?is_active=false")) == {"Old"}
    assert names(client.get("/services?search=shades")) == {"Colour"}
    assert names(client.get(f"/services?staff={salon.staff.pk}")) == {"Salon service", "Colour", "Old"}
    assert names(client.get(f"/services?staff={salon.colleague.pk}")) == {"Salon service", "Old"}


def listed(client, url):
    return [row["id"] for row in client.get(url).json()["results"]]


@pytest.mark.sweep
def test_visits_are_filtered_by_people_service_status_and_time(salon, client):
    mine, theirs = salon.visit, salon.strangers_visit
    series = "7b9c2d5e-0000-4000-8000-000000000000"
    Appointment.objects.filter(pk=mine.pk).update(series=series)
    for query in (f"client={salon.client.pk}", f"staff={salon.staff.pk}", "search=SALON+client", f"series={series}"):
        assert listed(client, f"/appointments?{query}") == [mine.pk]
    assert listed(client, f"/appointments?service={salon.service.pk}") == [mine.pk, theirs.pk]
    assert listed(client, "/appointments?status=completed") == []
    start = mine.appointment_date.isoformat().replace("+", "%2B")
    later = theirs.appointment_date.isoformat()  # a plus that is not escaped arrives as a space
    assert listed(client, f"/appointments?start_from={start}&start_to={later}") == [mine.pk]
    assert listed(client, f"/appointments?start_to={start}") == []


@pytest.mark.sweep
def test_payments_are_filtered_by_visit_client_status_method_and_time(salon, client):
    visit = AppointmentFactory(client=UserFactory(organization=salon.organization), staff=salon.staff)
    long_ago = NOON.replace(year=2020)
    mine = PaymentFactory(
        appointment=visit, payment_method="cash", status="completed", settled_at=long_ago, created_at=long_ago
    )
    for query in (
        f"appointment={visit.pk}",
        f"client={visit.client_id}",
        "status=completed",
        "payment_method=cash",
        "created_to=2020-11-22T12:00:01Z",
        "created_from=2020-11-22T12:00:00Z&created_to=2020-11-22T12:00:01Z",
    ):
        assert listed(client, f"/payments?{query}") == [mine.pk]
    assert listed(client, "/payments?created_to=2020-11-22T12:00:00Z") == []
    others = [salon.payment.pk, salon.strangers_payment.pk]
    assert listed(client, "/payments?created_from=2020-11-22T12:00:01Z") == others


@pytest.mark.sweep
def test_hours_and_time_off_are_filtered_by_staff_and_local_dates(salon, client):
    WorkingHoursFactory(staff=salon.colleague)
    assert listed(client, f"/working-hours?staff={salon.staff.pk}") == [salon.working_hours.pk]
    SpecialHours.objects.filter(pk=salon.special_hours.pk).update(date="2026-12-24")
    assert listed(client, "/special-hours?from=2026-12-24&to=2026-12-24") == [salon.special_hours.pk]
    assert listed(client, "/special-hours?to=2026-12-23") == listed(client, "/special-hours?from=2026-12-25") == []
    # From midnight to one in Berlin is still the day before in UTC.
    moments = {"starts_at": "2026-12-23T23:00:00Z", "ends_at": "2026-12-24T00:00:00Z"}
    TimeOff.objects.filter(pk=salon.time_off.pk).update(**moments)
    assert listed(client, "/time-off?from=2026-12-24&to=2026-12-24") == [salon.time_off.pk]
    assert listed(client, "/time-off?to=2026-12-23") == listed(client, "/time-off?from=2026-12-25") == []


def test_an_operators_dates_are_those_of_the_organization_they_name(salon, clinic, operator, api):
    TimeOff.objects.filter(pk=salon.time_off.pk).update(
        starts_at="2026-12-23T23:00:00Z", ends_at="2026-12-24T00:00:00Z"
    )
    for organization, day, expected in (
        (salon.organization.pk, "2026-12-24", [salon.time_off.pk]),
        (salon.organization.pk, "2026-12-23", []),
        (clinic.organization.pk, "2026-12-24", []),
        (9**15, "2026-12-24", []),
    ):
        query = f"/time-off?organization={organization}&from={day}&to={day}"
        assert listed(api(operator), query) == expected, query


# The savepoint of the request, the caller and their confinement, the rows, the savepoint's release, and the end of
# the confinement, which is a statement of its own only inside a test's transaction.
QUERIES = 5


@pytest.mark.sweep
def test_a_list_of_three_and_a_single_row_cost_the_queries_of_a_list_of_one(
    salon, crowd, operator, api, django_assert_num_queries
):
    member, outsider = api(salon.admin), api(operator)
    for path in MODELS:
        client = outsider if path == "/organizations" else member
        pk = client.get(path).json()["results"][0]["id"]  # the first use of a token is written, later ones are not
        for rows in (1, 3):
            with django_assert_num_queries(QUERIES):
                assert len(listed(client, f"{path}?limit={rows}")) == rows
        with django_assert_num_queries(QUERIES):
            assert client.get(f"{path}/{pk}").status_code == 200


@pytest.mark.sweep
def test_pages_say_where_they_are(crowd, client):
    pages, _ = walk(client, "/users?limit=4")
    urls = ["/users?limit=4"]
    while following := client.get(urls[-1]).json()["next"]:
        urls.append(following)
    assert len(urls) == len(pages) > 2
    for before, after in pairwise(urls):
        previous = client.get(after).json()["previous"]
        assert [row["id"] for row in client.get(previous).json()["results"]] == pages[urls.index(before)]
