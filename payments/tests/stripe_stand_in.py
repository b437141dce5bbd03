"""Stripe's HTTP edge, as far as ClientLine uses it: what the official SDK sends is read, and answered in its shape.

It replaces the network alone. The same tests run against Stripe itself where STRIPE_TEST_KEY is set.
"""

import hashlib
import hmac
import json
import re
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

METADATA = "metadata[clientline_key]"


class StandIn:
    """`sessions`, `intents` and `refunds` by id; `broken` answers everything with 500."""

    def __init__(self):
        self.sessions, self.intents, self.refunds, self.answers = {}, {}, {}, {}
        self.broken = False
        self.deaf = False  # to what wants a page closed
        self.busy, self.waits = [], []  # seconds after which to come again, and those that somebody waited
        self.asked = 0  # how often

    def answer(self, method, path, values, idempotency_key):
        """Status and body; a key that was used before gets its answer again."""
        if self.broken:
            return 500, {"error": {"type": "api_error", "message": "broken"}}
        self.asked += 1
        if self.busy:
            return 429, {"error": {"type": "api_error", "message": "busy", "retry_after": self.busy.pop(0)}}
        if idempotency_key in self.answers:
            return self.answers[idempotency_key]
        for pattern, handle in (
            ("POST /v1/checkout/sessions", self.create_session),
            ("GET /v1/checkout/sessions/(cs_[0-9]+)", self.retrieve_session),
            ("POST /v1/checkout/sessions/(cs_[0-9]+)/expire", self.expire_session),
            ("GET /v1/checkout/sessions", self.list_sessions),
            ("GET /v1/payment_intents/(pi_[0-9]+)", lambda values, pk: (200, self.intents[pk])),
            ("POST /v1/refunds", self.create_refund),
            ("GET /v1/refunds", self.list_refunds),
        ):
            if found := re.fullmatch(pattern, f"{method} {path}"):
                answer = handle(values, *found.groups())
                break
        else:
            answer = 404, {"error": {"type": "invalid_request_error", "message": f"Unrecognized: {method} {path}"}}
        if idempotency_key:
            self.answers[idempotency_key] = answer
        return answer

    def create_session(self, values):
        pk = f"cs_{len(self.sessions) + 1}"
        self.sessions[pk] = {
            "id": pk,
            "object": "checkout.session",
            "amount_total": int(values["line_items[0][price_data][unit_amount]"]),
            "currency": values["line_items[0][price_data][currency]"],
            "metadata": {"clientline_key": values[METADATA]},
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "url": f"https://checkout.example/{pk}",
        }
        return 200, self.sessions[pk]

    def retrieve_session(self, values, pk):
        session = self.sessions[pk]
        if values.get("expand[0]") == "payment_intent" and session["payment_intent"]:
            return 200, session | {"payment_intent": self.intents[session["payment_intent"]]}
        return 200, session

    def expire_session(self, values, pk):
        if self.deaf:
            return 500, {"error": {"type": "api_error", "message": "deaf"}}
        session = self.sessions[pk]
        if session["status"] != "open":
            message = 'Only Checkout Sessions with a status in ["open"] can be expired.'
            return 400, {"error": {"type": "invalid_request_error", "message": message}}
        session |= {"status": "expired", "url": None}
        return 200, session

    def list_sessions(self, values):
        own = [each for each in self.sessions.values() if each["payment_intent"] == values["payment_intent"]]
        return 200, {"object": "list", "data": own, "has_more": False, "url": "/v1/checkout/sessions"}

    def create_refund(self, values):
        intent = self.intents.get(values["payment_intent"])
        own = [each for each in self.refunds.values() if each["payment_intent"] == values["payment_intent"]]
        amount = int(values["amount"])
        if intent is None or sum(each["amount"] for each in own) + amount > intent["amount"]:
            message = "Refund amount is greater than unrefunded amount on charge"
            return 400, {"error": {"type": "invalid_request_error", "message": message}}
        pk = f"re_{len(self.refunds) + 1}"
        self.refunds[pk] = {
            "id": pk,
            "object": "refund",
            "amount": amount,
            "currency": intent.get("currency", "eur"),
            "metadata": {"clientline_key": values[METADATA]} if METADATA in values else {},
            "payment_intent": values["payment_intent"],
            "status": "succeeded",
            "created": int(time.time()),
        }
        return 200, self.refunds[pk]

    def list_refunds(self, values):
        own = [
            each
            for each in self.refunds.values()
            if each["payment_intent"] == values.get("payment_intent", each["payment_intent"])
            and each["created"] >= int(values.get("created[gte]", 0))
        ]
        return 200, {"object": "list", "data": own, "has_more": False, "url": "/v1/refunds"}

    def pay(self, reference, units=None):
        """What the client does on the page; `units` are what Stripe takes, where that is not what was asked for."""
        session = self.sessions[reference]
        session["amount_total"] = units or session["amount_total"]
        intent = {"id": reference.replace("cs_", "pi_"), "object": "payment_intent", "status": "succeeded"}
        self.intents[intent["id"]] = intent | {"amount": session["amount_total"]}
        session |= {"payment_status": "paid", "status": "complete", "payment_intent": intent["id"]}


@contextmanager
def serving(stand_in):
    """The stand-in on a port of this machine: yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            sent = parse_qs(self.rfile.read(length).decode()) | parse_qs(url.query)
            values = {name: value[0] for name, value in sent.items()}
            status, body = stand_in.answer(self.command, url.path, values, self.headers.get("Idempotency-Key"))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            if "retry_after" in body.get("error", {}):
                self.send_header("Retry-After", str(body["error"].pop("retry_after")))
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_POST(self):
            self.do_GET()

        def log_message(self, *arguments):
            """Nothing: the tests say what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()  # whose end it looks for so often
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def webhook(secret, kind, row):
    """A signed webhook: body and headers."""
    body = json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": row}})
    stamp = int(time.time())
    signature = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    return body.encode(), {"Stripe-Signature": f"t={stamp},v1={signature}"}
