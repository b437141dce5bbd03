"""PUT replaces, PATCH changes what is sent, an answer can be sent back, and each change adds one to the version."""

import pytest

from accounts.models import User
from clientline.tests.problems import fields, problem
from organizations.models import Organization
from services.models import Service

ROWS = {
    "/organizations": "organization",
    "/users": "client",
    "/services": "service",
    "/working-hours": "working_hours",
    "/special-hours": "special_hours",
    "/time-off": "time_off",
    "/appointments": "visit",
}
READ_ONLY = {
    "/organizations": {"id": 0, "version": 2, "created_at": "2026-01-01T00:00:00Z"},
    "/users": {"id": 0, "organization": 0, "version": 2, "created_at": None},
    "/services": {"id": 0, "organization": 0, "version": "1", "created_at": "now"},
    "/working-hours": {"id": "1", "organization": None, "created_at": ""},
    "/special-hours": {"id": 0, "organization": 0, "created_at": ""},
    "/time-off": {"id": 0, "organization": 0, "created_at": ""},
    "/appointments": {
        "id": 0,
        "organization": 0,
        "client": 0,
        "client_name": "x",
        "staff": 0,
        "staff_name": "x",
        "service": 0,
        "service_name": "x",
        "appointment_date": "2026-12-30T09:00:00Z",
        "ends_at": "2026-12-30T09:00:00Z",
        "status": "completed",
        "overbooked": True,
        "series": "7b9c2d5e-0000-4000-8000-000000000000",
        "cancelled_at": "2026-12-30T09:00:00Z",
        "cancellation_reason": "x",
        "cancelled_by": 0,
        "version": True,
        "created_at": "2026-12-30T09:00:00Z",
    },
}


@pytest.fixture
def client(salon, api):
    return api(salon.admin)


def path_of(salon, resource):
    return f"{resource}/{getattr(salon, ROWS[resource]).pk}"


@pytest.mark.sweep
def test_an_answer_sent_back_changes_nothing(salon, client):
    salon.service.staff.add(salon.staff, through_defaults={"organization": salon.organization})
    for resource in ROWS:
        path = path_of(salon, resource)
        row = client.get(path).json()
        for method in (client.patch, client.put):
            if (resource, method) == ("/appointments", client.put):
                continue
            answer = method(path, row)
            assert (path, answer.status_code, answer.json()) == (path, 200, row)


@pytest.mark.sweep
def test_people_may_send_their_own_row_back(salon, api):
    for person in (salon.manager, salon.staff, salon.client):
        client, path = api(person), f"/users/{person.pk}"
        row = client.get(path).json()
        for method in (client.patch, client.put):
            answer = method(path, row)
            assert (answer.status_code, answer.json()) == (200, row)


@pytest.mark.sweep
def test_a_read_only_key_that_differs_is_refused_by_name(salon, client):
    for resource, values in READ_ONLY.items():
        blamed = fields(client.patch(path_of(salon, resource), values))
        assert (resource, blamed) == (resource, dict.fromkeys(values, "read_only"))


def test_a_new_row_cannot_bring_what_is_read_only(client):
    brought = {"id": 5, "version": 1, "created_at": "2026-01-01T00:00:00Z"}
    assert fields(client.post("/services", {"name": "X"} | brought)) == dict.fromkeys(brought, "read_only")


def test_all_problems_are_named_at_once(client):
    body = {"name": "", "price": "x", "surprise": 1, "id": 1}
    expected = {"name": "blank", "price": "invalid", "surprise": "unknown", "id": "read_only"}
    assert fields(client.post("/services", body)) == expected


def test_patch_changes_what_is_sent_and_adds_one_to_the_version(salon, client):
    path = path_of(salon, "/users")
    before = client.get(path).json()
    answer = client.patch(path, {"name": "Mia", "phone": "030"})
    assert answer.json() == before | {"name": "Mia", "phone": "030", "version": 2}
    assert client.patch(path, {"name": "Mia"}).json()["version"] == 2
    assert client.patch(path, {"name": " Mia "}).json()["version"] == 2
    assert client.patch(path, {"name": "Mia L."}).json()["version"] == 3


@pytest.mark.parametrize(
    "resource, change",
    [
        ("/organizations", {"address": "Here", "min_notice": 5}),
        ("/users", {"password": "a-new-password-1"}),
        ("/services", {"price": "46.00", "duration": 45}),
        ("/services", {"staff": ["@staff", "@colleague"]}),
        ("/services", {"name": "Cut", "staff": ["@staff"]}),
        ("/appointments", {"notes": "x", "internal_notes": "y"}),
    ],
)
def test_each_change_adds_exactly_one(salon, client, resource, change):
    path = path_of(salon, resource)
    if "staff" in change:
        change = change | {"staff": [getattr(salon, name[1:]).pk for name in change["staff"]]}
    assert client.patch(path, change).json()["version"] == 2
    if "password" not in change:
        assert client.patch(path, change).json()["version"] == 2


def test_put_takes_what_is_left_out_back_to_its_default(salon, client):
    User.objects.filter(pk=salon.client.pk).update(phone="030", is_active=False)
    answer = client.put(path_of(salon, "/users"), {"name": "Mia", "email": "mia@example.com", "role": "client"})
    row = answer.json()
    assert (row["phone"], row["is_active"], row["name"], row["version"]) == ("", True, "Mia", 2)
    assert User.objects.get(pk=salon.client.pk).password == salon.client.password

    salon.service.staff.add(salon.staff, through_defaults={"organization": salon.organization})
    Service.objects.filter(pk=salon.service.pk).update(description="x", buffer_after=5, is_active=False)
    row = client.put(path_of(salon, "/services"), {"name": "Cut"}).json()
    assert (row["description"], row["duration"], row["price"], row["buffer_after"]) == ("", None, None, 0)
    assert (row["staff"], row["is_active"], row["version"]) == ([], True, 2)

    Organization.objects.filter(pk=salon.organization.pk).update(no_show_fee=50, slot_interval=5, address="x")
    body = {"name": "Salon", "email": "new@salon.example", "currency": "EUR"}  # payments are on record in it
    body["coming_visits"] = "keep_instant"  # the zone, too, is left out
    row = client.put(path_of(salon, "/organizations"), body).json()
    assert (row["no_show_fee"], row["slot_interval"], row["address"]) == ("0.00", 15, "")
    assert (row["timezone"], row["currency"], row["is_active"], row["version"]) == ("UTC", "EUR", True, 2)

    row = client.put(path_of(salon, "/special-hours"), {"staff": salon.staff.pk, "date": "2026-05-01"}).json()
    assert (row["starts"], row["ends"], row["date"]) == (None, None, "2026-05-01")


REQUIRED = {
    "/organizations": {"name", "email"},
    "/users": {"name", "role"},
    "/services": {"name"},
    "/working-hours": {"staff", "weekday", "starts", "ends"},
    "/special-hours": {"staff", "date"},
    "/time-off": {"starts_at", "ends_at"},
}


@pytest.mark.sweep
def test_put_and_post_require_what_patch_does_not(salon, client, operator, api):
    outsider = api(operator)
    for resource, required in REQUIRED.items():
        path, missing = path_of(salon, resource), (resource, dict.fromkeys(required, "required"))
        assert (resource, fields(client.put(path, {}))) == missing
        assert client.patch(path, {}).status_code == 200, resource
        if resource != "/organizations":
            assert (resource, fields(client.post(resource, {}))) == missing
            assert fields(outsider.post(resource, {})) == {"organization": "required"}, resource


def test_a_booking_and_a_payment_require_these(client):
    assert fields(client.post("/appointments", {})) == {"service": "required", "appointment_date": "required"}
    assert fields(client.post("/payments", {})) == {"appointment": "required", "amount": "required"}


def test_a_refused_change_leaves_nothing_behind(salon, client):
    path = path_of(salon, "/services")
    before = client.get(path).json()
    assert problem(client.patch(path, {"name": "Changed", "duration": 1000, "buffer_after": 700}))[0] == 400
    assert client.get(path).json() == before


def test_what_was_recorded_names_who_did_it(salon, client, api):
    body = {"name": "New", "email": "new@example.com", "role": "client"}
    newcomer = User.objects.get(pk=api(salon.staff).post("/users", body).json()["id"])
    assert (newcomer.created_by, newcomer.organization) == (salon.staff, salon.organization)
    assert not newcomer.has_usable_password()


def test_overlapping_hours_conflict(salon, client):
    body = {"staff": salon.staff.pk, "weekday": 0, "starts": "16:59", "ends": "18:00"}
    assert problem(client.post("/working-hours", body)) == (409, "overlapping_hours")
    assert client.post("/working-hours", body | {"starts": "17:00"}).status_code == 201
    assert client.post("/working-hours", body | {"weekday": 1}).status_code == 201
    assert client.post("/working-hours", body | {"staff": salon.colleague.pk}).status_code == 201
    closed = {"staff": salon.staff.pk, "date": salon.special_hours.date.isoformat()}
    assert (
        problem(client.post("/special-hours", closed | {"starts": "09:00", "ends": "10:00"}))[1] == "overlapping_hours"
    )


def test_a_service_in_use_is_protected(salon, client):
    assert problem(client.delete(path_of(salon, "/services"))) == (409, "protected")
    free = client.post("/services", {"name": "Free", "staff": [salon.staff.pk]}).json()["id"]
    assert client.delete(f"/services/{free}").status_code == 204
