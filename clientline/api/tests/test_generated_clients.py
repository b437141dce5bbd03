"""What generators make of the API document: clients that name every type and send what was said, nothing else."""

import json
import re

import pytest

from clientline.api.tests.the_tour import read_the_tour
from clientline.tests.test_documentation import served_document

pytestmark = pytest.mark.xdist_group("document")


@pytest.fixture
def document(db):
    return served_document()


def list_operations(document):
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def find_enums(schema, path=""):
    """The paths of all enums below."""
    if isinstance(schema, list):
        schema = dict(enumerate(schema))
    if not isinstance(schema, dict):
        return []
    below = [found for key, value in schema.items() for found in find_enums(value, f"{path}/{key}")]
    return [path, *below] if "enum" in schema else below


def test_methods_have_one_order_so_that_each_start_writes_the_same_document(document):
    order = ["get", "post", "put", "patch", "delete"]
    told = [list(methods) for methods in document["paths"].values()]
    assert told == [[method for method in order if method in methods] for methods in told]


def test_every_enum_is_a_type_with_a_name_that_we_chose(document):
    # Generators number what has no name, and drf-spectacular renames its own choice once a second one needs it.
    schemas = document["components"]["schemas"]
    events = "/WebhookEvent/properties/type"  # of the calls that come to webhooks, one place only
    assert [path for path in find_enums(schemas) if path.count("/") > 1] == [events]
    assert [name for name in schemas if name.endswith("Enum")] == ["BlankEnum", "NullEnum"]


def test_no_two_types_or_operations_are_files_of_one_name(document):
    names = [name.lower() for name in document["components"]["schemas"]]
    operations = [operation["operationId"].lower() for operation in list_operations(document)]
    for each in (names, operations):
        assert len(set(each)) == len(each)


def test_what_is_left_out_is_not_sent(document):
    """A generated client sends defaults, which of a PATCH would overwrite the row."""
    schemas = document["components"]["schemas"]
    columns = [
        (name, key, column) for name, each in schemas.items() for key, column in each.get("properties", {}).items()
    ]
    assert [(name, key) for name, key, column in columns if "default" in column] == []
    assert schemas["CancelRequest"]["properties"]["waive_fee"]["description"].endswith("Default: `false`")
    assert "Default" not in json.dumps(schemas["PatchedMessageTextRequest"])
    assert "Default" not in json.dumps(schemas["User"])


def test_a_text_that_may_be_empty_is_no_constant(document):
    """openapi-python-client has every other text refused by a client that reads it."""
    assert '"const"' not in json.dumps(document["components"])
    email = document["components"]["schemas"]["User"]["properties"]["email"]
    assert email["anyOf"] == [
        {"type": "string", "format": "email", "maxLength": 254},
        {"type": "string", "maxLength": 0},
    ]


def test_every_answer_has_a_type(document):
    for operation in list_operations(document):
        answers = {status: answer for status, answer in operation["responses"].items() if status[0] == "2"}
        assert len(answers) >= 1, operation["operationId"]
        for status, answer in answers.items():
            kinds = [kind["schema"] for kind in answer.get("content", {}).values()]
            assert bool(kinds) == (status != "204"), operation["operationId"]
            assert [kind for kind in kinds if not {"$ref", "type"} & set(kind)] == [], operation["operationId"]


def test_only_questions_of_those_who_run_the_server_stand_in_their_room(document):
    paths = {
        path for path, methods in document["paths"].items() if "operations" in next(iter(methods.values()))["tags"]
    }
    assert paths == {"/", "/live", "/ready", "/metrics"}


def test_the_calls_of_the_page_are_read(document):
    calls = read_the_tour()
    assert (len(calls), calls[0], calls[-1]) == (27, "POST /auth/login 200", "GET /appointments 200")
    paths = {re.sub(r"{\w+}", "{id}", path) for path in document["paths"]}
    assert [call for call in calls if call.split()[1] not in paths] == []
