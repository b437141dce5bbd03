"""What receivers read is true: the section of the OpenAPI document, and docs/developers/webhooks.md with its code."""

import json
import re
import subprocess

import pytest
from django.conf import settings
from django.utils import timezone

from clientline.reach.webhooks.deliveries import write_deliveries
from clientline.reach.webhooks.events import make_body
from clientline.reach.webhooks.ladder import STEPS
from clientline.reach.webhooks.models import TEST, TYPES
from clientline.tests.test_documentation import served_document

pytestmark = pytest.mark.xdist_group("document")  # which is made once
PAGE = settings.BASE_DIR / "docs" / "developers" / "webhooks.md"


BROKEN = (
    {"webhook-signature": "nonsense"},
    {"webhook-signature": "v1,%%%"},
    {"webhook-id": "msg_other"},
    {"webhook-timestamp": "yesterday"},
)
# What a receiver's program is to the sample: it has the secret, and calls it with what it was sent.
PROGRAM = """
const SECRET = %s;
import { readFileSync } from "node:fs";
const calls = JSON.parse(readFileSync(0));
console.log(JSON.stringify(calls.map(({ body, headers }) => receive(body, headers))));
"""


def find_code(text, language):
    return re.search(rf"```{language}\n(.*?)```", text, re.DOTALL).group(1)


@pytest.fixture(scope="module")
def text():
    return PAGE.read_text()


def test_the_document_describes_every_type(db):
    document = served_document()
    assert list(document["webhooks"]) == [*TYPES, TEST]
    event = document["components"]["schemas"]["WebhookEvent"]
    assert event["properties"]["type"]["enum"] == [*TYPES, TEST]
    body = json.loads(make_body(TYPES[0], organization=1, now=timezone.now(), ids={}))
    assert list(body) == event["required"]
    assert list(body["data"]) == event["properties"]["data"]["required"]


def test_the_page_tells_of_every_type_and_every_step(text):
    rows = re.findall(r"^\|(.*)\|$", text, re.MULTILINE)
    told = [name for row in rows for name in re.findall(r"`(\w+\.\w+)`", row.split("|")[0])]
    assert sorted(told) == sorted([*TYPES, TEST])
    hours = ", ".join(str(step // 3600) for step in STEPS[4:-1])
    assert f"after 5 seconds, 5 and 30 minutes, {hours} and 24 hours" in text
    assert STEPS[1:4] == (5, 300, 1800) and STEPS[-1] == 24 * 3600


@pytest.fixture
def heard(salon, receiver, listen, work):
    """The secret of an endpoint, a body, and the request with it that was received."""
    endpoint = listen(salon, receiver.url)
    body = make_body("client.created", organization=salon.organization.pk, now=timezone.now(), ids={"client": 1})
    write_deliveries("client.created", [body], organization=salon.organization.pk, now=timezone.now())
    work()
    [request] = receiver.requests
    return endpoint.secret, body, request


@pytest.mark.sweep
@pytest.mark.django_db
def test_its_code_reads_a_call_and_refuses_all_else(text, heard):
    secret, body, request = heard
    room = {"SECRET": secret}
    code = find_code(text, "python")
    exec(compile(code, str(PAGE), "exec"), room)
    assert room["receive"](request.body.encode(), request.headers) == json.loads(body)
    for broken in BROKEN:
        assert room["receive"](request.body.encode(), request.headers | broken) is None, broken


@pytest.mark.whole
@pytest.mark.django_db
def test_its_javascript_does_the_same(text, heard, modules):
    secret, body, request = heard
    program = modules / "sample.mjs"
    program.write_text(find_code(text, "js") + PROGRAM % json.dumps(secret))
    calls = [{"body": request.body, "headers": request.headers | each} for each in ({}, *BROKEN)]
    told = {"input": json.dumps(calls), "capture_output": True, "text": True, "timeout": 60}
    ran = subprocess.run(["node", program.name], cwd=modules, check=False, **told)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == [json.loads(body), *[None] * len(BROKEN)]
