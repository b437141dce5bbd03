"""A token for reading changes nothing, whatever the path: who adds an operation need not think of it."""

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from accounts import tokens
from clientline.tests.problems import problem
from clientline.tests.test_documentation import PATHS
from organizations.models import Audit

pytestmark = pytest.mark.sweep

CHANGES = [
    (method, path)
    for path, methods in PATHS.items()
    for method in methods.split()
    if method != "get" and path not in ("/auth/login", "/auth/logout")
]


@pytest.fixture
def reader(salon):
    _, secret = tokens.issue_token(salon.admin, now=timezone.now(), name="Display", scope="read")
    return APIClient(headers={"Authorization": f"Bearer {secret}"})


def test_every_change_is_refused_to_a_token_for_reading(salon, reader):
    assert len(CHANGES) > 40
    last = Audit.objects.latest("id").pk
    for method, path in CHANGES:
        real = path.format(id=salon.visit.pk, payment=salon.payment.pk, provider="simulator", webhook=1)
        assert problem(getattr(reader, method)(real, {})) == (403, "insufficient_scope"), (method, path)
        [(last, action)] = Audit.objects.filter(pk__gt=last).values_list("pk", "action")
        assert (method, path, action) == (method, path, "refused")


def test_whoever_reads_may_still_sign_in_and_out(salon, reader):
    assert problem(reader.post("/auth/login", {"email": "nobody@salon.example", "password": "x"})) == (
        401,
        "invalid_credentials",
    )
    assert reader.post("/auth/logout").status_code == 204
    assert problem(reader.get("/auth/me")) == (401, "not_authenticated")
