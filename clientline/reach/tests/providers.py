"""Stand-ins for other companies' servers over HTTP: Twilio's Messages resource, and Postmark's."""

import base64
import hashlib
import hmac
import json
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

import pytest


class Provider:
    """Keeps what it was sent; `answers` are (status, body) of the next calls, a number a silence of so many seconds,
    None a connection cut off. Then it takes everything.
    """

    def __init__(self):
        self.calls, self.answers, self.released = [], [], threading.Event()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.make_handler())
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def make_handler(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.calls.append({"path": self.path, "headers": dict(self.headers), "body": provider.read(body)})
                said = provider.answers.pop(0) if provider.answers else provider.accept(self.headers)
                if isinstance(said, (int, float)):
                    provider.released.wait(said)
                if not isinstance(said, tuple):
                    self.close_connection = True
                    return
                with suppress(OSError):
                    self.send_response(said[0])
                    self.send_header("Content-Type", "application/json")
                    self.end_headers()
                    self.wfile.write(json.dumps(said[1]).encode())

            def log_message(self, *told):
                pass

        return Handler

    def close(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


class Twilio(Provider):
    """Knows one account, and signs what it tells afterwards as Twilio's documentation has it."""

    account, token = "AC00000000000000000000000000000001", "s3cret"

    def read(self, body):
        return dict(parse_qsl(body))

    def accept(self, headers):
        proof = base64.b64encode(f"{self.account}:{self.token}".encode()).decode()
        if headers["Authorization"] != f"Basic {proof}":
            return 401, {"code": 20003, "message": "Authenticate", "status": 401}
        return 201, {"sid": f"SM{len(self.calls):032}", "status": "queued"}

    def sign(self, url, form):
        said = url.encode()
        for name, value in sorted(form.items()):
            said += name.encode() + value.encode()
        return base64.b64encode(hmac.new(self.token.encode(), said, hashlib.sha1).digest()).decode()


class Postmark(Provider):
    def read(self, body):
        return json.loads(body)

    def accept(self, headers):
        number = f"b7bc2f4a-e38e-4336-af7d-{len(self.calls):012}"
        to = self.calls[-1]["body"]["To"]
        return 200, {"To": to, "MessageID": number, "ErrorCode": 0, "Message": "OK", "SubmittedAt": "2026-12-01T10:00Z"}


def _serve(provider):
    yield provider
    provider.close()


@pytest.fixture
def twilio(settings):
    provider = Twilio()
    settings.SMS_PROVIDER, settings.SMS_FROM, settings.TWILIO_API_URL = "twilio", "+15005550006", provider.url
    settings.TWILIO_ACCOUNT, settings.TWILIO_TOKEN = provider.account, provider.token
    settings.PUBLIC_URL = "https://book.clientline.example"
    yield from _serve(provider)


@pytest.fixture
def postmark(settings, monkeypatch):
    # Of another service, and half a second to import: anymail does without it where it is not installed.
    monkeypatch.setitem(sys.modules, "svix", None)
    provider = Postmark()
    settings.EMAIL_BACKEND, settings.USES_ANYMAIL = "anymail.backends.postmark.EmailBackend", True
    settings.DEFAULT_FROM_EMAIL = "visits@clientline.example"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"{provider.url}/",
        "WEBHOOK_SECRET": "postmark:secret",
    }
    yield from _serve(provider)
