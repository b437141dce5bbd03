"""Hostile paths, queries, cookies and headers: a problem document of the 4xx family, never 500."""

import base64
import io
import json
from collections import defaultdict

import pytest
from rest_framework.test import APIClient

from accounts.tests.factories import token_for
from clientline.tests.problems import fields, problem
from clientline.wsgi import application

LISTS = [
    "/auth/tokens",
    "/organizations",
    "/users",
    "/services",
    "/working-hours",
    "/special-hours",
    "/time-off",
    "/appointments",
    "/payments",
]
IDS = ["", "0", "x", "-1", "1.0", "1e400", "9" * 19 + "9", "9" * 5000]
DATES = ["", "2026-W49-2", "20261201", "9999-12-31", "1999-12-31", "2026-02-30", "x", "2026-12-01T00:00:00Z"]
INSTANTS = ["", "2026-12-01", "2026-12-01T09:00:00", "9999-12-31T23:59:59Z", "0000-00-00T00:00:00Z", "-1", "1e30"]
FLAGS = ["", "True", "1", "yes", "null"]

EVERYWHERE = {
    "limit": ["", "0", "1001", "-1", "1.0", "1e2", "%2B1", "9" * 24, "ten", "١"],
    "count": FLAGS,
    "ordering": ["", "password", "-", "--id", "id,name", "?", "organization__name", "%C3%A9"],
    "surprise": ["1", ""],
    "id": ["1"],
    "id__gt": ["1"],
    "format": ["html"],
    "page": ["1"],
    "offset": ["1"],
    "created_at__year": ["0"],
    "password__startswith": ["a"],
    "notes__regex": ["("],
    "%ED%A0%80": ["1"],
}
FILTERS = {
    "/organizations": {"is_active": FLAGS, "search": ["", "x" * 201]},
    "/users": {"role": ["", "owner", "ADMIN", "null"], "is_active": FLAGS, "search": ["", "x" * 201]},
    "/services": {"is_active": FLAGS, "staff": IDS, "search": ["", "x" * 201]},
    "/working-hours": {"staff": IDS},
    "/special-hours": {"staff": IDS, "from": DATES, "to": DATES},
    "/time-off": {"staff": IDS, "from": DATES, "to": DATES},
    "/appointments": {
        "client": IDS,
        "staff": IDS,
        "service": IDS,
        "status": ["", "done", "null"],
        "start_from": INSTANTS,
        "start_to": INSTANTS,
        "series": ["", "1", "{}"],
        "search": ["", "x" * 201],
    },
    "/payments": {
        "appointment": IDS,
        "client": IDS,
        "status": ["", "lost"],
        "payment_method": ["", "shells"],
        "created_from": INSTANTS,
        "created_to": INSTANTS,
    },
}


@pytest.fixture
def client(salon, api):
    return api(salon.admin)


# What a list is asked for is judged one by one, before all else.
ONE_BY_ONE = ("limit", "count", "ordering")


def judged_together(sent):
    """The parameters in groups of which all are blamed at once: what no list knows, and filters."""
    groups = defaultdict(dict)
    for name, value in sent.items():
        groups[name if name in ONE_BY_ONE else name in EVERYWHERE][name] = value
    return groups.values()


def refuse(client, path, sent, *, together):
    """Each parameter is blamed: with the others, or alone, where it is judged after them."""
    found = fields(client.get(f"{path}?{write(sent)}")).keys() if together else set()
    expected = {"\ufffd" * 3 if name == "%ED%A0%80" else name: name for name in sent}
    assert found <= expected.keys()
    for told in expected.keys() - found:
        name = expected[told]
        answer = client.get(f"{path}?{write({name: sent[name]})}")
        assert (path, sent[name][:40], *fields(answer)) == (path, sent[name][:40], told)


def write(sent):
    return "&".join(f"{name}={value}" for name, value in sent.items())


@pytest.mark.sweep
def test_a_parameter_that_is_unknown_or_nonsense_is_a_400_that_names_it(client, everything):
    for path in LISTS:
        everywhere = EVERYWHERE if path == "/users" else {name: values[:1] for name, values in EVERYWHERE.items()}
        odd = everywhere | FILTERS.get(path, {})
        for place in range(max(map(len, odd.values()))):
            sent = {name: values[place] for name, values in odd.items() if place < len(values)}
            for group in judged_together(sent):
                refuse(client, path, group, together=not everything)


def test_a_parameter_is_sent_once(client):
    for query in ("limit=1&limit=2", "role=staff&role=client", "search=a&search=b", "count=true&count=true"):
        assert fields(client.get(f"/users?{query}")) == {query.partition("=")[0]: "repeated"}


def test_a_question_for_free_times_and_a_report_take_a_parameter_once_too(client):
    days = "from=2026-12-01&to=2026-12-01"
    assert fields(client.get(f"/availability?service=1&service=2&{days}")) == {"service": "repeated"}
    assert fields(client.get(f"/reports/revenue?{days}&to=2026-12-02")) == {"to": "repeated"}


def test_status_alone_may_be_repeated(salon, client):
    answer = client.get("/appointments?status=scheduled&status=no_show")
    assert [row["id"] for row in answer.json()["results"]] == [salon.visit.pk, salon.strangers_visit.pk]
    assert client.get("/appointments?status=cancelled&status=no_show").json()["results"] == []


@pytest.mark.sweep
def test_only_operators_may_filter_by_organization(salon, clinic, operator, client, api):
    for path in LISTS:
        answer = client.get(f"{path}?organization={salon.organization.pk}")
        assert problem(answer) == (403, "permission_denied")
        assert fields(api(operator).get(f"{path}?organization=x")) == {"organization": "invalid"}
        answer = api(operator).get(f"{path}?organization={salon.organization.pk}")
        column = "id" if path == "/organizations" else "organization"
        expected = set() if path == "/auth/tokens" else {salon.organization.pk}
        assert {row[column] for row in answer.json()["results"]} == expected


def test_too_many_parameters_are_refused(client):
    assert problem(client.get("/users?" + "&".join(f"a{n}=1" for n in range(2000)))) == (400, "validation_error")


def encoded(value):
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).decode()


CURSORS = [
    "x",
    "=",
    "%C3%A9",
    encoded(b"\xff\xfe"),
    encoded(b"[" * 2000),
    encoded(b'["name", false, NaN, NaN]'),
    encoded(b'["name", false, "x", ' + b"9" * 3000 + b"]"),
    encoded(None),
    encoded({"name": False}),
    encoded([]),
    encoded(["name"]),
    encoded(["name", False]),
    encoded(["name", False, "x"]),
    encoded(["name", False, "x", 1, 1]),
    encoded(["name", 0, "x", 1]),
    encoded(["-name", False, "x", 1]),
    encoded(["id", False, 1]),
    encoded(["password", False, "x", 1]),
    encoded(["name", False, 1, 1]),
    encoded(["name", False, None, 1]),
    encoded(["name", False, ["x"], 1]),
    encoded(["name", False, "x", "1"]),
    encoded(["name", False, "x", True]),
    encoded(["name", False, "x", 1.5]),
    encoded(["name", False, "x", 0]),
    encoded(["name", False, "x", 2**63]),
    encoded(["name", False, "\0", 1]),
    encoded(["name", False, "\ud800", 1]),
]


@pytest.mark.sweep
def test_a_crafted_cursor_is_a_400(client):
    for cursor in CURSORS:
        answer = client.get(f"/users?ordering=name&cursor={cursor}")
        assert (cursor, *fields(answer).items()) == (cursor, ("cursor", "invalid"))
    for moment in ("x", "", 1, None, "9999-12-31T23:59:59Z", "2026-12-01", "2026-12-01T00:00:00", "infinity"):
        cursor = encoded(["created_at", False, moment, 1])
        assert fields(client.get(f"/users?ordering=created_at&cursor={cursor}")) == {"cursor": "invalid"}


@pytest.mark.sweep
def test_odd_searches_find_nothing_and_break_nothing(client, share):
    texts = ("%ED%A0%80", "%FF", "%27%3B--", "%25", "_", "%5C", "%F0%9F%92%87", "%2500")
    for place, text in enumerate(texts):
        for path in share(["/users", "/organizations", "/services", "/appointments"], place):
            answer = client.get(f"{path}?search={text}")
            assert (text, answer.status_code, answer.json()["results"]) == (text, 200, [])


@pytest.mark.sweep
def test_an_id_that_can_be_none_is_404(client, share):
    nobodys = ("0", "-1", "x", "1.0", "1e3", "01x", "9223372036854775808", "9" * 30, "１", "1,2", "%20", "None")
    for place, pk in enumerate(nobodys):
        for path in share(LISTS, place):
            for method in (client.get, client.patch):
                assert (path, pk, *problem(method(f"{path}/{pk}"))) == (path, pk, 404, "not_found")


@pytest.mark.sweep
def test_a_path_that_is_none_is_404(client):
    for path in ("/users//1", "/users/1//", "/users/1/2", "/Users", "/users.json", "/users/%2e%2e/users", "/%FF"):
        assert (path, *problem(client.get(path))) == (path, 404, "not_found")


@pytest.mark.sweep
def test_a_nul_in_path_query_or_cookie_is_400(salon, client):
    for path in ("/users/%00", "/%00", "/users?search=%00", "/users?a%00=1", "/users/1?x=%00", "/docs?x=%00", "/?%00"):
        assert problem(client.get(path)) == (400, "validation_error")
    for cookie in ('clientline_session="\\000"', 'csrftoken="a\\000b"', 'x="\\000"'):
        for path in ("/users", "/", "/docs", "/auth/login", "/nowhere"):
            assert problem(APIClient(HTTP_COOKIE=cookie).get(path)) == (400, "validation_error")


@pytest.mark.sweep
def test_odd_cookies_are_nobodys(salon):
    for cookie in ("clientline_session=" + "x" * 7000, "clientline_session=é", "a" * 500, ";;=;", 'x="\\777'):
        assert problem(APIClient(HTTP_COOKIE=cookie).get("/users")) == (401, "not_authenticated")


ODD_AUTHORIZATION = [
    "",
    "Bearer",
    "Bearer ",
    "Basic YTpi",
    "Token x",
    "Bearer cl_",
    "Bearer cl_12345678_x",
    "Bearer é",
    "Bearer " + "x" * 8000,
]


@pytest.mark.sweep
def test_odd_authorization_is_401_even_beside_a_good_session(salon):
    browser = APIClient()
    browser.force_login(salon.admin)
    assert browser.get("/users").status_code == 200
    for header in ODD_AUTHORIZATION:
        for path in ("/users", "/auth/me", f"/users/{salon.client.pk}"):
            answer = browser.get(path, HTTP_AUTHORIZATION=header)
            assert (header, *problem(answer)) == (header, 401, "not_authenticated")
            assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.sweep
def test_accept_is_ignored(client):
    for accept in ("text/html", "application/xml", "*/*;q=0", "application/json;version=9", "é", "", "," * 999):
        assert client.get("/users", HTTP_ACCEPT=accept)["Content-Type"] == "application/json"
        assert problem(client.get("/users/0", HTTP_ACCEPT=accept)) == (404, "not_found")


def by_wsgi(method, path, query="", **environ):
    """The answer as servers get it: Django reads some headers before any middleware, outside every handler."""
    request = application.request_class(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "wsgi.input": io.BytesIO(b"{}"),
            "wsgi.url_scheme": "http",
            **environ,
        }
    )
    return application.get_response(request)


@pytest.mark.sweep
def test_the_charset_of_a_body_does_not_decode_the_query(salon):
    secret = token_for(salon.admin)
    for charset in ("hex", "rot13", "undefined", "utf-7", "unicode_escape", "idna", "x" * 300):
        answer = by_wsgi(
            "GET",
            "/users",
            "search=%41%5Cx00+%2B2AA-",
            HTTP_AUTHORIZATION=f"Bearer {secret}",
            CONTENT_TYPE=f"application/json; charset={charset}",
        )
        assert (charset, answer.status_code, json.loads(answer.content)["results"]) == (charset, 200, [])


def test_a_content_type_nobody_can_read_is_415(db):
    for content_type in ("application/json; x*=bogus'en'a", "application/json; charset*=bogus''a", "a;;=*''"):
        answer = by_wsgi("POST", "/auth/login", CONTENT_TYPE=content_type, CONTENT_LENGTH="2")
        assert (answer.status_code, json.loads(answer.content)["code"]) == (415, "unsupported_media_type")


def in_chunks(body):
    return {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True, "wsgi.input": io.BytesIO(body)}


def test_a_body_sent_in_chunks_is_read_like_any_other(db):
    for body, status, code in (
        (b'{"email": "a@b.example", "password": "x"}', 401, "invalid_credentials"),
        (b"[]", 400, "parse_error"),
        (b"x" * 300 * 1024, 413, "too_large"),
    ):
        answer = by_wsgi("POST", "/auth/login", CONTENT_TYPE="application/json", **in_chunks(body))
        assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code)


def test_an_unknown_host_is_refused(client):
    assert problem(client.get("/users", HTTP_HOST="evil.example")) == (400, "validation_error")


@pytest.mark.sweep
def test_odd_methods_are_405_everywhere(salon, client, share):
    paths = [*LISTS, f"/users/{salon.client.pk}", "/", "/docs", "/redoc", "/openapi.json", "/auth/login", "/auth/me"]
    for place, path in enumerate(paths):
        for method in share(["OPTIONS", "TRACE", "PROPFIND", "X"], place):
            answer = client.generic(method, path)
            assert (path, method, *problem(answer)) == (path, method, 405, "method_not_allowed")
            assert (path, "OPTIONS" in answer["Allow"]) == (path, False)


STRANGE_METHODS = [
    ("PUT", "/appointments/{visit}"),
    ("DELETE", "/appointments/{visit}"),
    ("PUT", "/payments/{payment}"),
    ("PATCH", "/payments/{payment}"),
    ("DELETE", "/payments/{payment}"),
    ("POST", "/users/{client}"),
    ("DELETE", "/users"),
    ("PUT", "/auth/tokens/1"),
    ("GET", "/auth/login"),
    ("GET", "/auth/logout"),
    ("POST", "/auth/me"),
    ("GET", "/auth/password"),
    ("POST", "/"),
    ("POST", "/docs"),
    ("POST", "/redoc"),
    ("POST", "/openapi.json"),
]


@pytest.mark.sweep
@pytest.mark.parametrize("role", ["admin", "client"])
def test_a_method_a_path_does_not_have_is_405_for_every_role(salon, api, role):
    client = api(getattr(salon, role))
    ids = {name: row.pk for name, row in vars(salon).items()}
    for method, path in STRANGE_METHODS:
        answer = client.generic(method, path.format(**ids), "{}", "application/json")
        assert (method, path, *problem(answer)) == (method, path, 405, "method_not_allowed")
        assert method not in answer["Allow"].split(", ")
