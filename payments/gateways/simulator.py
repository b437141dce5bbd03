"""A payment provider without money, for demonstrations and tests. It lives beside the database, as a real one would:
what ClientLine rolls back has still happened here."""

import json
import os
import sqlite3
import stat
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from secrets import token_hex
from typing import Any, TypeAlias
from uuid import UUID

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from payments.gateway import (
    COMPLETED,
    FAILED,
    PAYMENT,
    PENDING,
    REFUND,
    Answer,
    BadSignature,
    Declined,
    Event,
    FindKnown,
    NoAnswer,
    Request,
)

HEADER = "Simulator-Signature"
TOLERANCE = 300  # seconds for which a callback is good
SCHEMA = """
    CREATE TABLE IF NOT EXISTS payment (reference TEXT PRIMARY KEY, key TEXT UNIQUE, amount TEXT, currency TEXT,
        description TEXT, outcome TEXT);
    CREATE TABLE IF NOT EXISTS refund (reference TEXT PRIMARY KEY, key TEXT UNIQUE, payment TEXT, amount TEXT,
        outcome TEXT);
    CREATE TABLE IF NOT EXISTS script (id INTEGER PRIMARY KEY, operation TEXT, behaviour TEXT);
"""

Callback: TypeAlias = tuple[bytes, dict[str, str]]  # body and headers, signed

making = threading.Lock()

DECLINE, TIME_OUT, TIME_OUT_AFTERWARDS, DELAY = "decline", "time_out", "time_out_afterwards", "delay"


@contextmanager
def store() -> Iterator[sqlite3.Connection]:
    """The simulator's own database in one transaction, which holds the only write lock."""
    settings.SIMULATOR_FILE.parent.mkdir(parents=True, exist_ok=True)
    make_private(settings.SIMULATOR_FILE)
    with closing(sqlite3.connect(settings.SIMULATOR_FILE, timeout=30, isolation_level=None)) as connection:
        connection.row_factory = sqlite3.Row
        connection.executescript(SCHEMA)
        connection.execute("BEGIN IMMEDIATE")
        yield connection
        connection.execute("COMMIT")


def make_private(path: Path) -> None:
    """Only its owner reads who paid for what; sqlite's journals beside it take after the file.

    Danger: to close the file here would take away the locks that sqlite holds on it for another thread. So it is opened
    only to be made, and while no other thread can have found it.
    """
    with making:
        try:
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            if stat.S_IMODE(path.stat().st_mode) != 0o600:
                path.chmod(0o600)


class SimulatorGateway:
    """The contract of `payments.gateway.Gateway`; below it, what the client, the bank and a test's script do."""

    def begin(self, request: Request) -> Answer:
        with self.misbehave("begin"), store() as db:
            db.execute(
                "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
                [
                    f"sim_{token_hex(12)}",
                    str(request.key),
                    str(request.amount),
                    request.currency,
                    request.description,
                    PENDING,
                ],
            )
            return _make_payment_answer(
                db.execute("SELECT * FROM payment WHERE key = ?", [str(request.key)]).fetchone()
            )

    def look_up(self, reference: str) -> Answer:
        with store() as db:
            return _make_payment_answer(db.execute("SELECT * FROM payment WHERE reference = ?", [reference]).fetchone())

    def expire(self, reference: str) -> Answer:
        with self.misbehave("expire"), store() as db:
            db.execute(
                "UPDATE payment SET outcome = ? WHERE reference = ? AND outcome = ?", [FAILED, reference, PENDING]
            )
            row = db.execute("SELECT * FROM payment WHERE reference = ?", [reference]).fetchone()
            return _make_payment_answer(row)

    def refund(self, request: Request, reference: str) -> Answer:
        with self.misbehave("refund") as behaviour, store() as db:
            if known := _find_refund(db, request.key):
                return _make_refund_answer(known)
            _refuse_excess(db, request, reference)
            outcome = PENDING if behaviour == DELAY else COMPLETED
            db.execute(
                "INSERT INTO refund VALUES (?, ?, ?, ?, ?)",
                [f"simr_{token_hex(12)}", str(request.key), reference, str(request.amount), outcome],
            )
            return _make_refund_answer(_find_refund(db, request.key))

    def look_up_refund(self, key: UUID, reference: str) -> Answer | None:
        with store() as db:
            found = _find_refund(db, key)
        return _make_refund_answer(found) if found else None

    def list_refunds(self, since: datetime, find_known: FindKnown) -> list[Event]:
        """All of them: it notes no times."""
        with store() as db:
            rows = db.execute(
                "SELECT refund.*, payment.key AS paid FROM refund JOIN payment ON payment.reference = refund.payment"
                " WHERE refund.key IS NULL"
            ).fetchall()
        known = find_known([row["reference"] for row in rows])
        return [
            Event(REFUND, None, _make_refund_answer(row), UUID(row["paid"]))
            for row in rows
            if row["reference"] not in known
        ]

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> Event | None:
        stamp, _, signature = headers.get(HEADER, "").partition(".")
        fresh = stamp.isascii() and stamp.isdigit() and abs(time.time() - int(stamp)) <= TOLERANCE
        if not fresh or not constant_time_compare(signature, sign(stamp, body)):
            raise BadSignature
        said = json.loads(body)
        if said["kind"] not in (PAYMENT, REFUND):
            return None
        answer = Answer(said["reference"], said["outcome"], amount=Decimal(said["amount"]))
        return Event(said["kind"], said["key"] and UUID(said["key"]), answer, said["payment"] and UUID(said["payment"]))

    @contextmanager
    def misbehave(self, operation: str) -> Iterator[str | None]:
        """Misbehave as the next line of the script says, if there is one for this operation."""
        with store() as db:
            line = db.execute(
                "DELETE FROM script WHERE id = (SELECT min(id) FROM script WHERE operation = ?) RETURNING behaviour",
                [operation],
            ).fetchone()
        behaviour = line["behaviour"] if line else None
        if behaviour == DECLINE:
            raise Declined("as the script says")
        if behaviour == TIME_OUT:
            raise NoAnswer("as the script says")
        yield behaviour
        if behaviour == TIME_OUT_AFTERWARDS:
            raise NoAnswer("as the script says")

    def script(self, operation: str, *behaviours: str) -> None:
        """How the next calls of `operation` (begin, refund) behave."""
        with store() as db:
            db.executemany(
                "INSERT INTO script (operation, behaviour) VALUES (?, ?)", [(operation, each) for each in behaviours]
            )

    def describe(self, reference: str) -> sqlite3.Row | None:
        """What the client's page says about a payment, or None."""
        with store() as db:
            return db.execute("SELECT * FROM payment WHERE reference = ?", [reference]).fetchone()

    def sum_refunded(self, reference: str) -> Decimal:
        """How much of a payment was given back, refunds under way counted."""
        with store() as db:
            return _sum_given_back(db, reference)

    def finish(self, reference: str, outcome: str = COMPLETED, amount: Decimal | None = None) -> Callback:
        """The client pays, perhaps another `amount`, or gives up; once. The signed callback: body and headers."""
        with store() as db:
            if amount is not None:
                db.execute("UPDATE payment SET amount = ? WHERE reference = ?", [str(amount), reference])
            db.execute(
                "UPDATE payment SET outcome = ? WHERE reference = ? AND outcome = ?", [outcome, reference, PENDING]
            )
            row = db.execute("SELECT * FROM payment WHERE reference = ?", [reference]).fetchone()
        return make_callback(PAYMENT, row)

    def finish_refund(self, key: UUID, outcome: str = COMPLETED) -> Callback:
        """The bank carries a delayed refund out, or does not. The signed callback: body and headers."""
        with store() as db:
            db.execute("UPDATE refund SET outcome = ? WHERE key = ? AND outcome = ?", [outcome, str(key), PENDING])
            row = _find_refund(db, key)
        return make_callback(REFUND, row)

    def refund_elsewhere(self, reference: str, amount: Decimal) -> Callback:
        """Somebody gives money back in the provider's own pages. The signed callback: body and headers."""
        with store() as db:
            made = f"simr_{token_hex(12)}"
            values = [made, None, reference, str(amount), COMPLETED]
            db.execute("INSERT INTO refund VALUES (?, ?, ?, ?, ?)", values)
            row = db.execute("SELECT * FROM refund WHERE reference = ?", [made]).fetchone()
            paid = db.execute("SELECT key FROM payment WHERE reference = ?", [reference]).fetchone()
        return make_callback(REFUND, row, payment=paid["key"])


def _find_refund(db: sqlite3.Connection, key: UUID) -> Any:
    """Its row, or None."""
    return db.execute("SELECT * FROM refund WHERE key = ?", [str(key)]).fetchone()


def _make_payment_answer(row: sqlite3.Row) -> Answer:
    url = f"{settings.PUBLIC_URL}/payments/simulator/{row['reference']}"
    return Answer(row["reference"], row["outcome"], url, Decimal(row["amount"]))


def _make_refund_answer(row: sqlite3.Row) -> Answer:
    return Answer(row["reference"], row["outcome"], amount=Decimal(row["amount"]))


def _sum_given_back(db: sqlite3.Connection, reference: str) -> Decimal:
    rows = db.execute("SELECT amount FROM refund WHERE payment = ? AND outcome <> ?", [reference, FAILED])
    return sum((Decimal(row["amount"]) for row in rows), Decimal(0))


def _refuse_excess(db: sqlite3.Connection, request: Request, reference: str) -> None:
    paid = db.execute("SELECT * FROM payment WHERE reference = ?", [reference]).fetchone()
    if paid is None or paid["outcome"] != COMPLETED:
        raise Declined("there is no such payment to refund")
    if _sum_given_back(db, reference) + request.amount > Decimal(paid["amount"]):
        raise Declined("the refund exceeds the payment")


def make_callback(kind: str, row: sqlite3.Row, payment: str | None = None) -> Callback:
    """Signed. `payment` is the key of what a refund gives back that was made in the provider's own pages."""
    said = {name: row[name] for name in ("key", "reference", "outcome", "amount")} | {"kind": kind, "payment": payment}
    body, stamp = json.dumps(said).encode(), str(int(time.time()))
    return body, {HEADER: f"{stamp}.{sign(stamp, body)}"}


def sign(stamp: str, body: bytes) -> str:
    return salted_hmac("payments.gateways.simulator", f"{stamp}.".encode() + body, algorithm="sha256").hexdigest()
