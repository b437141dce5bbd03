"""Generated requests over the whole OpenAPI document, by each role: no 500, and every answer as documented."""

from datetime import timedelta

import pytest
import schemathesis
from axes.models import AccessAttempt
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.tests.factories import PASSWORD, token_for
from appointments.tests.factories import days_ahead

# In one worker: the server is started once, and what it takes to generate texts at all is found once.
pytestmark = [pytest.mark.sweep, pytest.mark.xdist_group("gunicorn")]

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
FEW = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
# The first part of a path → which row of the cast its ids name.
NAMED_BY = {
    "organizations": "organization",
    "users": "client",
    "services": "service",
    "working-hours": "working_hours",
    "special-hours": "special_hours",
    "time-off": "time_off",
    "appointments": "visit",
    "payments": "payment",
}
REFERENCES = {
    "organization": "organization",
    "client": "client",
    "staff": "staff",
    "service": "service",
    "appointment": "visit",
}


def usefulness(operation):
    """The order of asking: rows are changed after they were of use, and deleted or erased last."""
    return operation.path.endswith("/erase"), ("get", "post", "patch", "put", "delete").index(operation.method)


def sensible(cast, caller):
    """Name of a key or parameter → a value with which a request can succeed."""
    begin = days_ahead(20)
    rows = {name: getattr(cast, row).pk for name, row in REFERENCES.items()}
    if not caller.is_superuser:
        del rows["organization"]
    return rows | {
        "from": begin.date().isoformat(),
        "to": (begin + timedelta(days=6)).date().isoformat(),
        "date": begin.date().isoformat(),
        "starts": "18:00",
        "ends": "19:00",
        "starts_at": begin.isoformat(),
        "ends_at": (begin + timedelta(days=1)).isoformat(),
        "appointment_date": (begin + timedelta(days=2)).isoformat(),
        "amount": "1.00",
        "reason": "Asked for",
        "every": 1,
        "count": 2,
    }


def bodies_of(document):
    """Label of an operation → the schema of its body."""
    schemas = document["components"]["schemas"]
    return {
        f"{method.upper()} {path}": schemas[body["content"]["application/json"]["schema"]["$ref"].split("/")[-1]]
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if (body := operation.get("requestBody"))
    }


def make_sense(case, values, cast, required):
    """Most generated ids are nobody's, dates out of reach, and options at odds; what is left here can succeed."""
    row = NAMED_BY.get(case.operation.path.split("/")[1])
    for name in case.path_parameters or ():
        if row and name in ("id", "payment"):
            case.path_parameters[name] = getattr(cast, row).pk
    case.headers = {}
    case.query = {name: values[name] for name in (case.query or {}) if name in values.keys() - {"count"}}
    if isinstance(case.body, dict):
        sent = {name: value for name, value in case.body.items() if name in values.keys() | set(required)}
        known = {name: values[name] for name in sent if name in values}
        case.body = sent | {name: [value] if isinstance(sent[name], list) else value for name, value in known.items()}
    if case.operation.path == "/auth/login":
        case.body = {"email": cast.client.email, "password": PASSWORD}


def failures_of(operation, schema, cases, cast, caller, token, everything):
    """What the checks hold against the operation, with the shortest request that shows it.

    Unknown keys are refused before anything else is looked at, so most bodies have none. Each change has a token of
    its own: some end the token that sends them.
    """
    values = sensible(cast, caller)
    if operation.path.startswith("/auth"):
        AccessAttempt.objects.all().delete()  # or wrong passwords would lock the caller out of what comes next

    # The first that is generated is the least: nobody's id, no option. Where it is the only one, it shall succeed.
    senses = st.booleans() if everything else st.just(True)

    @settings(FEW, max_examples=8 if everything else 1)
    @given(case=cases, sense=senses, without_unknown=st.sampled_from([True, True, True, False]))
    def ask(case, sense, without_unknown):  # short, as Hypothesis reads its text for each operation
        prepare(case, sense, without_unknown)
        secret = token if operation.method == "get" else token_for(caller)
        case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)

    def prepare(case, sense, without_unknown):
        if without_unknown and isinstance(case.body, dict):
            case.body = {key: value for key, value in case.body.items() if key in schema["properties"]}
        if sense:
            make_sense(case, values, cast, schema.get("required", ()))

    try:
        ask()
    except BaseExceptionGroup as group:
        return [str(each) for each in group.exceptions]
    except AssertionError as failure:
        return [str(failure)]
    return []


@pytest.fixture(scope="module")
def operations(lasting_gunicorn):
    """(operation, the schema of its body, how its requests are made) of each: made once for all who ask."""
    document = lasting_gunicorn.call("GET", "/openapi.json").body
    bodies = bodies_of(document)
    document = schemathesis.openapi.from_dict(document)
    document.config.update(base_url=f"http://127.0.0.1:{lasting_gunicorn.port}")
    found = sorted((result.ok() for result in document.get_all_operations()), key=usefulness)
    return [(each, bodies.get(each.label, {}), each.as_strategy()) for each in found]


# By others a ninth: `test_documented_answers.py` says of each row, reading, move and write that it is answered as
# documented, and `test_hostile_sweep.py` of each endpoint that it answers no 500.
# Managers and staff are answered by the same serializers as admins; clients and operators have some of their own.
INSIDERS = [pytest.param(role, marks=pytest.mark.whole) for role in ("manager", "staff")]


@pytest.mark.parametrize("role", ["admin", "client", "operator", *INSIDERS])
def test_answers_are_as_documented(operations, gunicorn, salon, operator, role, share, everything):
    caller = operator if role == "operator" else getattr(salon, role)
    assert len(operations) > 60
    found, token = {}, token_for(caller)
    for operation, schema, cases in operations if role == "admin" else share(share(operations)):
        found[operation.label] = failures_of(operation, schema, cases, salon, caller, token, everything)
    assert {label: faults for label, faults in found.items() if faults} == {}
