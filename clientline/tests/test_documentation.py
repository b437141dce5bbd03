"""The OpenAPI document is valid, complete and true; its pages work without any other server."""

import re
from functools import cache

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from appointments.availability import REASONS
from clientline.api.document import make_document
from clientline.problem_codes import PROBLEM_CODES
from clientline.refusals import CODES_BY_STATUS, Refused
from clientline.tests.checks import validate_document

pytestmark = pytest.mark.xdist_group("document")  # which is made once
PATHS = {
    "/": "get",
    "/live": "get",
    "/ready": "get",
    "/metrics": "get",
    "/auth/login": "post",
    "/auth/logout": "post",
    "/auth/me": "get",
    "/auth/password": "post",
    "/auth/tokens": "get post",
    "/auth/tokens/{id}": "delete get",
    "/auth/second-factor": "delete get post",
    "/auth/sessions": "get",
    "/auth/sessions/{id}": "delete",
    "/organizations": "get post",
    "/organizations/{id}": "delete get patch put",
    "/users": "get post",
    "/users/{id}": "delete get patch put",
    "/services": "get post",
    "/services/{id}": "delete get patch put",
    "/working-hours": "get post",
    "/working-hours/{id}": "delete get patch put",
    "/special-hours": "get post",
    "/special-hours/{id}": "delete get patch put",
    "/time-off": "get post",
    "/time-off/{id}": "delete get patch put",
    "/time-off/holidays": "get post",
    "/appointments": "get post",
    "/appointments/{id}": "get patch",
    "/appointments/series": "post",
    "/appointments/group": "post",
    "/appointments/{id}/change": "post",
    "/appointments/{id}/reschedule": "post",
    "/appointments/{id}/cancel": "post",
    "/appointments/{id}/complete": "post",
    "/appointments/{id}/no-show": "post",
    "/appointments/{id}/correct": "post",
    "/appointments/{id}/arrive": "post",
    "/appointments/{id}/reopen": "post",
    "/appointments/{id}/undo": "post",
    "/appointments/{id}/history": "get",
    "/availability": "get",
    "/reports/utilization": "get",
    "/reports/no-shows": "get",
    "/exports/movements": "get",
    "/exports": "post",
    "/exports/{id}": "delete get",
    "/exports/{id}/file": "get",
    "/payments": "get post",
    "/payments/{id}": "get",
    "/payments/{id}/complete": "post",
    "/payments/{id}/fail": "post",
    "/payments/{id}/give-up": "post",
    "/payments/{id}/receipt": "get",
    "/payments/{id}/void": "post",
    "/payments/{payment}/refunds": "get post",
    "/payments/callbacks/{provider}": "post",
    "/appointments/{id}/balance": "get",
    "/users/{id}/balance": "get",
    "/users/{id}/export": "get",
    "/users/{id}/erase": "get post",
    "/reports/revenue": "get",
    "/messages": "get",
    "/messages/{id}": "get",
    "/messages/{id}/preview": "get",
    "/messages/{id}/send-again": "post",
    "/message-rules": "get post",
    "/message-rules/{id}": "delete get patch put",
    "/message-texts": "get post",
    "/message-texts/{id}": "delete get patch put",
    "/message-texts/preview": "post",
    "/feeds": "get post",
    "/feeds/{id}": "delete get",
    "/webhooks": "get post",
    "/webhooks/{id}": "delete get patch put",
    "/webhooks/{id}/rotate": "post",
    "/webhooks/{webhook}/test": "post",
    "/webhooks/{webhook}/deliveries": "get",
    "/webhooks/{webhook}/deliveries/{id}": "get",
    "/webhooks/{webhook}/deliveries/{id}/send-again": "post",
    "/audit": "get",
}
ROWS = {
    "/organizations": "organization",
    "/users": "client",
    "/services": "service",
    "/working-hours": "working_hours",
    "/special-hours": "special_hours",
    "/time-off": "time_off",
    "/appointments": "visit",
    "/payments": "payment",
    "/webhooks": "webhook",
}
BODIES = {
    "/auth/tokens": {"name": "x"},
    "/users": {"name": "New", "email": "new@example.com", "role": "staff"},
    "/services": {"name": "New"},
    "/working-hours": {"staff": "@staff", "weekday": 5, "starts": "09:00", "ends": "12:00"},
    "/special-hours": {"staff": "@staff", "date": "2026-05-01"},
    "/time-off": {"starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-02T09:00:00Z"},
    "/webhooks": {"url": "https://receiver.example/", "events": ["client.created"]},
    "/appointments": {
        "client": "@client",
        "staff": "@staff",
        "service": "@service",
        "appointment_date": "2026-06-01T09:00:00Z",
    },
    "/payments": {"appointment": "@visit", "amount": "1.00", "allow_overpayment": True},
}
PERIOD = "from=2026-05-01&to=2026-05-02"
# What is read beside rows and lists of them: the path as it is documented, and as it is asked.
READINGS = {
    "/auth/sessions": "/auth/sessions",
    "/auth/second-factor": "/auth/second-factor",
    "/appointments/{id}/history": "/appointments/{visit}/history",
    "/appointments/{id}/balance": "/appointments/{visit}/balance",
    "/users/{id}/balance": "/users/{client}/balance",
    "/payments/{payment}/refunds": "/payments/{paid}/refunds",
    "/webhooks/{webhook}/deliveries": "/webhooks/{webhook}/deliveries",
    "/webhooks/{webhook}/deliveries/{id}": "/webhooks/{webhook}/deliveries/{delivery}",
    "/availability": f"/availability?service={{service}}&{PERIOD}",
    "/reports/revenue": f"/reports/revenue?{PERIOD}&group_by=payment_method",
    "/reports/utilization": f"/reports/utilization?{PERIOD}&group_by=staff",
    "/reports/no-shows": f"/reports/no-shows?{PERIOD}",
    "/time-off/holidays": "/time-off/holidays?year=2027",
}
# What is sent to a row, and the status of the answer.
MOVES = {
    "/payments/{id}/give-up": ("/payments/{online}/give-up", {}, 200),
    "/payments/{id}/complete": ("/payments/{payment}/complete", {}, 200),
    "/payments/{id}/void": ("/payments/{payment}/void", {"reason": "x"}, 200),
    "/payments/{id}/fail": ("/payments/{strangers_payment}/fail", {}, 200),
    "/payments/{payment}/refunds": ("/payments/{paid}/refunds", {"amount": "1.00", "reason": "x"}, 201),
    "/webhooks/{id}/rotate": ("/webhooks/{webhook}/rotate", {}, 200),
    "/webhooks/{webhook}/test": ("/webhooks/{webhook}/test", {}, 201),
    "/webhooks/{webhook}/deliveries/{id}/send-again": ("/webhooks/{webhook}/deliveries/{delivery}/send-again", {}, 200),
}


@cache
def served_document():
    """Making it takes longer than most tests."""
    answer = APIClient().get("/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/vnd.oai.openapi+json")
    return answer.json()


def properties(document, schema):
    name = schema["$ref"].rpartition("/")[2]
    return set(document["components"]["schemas"][name]["properties"])


@pytest.fixture
def document(db):
    return served_document()


@pytest.mark.whole  # make check, which is a part of make test, validates it by spectacular
def test_the_document_is_made_once_for_all_who_ask(document):
    made = make_document.cache_info().misses
    assert APIClient().get("/openapi.json").json() == document
    assert make_document.cache_info().misses == made == 1


def test_the_document_is_valid_openapi_3_1_and_one_that_is_not_is_refused(document):
    validate_document(document)
    for broken in ({"openapi": "3.0.3"}, {"paths": {"/users": {"get": {"responses": {"200": {"description": 7}}}}}}):
        with pytest.raises(jsonschema_rs.ValidationError):
            validate_document(document | broken)


def test_the_document_says_what_it_is(document):
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "ClientLine"


def test_the_document_lists_every_path_and_method_once_without_a_trailing_slash(document):
    assert {path: " ".join(sorted(methods)) for path, methods in document["paths"].items()} == PATHS


def operations(document):
    return [(path, method, each) for path, methods in document["paths"].items() for method, each in methods.items()]


def test_operations_are_named_apart_and_refuse_with_problem_documents(document):
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names) == 129
    for _, _, operation in operations(document):
        content = operation["responses"]["default"]["content"]
        assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_each_operation_has_a_verb_for_a_name_words_and_a_tag(document):
    tags = [tag["name"] for tag in document["tags"]]
    assert (tags[0], tags[-1]) == ("auth", "operations")
    named = {f"{method} {path}": operation["operationId"] for path, method, operation in operations(document)}
    assert named["post /appointments/{id}/cancel"] == "cancelAppointment"
    assert named["get /working-hours"] == "listWorkingHours"
    assert named["patch /services/{id}"] == "updateService"
    for path, _, operation in operations(document):
        assert re.fullmatch("[a-z]+([A-Z][a-z]+)*", operation["operationId"]), path
        assert operation["summary"] and operation["description"], path
        assert [tag in tags for tag in operation["tags"]] == [True], path
    assert [tag for tag in document["tags"] if not tag["description"]] == []


def test_every_body_has_an_example_that_its_schema_allows(document):
    seen = 0
    for path, method, operation in operations(document):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (body.get("content", {}).get("application/json") for body in bodies):
            if content and content.get("schema"):
                schema = content["schema"] | {"components": document["components"]}
                errors = [each.message for each in Draft202012Validator(schema).iter_errors(content["example"])]
                assert errors == [], (path, method)
                seen += 1
    assert seen > 100


def test_a_status_and_the_code_of_a_refusal_are_one_of_a_list(document):
    components = document["components"]["schemas"]
    assert components["AppointmentStatus"]["enum"] == ["scheduled", "completed", "cancelled", "no_show"]
    assert components["PaymentStatus"]["enum"] == ["pending", "completed", "failed", "refunded"]
    assert components["Problem"]["properties"]["code"] == {"$ref": "#/components/schemas/ProblemCode"}
    assert components["ProblemCode"]["enum"] == list(PROBLEM_CODES)


def list_refusals(kind=Refused):
    return [kind, *(each for child in kind.__subclasses__() for each in list_refusals(child))]


def test_what_is_refused_has_a_page_that_says_what_helps(client, db):
    # Forms of the back office ask back by codes that no program meets.
    of_pages = (
        "clientline.backoffice",
        "appointments.working_time.asking_back",
        "clientline.typed_money",
        "clientline.reach.guests",
        "clientline.reach.passwords",
    )
    codes = (
        {kind.code for kind in list_refusals() if not kind.__module__.startswith(of_pages)}
        | set(CODES_BY_STATUS.values())
        | set(REASONS.values())
    )
    codes |= {"slot_taken", "overlapping_hours", "off_grid", "parse_error"}
    assert codes - set(PROBLEM_CODES) == {"closed", "fully_booked"}
    answer = client.get("/appointments/1")
    assert answer.json()["type"] == "/errors/not_authenticated"
    page = client.get(answer.json()["type"])
    assert page.status_code == 200
    assert PROBLEM_CODES["not_authenticated"] in page.content.decode()
    assert client.get("/errors").content.decode().count("<dt") == len(PROBLEM_CODES)
    assert client.get("/errors/no_such_code").status_code == 404


OPEN = (
    "/",
    "/live",
    "/ready",
    "/metrics",
    "/auth/login",
    "/payments/callbacks/{provider}",
)  # a callback carries a signature


# A feed's address is a secret; of texts, the preview changes nothing.
SHOWN_ONCE = ("/feeds", "/message-texts", "/message-texts/preview")


def test_a_token_or_a_session_is_asked_for_but_at_the_door(document):
    either = [{"bearer": []}, {"session": []}]
    for path, _, operation in operations(document):
        assert operation.get("security") == (None if path in OPEN else either), path


def test_lists_document_their_parameters(document):
    pages = {"count", "cursor", "limit", "ordering", "organization"}
    parameters = {
        path: {each["name"] for each in methods["get"].get("parameters", [])} - pages
        for path, methods in document["paths"].items()
        if re.search(r"/Paginated\w+List'", str(methods.get("get")))
    }
    assert parameters == {
        "/auth/tokens": set(),
        "/feeds": set(),
        "/messages": {"appointment", "client", "kind", "channel", "state", "created_from", "created_to"},
        "/message-rules": {"service"},
        "/message-texts": {"kind", "channel"},
        "/organizations": {"is_active", "search"},
        "/users": {"role", "is_active", "search"},
        "/services": {"is_active", "staff", "search"},
        "/working-hours": {"staff", "all"},
        "/special-hours": {"staff", "from", "to"},
        "/time-off": {"staff", "from", "to"},
        "/appointments": {
            "client",
            "staff",
            "service",
            "status",
            "start_from",
            "start_to",
            "series",
            "group",
            "late",
            "over",
            "due",
            "search",
            "stranded",
        },
        "/payments": {"appointment", "client", "status", "payment_method", "created_from", "created_to", "search"},
        "/payments/{payment}/refunds": {"payment"},
        "/webhooks": {"is_active"},
        "/webhooks/{webhook}/deliveries": {"webhook", "state", "type", "created_from", "created_to"},
        "/audit": {"table", "row", "actor", "action", "source", "at_from", "at_to"},
    }
    for path in ROWS:
        assert {each["name"] for each in document["paths"][path]["get"]["parameters"]} >= pages


def headers(operation, status=None):
    """The headers it takes, or those of its answer."""
    if status:
        return set(operation["responses"][status].get("headers", {}))
    return {each["name"] for each in operation.get("parameters", []) if each["in"] == "header"}


def test_every_post_of_a_caller_outside_auth_takes_an_idempotency_key(document):
    for path, method, operation in operations(document):
        repeatable = method == "post" and not path.startswith("/auth/") and path not in (*OPEN, *SHOWN_ONCE)
        assert ("Idempotency-Key" in headers(operation)) == repeatable, path
        assert ({"409", "422"} <= set(operation["responses"])) == repeatable
        if repeatable:
            assert "Idempotent-Replayed" in headers(operation, next(iter(operation["responses"])))


def test_versions_are_documented_where_a_row_has_one(document):
    versioned = ("/organizations/", "/users/", "/services/", "/appointments/{id}", "/payments/{")
    versioned += ("/message-rules/{id}", "/message-texts/{id}", "/webhooks/{id}", "/webhooks/{webhook}/test")
    for path, method, operation in operations(document):
        changes = path.startswith(versioned) and method != "get"
        assert (headers(operation) >= {"If-Match"}, "412" in operation["responses"]) == (changes, changes), path
        for status in {"200", "201"} & set(operation["responses"]):
            schema = operation["responses"][status].get("content", {}).get("application/json", {}).get("schema", {})
            row = "$ref" in schema and {"id", "version"} <= properties(document, schema)
            assert ("ETag" in headers(operation, status)) == row, path
