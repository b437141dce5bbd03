"""Hostile bodies are answered with a problem document of the 4xx family, never 500.

What no reader of bodies takes is sent to one endpoint: in `test_hostile_sweep.py` every endpoint has the same reader.
"""

import json

import pytest
from rest_framework.test import APIClient

from clientline.api.tests.hostile_values import FLAG, HOSTILE, HOSTILE_NEW
from clientline.tests.problems import fields, problem

WRITES = [
    ("post", "/auth/login"),
    ("post", "/auth/password"),
    ("post", "/auth/tokens"),
    ("patch", "/organizations/{organization}"),
    ("put", "/organizations/{organization}"),
    ("post", "/users"),
    ("patch", "/users/{client}"),
    ("put", "/users/{client}"),
    ("post", "/services"),
    ("patch", "/services/{service}"),
    ("put", "/services/{service}"),
    ("post", "/working-hours"),
    ("patch", "/working-hours/{working_hours}"),
    ("put", "/working-hours/{working_hours}"),
    ("post", "/special-hours"),
    ("patch", "/special-hours/{special_hours}"),
    ("put", "/special-hours/{special_hours}"),
    ("post", "/time-off"),
    ("patch", "/time-off/{time_off}"),
    ("put", "/time-off/{time_off}"),
    ("post", "/appointments"),
    ("patch", "/appointments/{visit}"),
    ("post", "/payments"),
    ("post", "/payments/{payment}/complete"),
    ("post", "/payments/{payment}/fail"),
    ("post", "/payments/{payment}/refunds"),
]

NOT_ONE_JSON_OBJECT = {
    "nothing but a space": b" ",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "cut off": b'{"name": "x',
    "two objects": b"{}{}",
    "latin-1": b'{"name": "\xe9"}',
    "utf-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "a control character": b'{"name": "\x00"}',
    "an escaped NUL": b'{"name": "\\u0000"}',
    "a NUL as a key": b'{"\\u0000": 1}',
    "a NUL behind backslashes": b'{"name": "\\\\\\u0000"}',
    "a NUL in a list": b'{"staff": ["\\u0000"]}',
    "half a character": b'{"name": "\\ud800"}',
    "half a character as a key": b'{"\\udfff": 1}',
    "NaN": b'{"price": NaN}',
    "Infinity": b'{"price": -Infinity}',
    "a number beyond all numbers": b'{"price": 1e400}',
    "an exponent": b'{"price": 1E2}',
    "a number of 100,000 digits": b'{"price": ' + b"9" * 100_000 + b"}",
    "a fraction of 100,000 digits": b'{"price": 0.' + b"9" * 100_000 + b"}",
    "100,000 brackets": b"[" * 100_000,
    "100,000 brackets in a key": b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "20 levels": b'{"name": ' + b"[" * 20 + b"]" * 20 + b"}",
    "a key twice": b'{"name": "a", "name": "b"}',
    "a key twice inside": b'{"name": {"a": 1, "a": 2}}',
}


@pytest.fixture
def send(salon, api):
    """`send(method, path, body, **headers)` as the admin, with ids of the cast in the path."""
    client = api(salon.admin)
    ids = {name: row.pk for name, row in vars(salon).items()}

    def send(method, path, body, content_type="application/json", **headers):
        return client.generic(method.upper(), path.format(**ids), body, content_type, **headers)

    return send


@pytest.mark.sweep
def test_what_is_not_one_json_object_is_a_parse_error(send):
    for name, body in NOT_ONE_JSON_OBJECT.items():
        assert (name, *problem(send("post", "/services", body))) == (name, 400, "parse_error")


@pytest.mark.sweep
def test_an_unknown_key_is_refused_by_name(send):
    for method, path in WRITES:
        blames = fields(send(method, path, b'{"surprise": 1, "__proto__": {}}'))
        assert (path, blames["surprise"], blames["__proto__"]) == (path, "unknown", "unknown")


OTHER_TYPES = [
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/xml",
    "application/jsonx",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
    "*/*",
    "",
]


@pytest.mark.sweep
def test_only_json_in_utf_8_is_taken(send):
    for content_type in OTHER_TYPES:
        answer = send("post", "/users", b'{"name": "x"}', content_type)
        assert (content_type, *problem(answer)) == (content_type, 415, "unsupported_media_type")
    assert problem(send("post", "/users", b'{"surprise": 1}', "Application/JSON; charset=UTF-8"))[0] == 400


def test_a_body_over_256_kib_is_too_large(send):
    at_most = b'{"name": "' + b"x" * (256 * 1024 - 12) + b'"}'
    assert len(at_most) == 256 * 1024
    assert problem(send("post", "/services", at_most + b" ")) == (413, "too_large")
    assert problem(send("post", "/services", b"x" * 300 * 1024)) == (413, "too_large")
    assert problem(send("post", "/services", at_most))[0] == 400


def test_a_content_length_that_is_no_number_is_refused(send):
    for length in ("-1", "x", "²", "1" * 30):
        answer = send("post", "/users", b"{}", CONTENT_LENGTH=length)
        assert (length, *problem(answer)) == (length, 413, "too_large")


def test_a_form_of_a_browser_session_is_refused_too(salon):
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(salon.admin)
    browser.cookies["csrftoken"] = "x" * 32
    for content_type, body in (
        ("application/x-www-form-urlencoded", b"name=x"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nx\r\n--x--\r\n',
        ),
    ):
        answer = browser.post("/services", body, content_type=content_type, HTTP_X_CSRFTOKEN="x" * 32)
        assert problem(answer) == (415, "unsupported_media_type")


def raw(value):
    """JSON as a hostile program may write it: floats keep their point."""
    return json.dumps(value).encode()


def blamed(answer):
    return {str(field).partition(".")[0] for field in fields(answer)}


def rows_of(hostile):
    """The first value of each field, the second of each that has one, and so on."""
    for place in range(max(map(len, hostile.values()))):
        yield {field: values[place] for field, values in hostile.items() if place < len(values)}


@pytest.fixture
def refuses(send, everything):
    """`refuses(method, path, body, spoiled)`: each of the spoiled values is blamed.

    Fields are judged each by itself, so one body brings a bad value for each. What is judged later is sent alone, and
    with --all every value is.
    """

    def refuses(method, path, body, spoiled):
        found = set() if everything else blamed(send(method, path, raw(body | spoiled)))
        assert found <= spoiled.keys()
        for field in spoiled.keys() - found:
            value = spoiled[field]
            answer = send(method, path, raw(body | {field: value}))
            assert (field, str(value)[:40], blamed(answer)) == (field, str(value)[:40], {field})

    return refuses


@pytest.mark.sweep
@pytest.mark.parametrize("path", HOSTILE)
def test_a_value_a_field_cannot_take_is_a_400_that_names_the_field(send, refuses, path):
    for spoiled in rows_of(HOSTILE[path]):
        refuses("patch", path, {}, spoiled)
    assert send("patch", path, b"{}").status_code == 200


@pytest.mark.sweep
def test_only_operators_close_an_organization_and_only_with_a_flag(salon, operator, api):
    path = f"/organizations/{salon.organization.pk}"
    for value in FLAG:
        assert (value, blamed(api(operator).patch(path, {"is_active": value}))) == (value, {"is_active"})
    assert problem(api(salon.admin).patch(path, {"is_active": False})) == (403, "permission_denied")
    assert api(salon.admin).patch(path, {"is_active": True}).status_code == 200


@pytest.mark.sweep
@pytest.mark.parametrize("path", HOSTILE_NEW)
def test_a_value_a_new_row_cannot_have_is_a_400_that_names_the_field(salon, send, refuses, path):
    body, hostile = HOSTILE_NEW[path]
    body = {key: getattr(salon, str(value)).pk if hasattr(salon, str(value)) else value for key, value in body.items()}
    for spoiled in rows_of(hostile):
        refuses("post", path, body, spoiled)
    assert send("post", path, raw(body)).status_code in (201, 204)


NOT_TOGETHER = [
    ("/working-hours/{working_hours}", {"valid_from": "2030-05-02", "valid_until": "2030-05-01"}, "valid_until"),
    ("/special-hours/{special_hours}", {"starts": "10:00"}, None),
    ("/time-off/{time_off}", {"starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-01T09:00:00Z"}, None),
    ("/services/{service}", {"duration": 1000, "buffer_after": 441}, None),
]


def test_values_that_do_not_fit_together_are_a_400_in_the_constraints_words(send):
    for path, body, field in NOT_TOGETHER:
        assert (path, fields(send("patch", path, raw(body)))) == (path, {field: "invalid"})


def test_emails_are_kept_in_lower_case(send):
    for email in ("Mia@Example.COM", "mia@example.com"):
        answer = send("patch", "/users/{client}", raw({"email": email}))
        assert (email, answer.status_code, answer.json()["email"]) == (email, 200, "mia@example.com")


@pytest.mark.sweep
def test_amounts_are_taken_as_text_or_number_in_plain_digits(salon, send):
    for amount in ("45", "45.0", "45.00", 45, 45.0, "045.00"):
        body = {"appointment": salon.visit.pk, "amount": amount, "allow_overpayment": True}
        answer = send("post", "/payments", raw(body))
        assert (amount, answer.status_code, answer.json()["amount"]) == (amount, 201, "45.00")
