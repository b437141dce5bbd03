"""Generated requests over the whole OpenAPI document, by each role: no 500, and every answer as documented."""

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts.tests.factories import token_for

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
FEW = settings(
    max_examples=8,
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


def without_unknown_keys(document):
    """Unknown keys are refused before anything else is looked at: bodies full of them would show nothing more."""
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Request"):
            schema["additionalProperties"] = False
    return document


def name_rows(case, cast):
    """Most generated ids are nobody's; these are somebody's."""
    row = NAMED_BY.get(case.operation.path.split("/")[1])
    for name in case.path_parameters or ():
        if row and name in ("id", "payment"):
            case.path_parameters[name] = getattr(cast, row).pk
    for part in (case.body, case.query):
        for name in REFERENCES.keys() & (part if isinstance(part, dict) else ()):
            pk = getattr(cast, REFERENCES[name]).pk
            part[name] = [pk] if isinstance(part[name], list) else pk


def failures_of(operation, cast, headers):
    """What the checks hold against the operation, with the shortest request that shows it."""

    @FEW
    @given(case=operation.as_strategy(), named=st.booleans())
    def ask(case, named):
        if named:
            name_rows(case, cast)
        case.call_and_validate(headers=headers, checks=CHECKS)

    try:
        ask()
    except BaseExceptionGroup as group:
        return [str(each) for each in group.exceptions]
    except AssertionError as failure:
        return [str(failure)]
    return []


@pytest.mark.parametrize("role", ["admin", "manager", "staff", "client", "operator"])
def test_answers_are_as_documented(gunicorn, salon, operator, role):
    headers = {"Authorization": f"Bearer {token_for(operator if role == 'operator' else getattr(salon, role))}"}
    document = without_unknown_keys(gunicorn.call("GET", "/openapi.json").body)
    document = schemathesis.openapi.from_dict(document)
    document.config.update(base_url=f"http://127.0.0.1:{gunicorn.port}")
    found = {}
    for operation in (result.ok() for result in document.get_all_operations()):
        if operation.path.startswith("/auth/") and operation.method != "get":
            continue  # they end the very token that asks
        found[operation.label] = failures_of(operation, salon, headers)
    assert {label: faults for label, faults in found.items() if faults} == {}
