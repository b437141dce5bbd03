"""Answers have the shape that the API document says: of rows, readings, moves, writes and refusals."""

from uuid import UUID

import pytest
from jsonschema import Draft202012Validator

from clientline.reach.webhooks.tests.rows import add_webhook
from clientline.tests.test_documentation import BODIES, MOVES, READINGS, ROWS, properties, served_document
from organizations import policy
from payments.tests.factories import PaymentFactory, RefundFactory

pytestmark = pytest.mark.xdist_group("document")


@pytest.fixture
def salon(salon):
    return add_webhook(salon)


@pytest.fixture
def document(db):
    return served_document()


def schema_of(document, path, method, status):
    return document["paths"][path][method]["responses"][str(status)]["content"]["application/json"]["schema"]


def check(document, schema, value):
    """The value has the shape that is documented."""
    Draft202012Validator(schema | {"components": document["components"]}).validate(value)


OF_ADMINS = {("/webhooks", "manager"), ("/webhooks", "staff")}
# What clients do not see.
OF_THE_DESK = {"/appointments": {"internal_notes", "overbooked"}, "/users": set(policy.OF_PEOPLE)}


# A manager is answered as an admin is.
@pytest.mark.sweep
@pytest.mark.parametrize(
    "role", ["admin", pytest.param("manager", marks=pytest.mark.whole), "staff", "client", "operator"]
)
def test_answers_have_the_documented_shape(salon, operator, api, document, role):
    client = api(operator if role == "operator" else getattr(salon, role))
    client.post("/auth/tokens", {"name": "x"})
    for path in (*ROWS, "/auth/tokens"):
        answer = client.get(path, {"count": "true"})
        if answer.status_code == 403 and (role == "client" or (path, role) in OF_ADMINS):
            continue
        check(document, schema_of(document, path, "get", 200), answer.json())
        assert answer.json()["results"], path
    for path, name in ROWS.items():
        answer = client.get(f"{path}/{getattr(salon, name).pk}")
        if answer.status_code == 403 and (role == "client" or (path, role) in OF_ADMINS):
            continue
        schema = schema_of(document, f"{path}/{{id}}", "get", 200)
        check(document, schema, answer.json())
        hidden = OF_THE_DESK.get(path, set()) if role == "client" else set()
        if path == "/payments":
            hidden = {"checkout_url"}  # of online payments only
        assert set(answer.json()) == properties(document, schema) - hidden
    check(document, schema_of(document, "/auth/me", "get", 200), client.get("/auth/me").json())
    check(document, schema_of(document, "/", "get", 200), client.get("/").json())


def paid_by_both_means(salon):
    """Ids of the cast, with a completed payment, a refund of it, and an online payment."""
    salon.paid = PaymentFactory(appointment=salon.visit, completed=True)
    RefundFactory(payment=salon.paid)
    online = {"payment_method": "online", "provider": "simulator", "key": UUID(int=1)}
    salon.online = PaymentFactory(appointment=salon.visit, checkout_url="https://pay.example/", **online)
    return {name: row.pk for name, row in vars(salon).items()}


@pytest.mark.sweep
def test_readings_have_the_documented_shape(salon, api, document):
    client, ids = api(salon.admin), paid_by_both_means(salon)
    type(salon.organization).objects.filter(pk=salon.organization.pk).update(country="DE")
    for path, asked in READINGS.items():
        answer = client.get(asked.format(**ids))
        assert answer.status_code == 200, answer.json()
        check(document, schema_of(document, path, "get", 200), answer.json())
    schema = schema_of(document, "/payments/{id}", "get", 200)
    answer = client.get(f"/payments/{salon.online.pk}").json()
    check(document, schema, answer)
    assert set(answer) == properties(document, schema)
    page = document["paths"]["/payments/{id}/receipt"]["get"]["responses"]["200"]["content"]
    assert page == {"text/html": {"schema": {"type": "string"}}}


@pytest.mark.sweep
def test_moves_have_the_documented_shape(salon, api, document):
    client, ids = api(salon.admin), paid_by_both_means(salon)
    for path, (asked, body, status) in MOVES.items():
        answer = client.post(asked.format(**ids), body)
        assert answer.status_code == status, answer.json()
        check(document, schema_of(document, path, "post", status), answer.json())


@pytest.mark.sweep
def test_answers_to_writes_have_the_documented_shape(salon, api, document):
    client = api(salon.admin)
    for path, body in BODIES.items():
        body = {
            key: getattr(salon, value[1:]).pk if str(value).startswith("@") else value for key, value in body.items()
        }
        request = document["paths"][path]["post"]["requestBody"]["content"]
        assert list(request) == ["application/json"]
        check(document, request["application/json"]["schema"], body)
        assert set(body) <= properties(document, request["application/json"]["schema"])
        check(document, schema_of(document, path, "post", 201), client.post(path, body).json())
    sign_in = api().post("/auth/login", {"email": salon.client.email, "password": "correct-horse-battery"})
    check(document, schema_of(document, "/auth/login", "post", 200), sign_in.json())


def test_operators_find_the_organization_they_have_to_name(document):
    for path in BODIES:
        schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert ("organization" in properties(document, schema)) == (path not in ("/auth/tokens", "/payments")), path


@pytest.mark.sweep
def test_refusals_have_the_documented_shape(salon, api, document):
    client = api(salon.admin)
    problem = {"$ref": "#/components/schemas/Problem"}
    for answer in (
        api().get("/users"),
        client.get("/users/0"),
        client.get("/users?x=1"),
        client.post("/users", b"[", content_type="application/json"),
        client.post("/services", {"staff": [0, "x"]}),
        client.delete("/users"),
        client.delete(f"/services/{salon.service.pk}"),
    ):
        assert answer.status_code >= 400
        check(document, problem, answer.json())
