"""Reading problem documents in tests."""

from http import HTTPStatus

KEYS = ["type", "title", "status", "code", "detail", "instance"]


def problem(answer):
    """Status and code of a refusal, once its whole shape is right."""
    body = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    assert list(body)[:6] == KEYS
    assert ("errors" in body) == (answer.status_code == 400)
    assert body["status"] == answer.status_code
    assert body["title"] == HTTPStatus(answer.status_code).phrase
    assert body["type"] == f"/errors/{body['code']}"
    assert isinstance(body["detail"], str) and body["detail"]
    for error in body.get("errors", []):
        assert list(error) == ["field", "code", "detail"]
    return answer.status_code, body["code"]


def fields(answer):
    """The fields that a 400 blames, with the code for each."""
    assert problem(answer) == (400, "validation_error")
    return {error["field"]: error["code"] for error in answer.json()["errors"]}
