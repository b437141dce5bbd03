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
    for method, path in CHANGES:
        before = Audit.objects.count()
        real = path.format(id=salon.visit.pk, payment=salon.payment.pk, provider="simulator", webhook=1)
        assert problem(getattr(reader, method)(real, {})) == (403, "insufficient_scope"), (method, path)
        assert list(
            Audit.objects.order_by("-id").values_list("action", flat=True)[: Audit.objects.count() - before]
        ) == ["refused"]


def test_whoever_reads_may_still_sign_in_and_out(salon, reader):
    assert problem(reader.post("/auth/login", {"email": "nobody@salon.example", "password": "x"})) == (
        401,
        "invalid_credentials",
    )
    assert reader.post("/auth/logout").status_code == 204
    assert problem(reader.get("/auth/me")) == (401, "not_authenticated")
