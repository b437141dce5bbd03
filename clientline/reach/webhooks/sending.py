"""One attempt: an HTTPS POST to the addresses that were judged, which is over after so many seconds, whatever happens.

Nothing of the database is touched here. Redirects are not followed: where they lead, nobody has judged.
"""

import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from http.client import HTTPException, HTTPSConnection
from threading import Event, Thread
from time import monotonic

from django.conf import settings

from clientline.reach.webhooks.targets import BadTarget, Target, look_up, read_url

SECONDS = 15  # the whole attempt, from the look-up of the name to the answer's head
SECONDS_TO_CONNECT = 4  # to one of several addresses
SECONDS_FOR_THE_REST = 1
LONGEST_REST = 16 * 1024  # bytes of the answer's body that are taken, and thrown away


class Failure(StrEnum):
    """Why an attempt is none that succeeded."""

    NONE = ""
    ADDRESS = "address"  # it may not be called
    NAME = "name"  # nobody knows it
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"  # what answered speaks no HTTP
    REDIRECT = "redirect"
    STATUS = "status"


@dataclass(frozen=True)
class Outcome:
    failure: Failure
    status: int | None = None  # None: there was no answer
    retry_after: str | None = None  # as the receiver wrote it
    milliseconds: int = 0


def post(url: str, *, headers: Mapping[str, str], body: str, seconds: float = SECONDS) -> Outcome:
    """Send `body` and say what became of it, after at most `seconds`. Raises nothing."""
    began = monotonic()
    call = _Call(url, headers, body)
    # A thread of its own, as neither the look-up of a name nor a server that sends a byte now and then has an end.
    thread = Thread(target=call.run, daemon=True)
    thread.start()
    call.is_over.wait(seconds)
    failure, status, retry_after = call.outcome
    elapsed = monotonic() - began
    thread.join(SECONDS_FOR_THE_REST if status else 0)  # a receiver whose answer is cut off would call it an error
    call.hang_up()
    return Outcome(failure, status, retry_after, round(elapsed * 1000))


class _Call:
    def __init__(self, url: str, headers: Mapping[str, str], body: str) -> None:
        self.url, self.headers, self.body = url, headers, body.encode()
        self.is_over = Event()
        self.outcome: tuple[Failure, int | None, str | None] = (Failure.TIMEOUT, None, None)
        self.connection: _PinnedConnection | None = None

    def run(self) -> None:
        try:
            self.speak()
        except Exception as error:
            self.end(_name_failure(error))

    def speak(self) -> None:
        target = read_url(self.url)
        addresses = look_up(target)
        if self.is_over.is_set():  # nobody waits any more: what is sent now would be sent twice
            return
        self.connection = _PinnedConnection(target, addresses)
        try:
            self.connection.request("POST", target.path, self.body, dict(self.headers))
            answer = self.connection.getresponse()
            self.end(_judge_status(answer.status), answer.status, answer.getheader("Retry-After"))
            with suppress(OSError, HTTPException):
                answer.read(LONGEST_REST)
        finally:
            self.connection.close()

    def end(self, failure: Failure, status: int | None = None, retry_after: str | None = None) -> None:
        if not self.is_over.is_set():
            self.outcome = (failure, status, retry_after)
            self.is_over.set()

    def hang_up(self) -> None:
        """Wake the thread up, whatever it waits for."""
        self.is_over.set()
        if self.connection and (held := self.connection.sock):
            with suppress(OSError):
                # Not the TLS socket's own shutdown(), after which the thread would read what is no longer encrypted.
                socket.socket.shutdown(held, socket.SHUT_RDWR)


class _PinnedConnection(HTTPSConnection):
    """Speaks to a host by addresses that are given; its name is what the certificate and `Host` are about."""

    def __init__(self, target: Target, addresses: list[str]) -> None:
        super().__init__(target.host, target.port, timeout=SECONDS, context=make_tls())
        self.addresses = addresses

    def connect(self) -> None:
        raw = _connect_to_one(self.addresses, self.port)
        # Named before the handshake, which whoever hangs up may have to end.
        self.sock = make_tls().wrap_socket(raw, server_hostname=self.host, do_handshake_on_connect=False)
        self.sock.settimeout(SECONDS)
        self.sock.do_handshake()


def _connect_to_one(addresses: list[str], port: int) -> socket.socket:
    """The first that answers. Raises the last one's OSError."""
    *others, last = addresses
    for address in others:
        with suppress(OSError):
            return socket.create_connection((address, port), SECONDS_TO_CONNECT)
    return socket.create_connection((last, port), SECONDS_TO_CONNECT)


@cache  # to read the system's certificates takes 20 ms
def make_tls() -> ssl.SSLContext:
    tls = ssl.create_default_context()
    tls.set_alpn_protocols(["http/1.1"])
    return tls


def _judge_status(status: int) -> Failure:
    if 200 <= status < 300:
        return Failure.NONE
    return Failure.REDIRECT if 300 <= status < 400 else Failure.STATUS


# From the narrower to the wider: the first that fits.
FAILURES: list[tuple[type[Exception], Failure]] = [
    (BadTarget, Failure.ADDRESS),
    (socket.gaierror, Failure.NAME),
    (ssl.SSLCertVerificationError, Failure.CERTIFICATE),
    (ssl.SSLError, Failure.TLS),
    (TimeoutError, Failure.TIMEOUT),
    (OSError, Failure.UNREACHABLE),
    (HTTPException, Failure.PROTOCOL),
]


def _name_failure(error: Exception) -> Failure:
    return next((failure for kind, failure in FAILURES if isinstance(error, kind)), Failure.PROTOCOL)


def name_ourselves() -> dict[str, str]:
    """The headers that every attempt has, whatever it tells."""
    return {"Content-Type": "application/json", "User-Agent": f"ClientLine/{settings.VERSION}"}
