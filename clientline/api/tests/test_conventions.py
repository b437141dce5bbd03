"""What holds for every path: both slash forms, request ids, caching, Location."""

import re

import pytest

from clientline.tests.problems import problem

pytestmark = pytest.mark.xdist_group("document")  # which is made once

READ = [
    "/docs",
    "/redoc",
    "/openapi.json",
    "/live",
    "/ready",
    "/auth/me",
    "/auth/tokens",
    "/auth/sessions",
    "/auth/second-factor",
    "/organizations",
    "/users",
    "/services",
    "/working-hours",
    "/special-hours",
    "/time-off",
    "/appointments",
    "/payments",
    "/organizations/{organization}",
    "/users/{client}",
    "/services/{service}",
    "/working-hours/{working_hours}",
    "/special-hours/{special_hours}",
    "/time-off/{time_off}",
    "/appointments/{visit}",
    "/payments/{payment}",
    "/payments/{payment}/refunds",
    "/appointments/{visit}/history",
    "/appointments/{visit}/balance",
    "/users/{client}/balance",
    "/availability?service={service}&from=2026-05-01&to=2026-05-02",
    "/reports/revenue?from=2026-05-01&to=2026-05-02",
    "/reports/utilization?from=2026-05-01&to=2026-05-02",
    "/reports/no-shows?from=2026-05-01&to=2026-05-02",
    "/audit",
]
CREATED = [
    ("/auth/tokens", {"name": "x"}),
    ("/users", {"name": "New", "email": "new@example.com", "role": "staff"}),
    ("/services", {"name": "New"}),
    ("/working-hours", {"staff": "@staff", "weekday": 5, "starts": "09:00", "ends": "12:00"}),
    ("/special-hours", {"staff": "@staff", "date": "2026-05-01"}),
    ("/time-off", {"starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-02T09:00:00Z"}),
    (
        "/appointments",
        {"client": "@client", "staff": "@staff", "service": "@service", "appointment_date": "2026-05-01T09:00:00Z"},
    ),
    ("/payments", {"appointment": "@visit", "amount": "1.00", "allow_overpayment": True}),
]


def filled(salon, body):
    """The body with ids in the place of `@name`."""
    return {key: getattr(salon, value[1:]).pk if str(value).startswith("@") else value for key, value in body.items()}


def paths(salon):
    return [path.format(**{name: row.pk for name, row in vars(salon).items()}) for path in READ]


def test_the_health_check_needs_no_login(db, api):
    answer = api().get("/")
    assert answer.json() == {
        "message": "ClientLine Backend API",
        "version": "0.2.0",
        "tzdata": "2026.6",
        "status": "ok",
    }
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")


@pytest.mark.sweep
def test_every_path_reads_with_a_slash_without_and_by_head_alike_and_is_not_stored(salon, api, share):
    """With a slash a third, whose path loses it before anybody looks at it; by HEAD another: it is the same view."""
    client, asked = api(salon.admin), paths(salon)
    bare = {path: client.get(path) for path in asked}
    slashed = {path: client.get(re.sub(r"(?=\?|$)", "/", path, count=1)) for path in share(asked)}
    headed = {path: client.head(path) for path in share(asked, 1)}
    for path, answer in [*bare.items(), *slashed.items(), *headed.items()]:
        assert (path, answer.status_code) == (path, 200)
        assert_is_named_and_not_stored(path, answer)
    for path in slashed.keys() - {"/docs"}:  # which names its own address
        assert slashed[path].content == bare[path].content, path
    assert {path: head.content for path, head in headed.items()} == dict.fromkeys(headed, b"")


def assert_is_named_and_not_stored(path, answer):
    assert re.fullmatch("[0-9a-f]{32}", answer["X-Request-ID"]), path
    assert (path, answer["Cache-Control"]) == (path, "no-store")


# Without one, every other test writes.
@pytest.mark.sweep
@pytest.mark.parametrize("slash", [pytest.param("", marks=pytest.mark.whole), "/"])
def test_every_path_writes_with_and_without_a_slash_and_says_where_the_new_row_is(salon, api, slash):
    client = api(salon.admin)
    for path, body in CREATED:
        answer = client.post(f"{path}{slash}", filled(salon, body))
        pk = answer.json()["id"]
        assert (answer.status_code, answer["Location"]) == (201, f"http://testserver{path}/{pk}")
        assert client.get(answer["Location"]).json()["id"] == pk
        if path not in ("/auth/tokens", "/payments"):
            assert client.patch(f"{path}/{pk}{slash}", {}).status_code == 200
        if path not in ("/appointments", "/payments"):
            answer = client.delete(f"{path}/{pk}{slash}")
            assert (answer.status_code, answer.content) == (204, b"")
            gone = client.get(f"{path}/{pk}{slash}")
            if path == "/working-hours":  # they held always, and so have a past
                assert gone.json()["valid_until"] is not None
            else:
                assert problem(gone) == (404, "not_found")


@pytest.mark.parametrize("slash", ["", "/"])
def test_sign_in_and_out_work_with_and_without_a_slash(salon, api, slash):
    body = {"email": salon.client.email, "password": "correct-horse-battery"}
    assert api().post(f"/auth/login{slash}", body).status_code == 200
    client = api(salon.client)
    assert problem(client.post(f"/auth/password{slash}", {})) == (400, "validation_error")
    assert client.post(f"/auth/logout{slash}").status_code == 204


def test_an_instance_is_the_path_as_it_was_asked(salon, api):
    assert api().get("/users/5/").json()["instance"] == "/users/5/"


def test_a_refusal_and_a_page_have_a_request_id_of_their_own_and_are_not_stored(salon, api):
    client = api(salon.admin)
    for path in ("/", "/nowhere", "/users/0", "/users?x=1", "/admin/"):
        assert_is_named_and_not_stored(path, client.get(path))
    assert client.get("/")["X-Request-ID"] != client.get("/")["X-Request-ID"]


@pytest.mark.sweep
def test_a_sane_request_id_is_echoed_and_any_other_replaced(db, api):
    for sent in ("a", "3f2a-11:x.y_z", "x" * 128):
        assert api().get("/", HTTP_X_REQUEST_ID=sent)["X-Request-ID"] == sent
        assert api().get("/nowhere", HTTP_X_REQUEST_ID=sent)["X-Request-ID"] == sent
    for sent in ("", "x" * 129, "a b", "a\tb", "é", "<x>", "a,b"):
        assert re.fullmatch("[0-9a-f]{32}", api().get("/", HTTP_X_REQUEST_ID=sent)["X-Request-ID"]), sent
