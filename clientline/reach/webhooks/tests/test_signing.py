"""Signatures are those of Standard Webhooks: other people's verifiers read them."""

import json
import subprocess
import sysconfig
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from runpy import run_path

import pytest
import standardwebhooks
from django.utils import timezone

from clientline.reach.webhooks.signing import BadSecret, make_headers, make_secret, read_secret, sign

BODY = '{"type":"appointment.booked","data":{"ids":{"appointment":12}}}'
WIDE = '{"ö":"€ 🎉"}'
# One file of svix: the package makes some hundred models when it is imported, half a second in every worker.
SVIX = run_path(str(Path(sysconfig.get_path("purelib"), "svix", "webhooks.py")))
VERIFIERS = {
    "standardwebhooks": (standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError),
    "svix": (SVIX["Webhook"], SVIX["WebhookVerificationError"]),
}
# Of every length that there may be; + and / occur, and none, one and two characters that fill the last four up.
KEYS = [bytes([255, 255, 255, 251, 239, 190, *range(length)]) for length in range(18, 59)]
SECRETS = ["whsec_" + b64encode(key).decode() for key in KEYS]


def headers_of(*secrets, now=None, body=BODY):
    return make_headers(secrets, message_id="msg_1", now=now or timezone.now(), body=body)


def test_the_vector_that_libraries_of_the_specification_test():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    said = {"message_id": "msg_p5jXN8AQM9LWM0D4loKWxJek", "second": 1614265330, "body": '{"test": 2432232314}'}
    assert sign(secret, **said) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secrets_hold_every_letter_that_matters():
    assert {"+", "/"} <= set("".join(SECRETS))
    assert {secret.count("=") for secret in SECRETS} == {0, 1, 2}


@pytest.mark.parametrize("name", VERIFIERS)
@pytest.mark.parametrize("body", [BODY, WIDE])
def test_verifiers_accept_every_secret(name, body):
    verifier, _ = VERIFIERS[name]
    for secret in SECRETS:
        verifier(secret).verify(body, headers_of(secret, body=body))


@pytest.mark.parametrize("name", VERIFIERS)
def test_verifiers_refuse_what_was_changed_or_is_old(name):
    verifier, refusal = VERIFIERS[name]
    secret, other = make_secret(), make_secret()
    for broken in (
        headers_of(other),
        headers_of(secret) | {"webhook-id": "msg_2"},
        headers_of(secret, body=BODY + " "),
        headers_of(secret, now=timezone.now() - timedelta(minutes=6)),
    ):
        with pytest.raises(refusal):
            verifier(secret).verify(BODY, broken)


@pytest.mark.parametrize("name", VERIFIERS)
def test_while_a_secret_is_replaced_either_verifies(name):
    verifier, refusal = VERIFIERS[name]
    new, former, never = make_secret(), make_secret(), make_secret()
    headers = headers_of(new, former)
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, former):
        verifier(secret).verify(BODY, headers)
    with pytest.raises(refusal):
        verifier(never).verify(BODY, headers)


def test_the_second_is_that_of_the_attempt_in_whatever_zone():
    berlin = datetime(2026, 12, 1, 10, tzinfo=UTC).astimezone(timezone.get_fixed_timezone(60))
    assert headers_of(make_secret(), now=berlin)["webhook-timestamp"] == "1796119200"


def test_a_made_secret_is_one():
    assert make_secret() != make_secret()
    assert len(read_secret(make_secret())) == 32


KEY = bytes(range(200, 232))


def test_what_is_no_secret_says_why():
    for secret, why in (
        (b64encode(KEY).decode(), "begins with whsec_"),
        ("whsec_" + urlsafe_b64encode(bytes([251] * 32)).decode(), "standard base64"),
        ("whsec_" + b64encode(KEY).decode().rstrip("="), "standard base64"),
        ("whsec_" + b64encode(KEY).decode() + "\n", "standard base64"),
        ("whsec_" + b64encode(KEY).decode()[:-2] + "d=", "bits that belong to no byte"),
        ("whsec_" + b64encode(bytes(23)).decode(), "this one has 23"),
        ("whsec_" + b64encode(bytes(65)).decode(), "this one has 65"),
        ("whsec_", "this one has 0"),
    ):
        with pytest.raises(BadSecret, match=why):  # which of them, the `why` tells
            read_secret(secret)


VERIFY = """
const { Webhook } = require(process.argv[1]);
const vectors = JSON.parse(require("fs").readFileSync(0));
for (const { secret, body, headers, verifies } of vectors) {
    let answer = true;
    try { new Webhook(secret).verify(body, headers); } catch (error) { answer = false; }
    if (answer !== verifies) { console.log(JSON.stringify({ secret, body, answer })); process.exit(1); }
}
console.log(vectors.length);
"""


@pytest.mark.whole
@pytest.mark.parametrize("package", ["standardwebhooks", "svix"])
def test_verifiers_in_javascript_agree(modules, package):
    new, former = make_secret(), make_secret()
    told = [(secret, body, headers_of(secret, body=body), True) for secret in SECRETS for body in (BODY, WIDE)]
    both = headers_of(new, former)
    told += [(new, BODY, both, True), (former, BODY, both, True)]
    told += [(make_secret(), BODY, both, False), (new, BODY + " ", both, False)]
    vectors = [dict(zip(("secret", "body", "headers", "verifies"), each, strict=True)) for each in told]
    seen = subprocess.run(
        ["node", "-e", VERIFY, package],
        cwd=modules,
        input=json.dumps(vectors),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (seen.returncode, seen.stdout.strip()) == (0, str(len(vectors))), seen.stdout + seen.stderr
