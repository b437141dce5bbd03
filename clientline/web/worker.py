"""gunicorn's worker with threads, which spends a thread on a request only once that is whole and its turn.

Until then its connection lies in the poller, where silent and slow senders cost next to nothing; who has not sent a
whole request within ten seconds is cut off. `/live` is answered there too, whatever the threads do.
"""

import errno
import select
import selectors
import socket
import struct
from concurrent import futures
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from itertools import takewhile
from time import monotonic
from types import SimpleNamespace

from django.conf import settings
from gunicorn import http
from gunicorn.errors import ConfigError
from gunicorn.http.errors import ParseException

# Undocumented: gunicorn names its workers, and not how they are made. Without it, no server starts.
from gunicorn.workers.gthread import TConn, ThreadWorker

from clientline.web import parcels, shares
from clientline.web.addresses import find_network
from clientline.web.arrivals import LARGEST_BODY, Arrival, Unframed
from clientline.web.error_pages import ADMIN_PREFIX

PATIENCE = 10  # seconds for a request to come in, for each 256 KiB of a larger one, and for its answer to be taken
MOMENT = 0.5  # seconds for the beginning of a request, on a connection that comes as the worker stops
FAREWELL = 2  # seconds in which the other side may take the end of its answer, and close
PIECE = 64 * 1024
MOST_BUFFERED = 64 * 1024 * 1024  # bytes, of all that is on its way in
LIVE = ("/live", "/live/")
OUTSIDE = ("/ready", "/ready/", "/metrics", "/metrics/")
SEARCHES = ("/availability",)


class Received:
    """Stands for the socket where gunicorn reads: there is nothing to wait for behind what has come in."""

    def __init__(self):
        self.data = memoryview(b"")

    def recv(self, size):
        piece, self.data = self.data[:size], self.data[size:]
        return bytes(piece)


parcels.send_in_parcels()


class Connection(TConn):
    """A client's connection."""

    def __init__(self, worker, client, address, server):
        super().__init__(worker.cfg, client, address, server)
        self.worker = worker
        self.source = Received()
        self.parser = http.get_parser(self.cfg, self.source, address)
        self.data_ready = True  # else a thread would wait for it
        self.arrival = Arrival()
        self.turn = None
        self.counted = 0  # bytes on their way in, as the worker counts them
        # A thread that writes waits for the reader no longer than this at a time.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", PATIENCE, 0))

    def close(self, graceful=False):
        if not (graceful and self.worker.see_off(self)):
            super().close()

    def hand_over(self):
        """Let gunicorn read what came in: one whole request, and perhaps the beginning of the next."""
        self.source.data = memoryview(self.arrival.data)

    def take_rest(self):
        """What came in behind the request that is answered."""
        rest = self.parser.unreader.take_buffered() + bytes(self.source.data)
        self.source.data = memoryview(b"")
        return rest

    def tell(self, status):
        """Say a status alone, if that can be said without waiting."""
        closing = "Connection: close\r\nContent-Length: 0\r\n" if status >= 400 else ""
        with suppress(OSError):
            self.sock.send(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{closing}\r\n".encode())

    @property
    def can_be_written(self):
        room = select.poll()
        room.register(self.sock, select.POLLOUT)
        return bool(room.poll(0))


class Worker(ThreadWorker):
    @classmethod
    def check_config(cls, cfg, log):
        if cfg.is_ssl or cfg.proxy_protocol != "off" or cfg.http_protocols != ["h1"]:
            raise ConfigError(
                "ClientLine is served by plain HTTP/1.1: let a proxy end TLS, HTTP/2 and the PROXY protocol."
            )
        super().check_config(cfg, log)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.arriving = {}  # connections whose request is on its way, those that wait longest first
        self.leaving = {}  # connections that are answered for the last time
        self.buffered = 0
        self.turns = shares.Turns(self.cfg.threads)

    # Coming in

    def accept(self, listener):
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections:
            self.make_room()
        self.expect(Connection(self, client, address, listener.getsockname()))

    def make_room(self):
        """End the connection that has done nothing for longest: with all places taken, nobody would be accepted."""
        if self.arriving:
            conn = next(iter(self.arriving))
            self.forget(conn)
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
        else:
            return
        self.drop(conn)

    def on_client_socket_readable(self, conn, client):
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self.expect(conn)

    def enqueue_req(self, conn):
        """gunicorn calls this where a connection that it keeps has sent the next request already."""
        self.method_queue.defer(self.expect, conn, conn.take_rest())

    def expect(self, conn, received=None):
        """Let the next request come in, of which this is the beginning."""
        conn.arrival = Arrival()
        conn.sock.setblocking(False)
        if self.settle(conn, received or _read_socket(conn.sock)):  # mostly all of it is there already
            return
        conn.since = monotonic()
        conn.timeout = conn.since + PATIENCE
        self.arriving[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.receive, conn))
        self.count(conn)

    def receive(self, conn, client):
        if not self.settle(conn, _read_socket(client)):
            self.count(conn)

    def settle(self, conn, received):
        """Whether nothing more has to come in, with what did: bytes, none at the end, or None for nothing so far."""
        if received is None:
            return False
        if not received:
            self.forget(conn)
            self.drop(conn)
            return True
        try:
            conn.arrival.receive(received)
        except Unframed as refused:
            self.cut_off(conn, refused.status)
            return True
        if conn.arrival.is_whole:
            self.forget(conn)
            self.admit(conn)
            return True
        if conn.arrival.stop_waiting_to_be_told():
            conn.tell(100)
        return False

    def count(self, conn):
        """Note how much has come in. A large body has its time for each part, and of too many the slowest ends."""
        size = len(conn.arrival.data)
        if size // LARGEST_BODY > conn.counted // LARGEST_BODY:
            conn.timeout = monotonic() + PATIENCE
            self.arriving[conn] = self.arriving.pop(conn)  # those whose time ends first stay in front
        self.buffered += size - conn.counted
        conn.counted = size
        while self.buffered > MOST_BUFFERED:
            self.cut_off(next(iter(self.arriving)), 503)

    def forget(self, conn):
        """If it was on its way, it is so no more."""
        if conn in self.arriving:
            del self.arriving[conn]
            self.poller.unregister(conn.sock)
            self.buffered -= conn.counted
            conn.counted = 0

    def cut_off(self, conn, status=408):
        """Refuse what is on its way; who has sent nothing is told nothing."""
        self.forget(conn)
        if conn.arrival.data:
            conn.tell(status)
            self.nr_conns -= 1
            conn.close(graceful=True)
        else:
            self.drop(conn)

    def drop(self, conn):
        self.nr_conns -= 1
        conn.close()

    # Being answered

    def admit(self, conn):
        """Give a whole request its turn."""
        conn.hand_over()
        path = conn.arrival.head.path
        if path in LIVE:
            self.answer_here(conn)
            return
        self.turns.add(_find_share(conn, path), conn, now=monotonic())
        self.dispatch()

    def answer_here(self, conn):
        """Only what needs no database and is short. A thread that never ends must not be able to hold it up."""
        if not conn.can_be_written:  # it asks and asks, and takes no answer
            self.drop(conn)
            return
        done = futures.Future()
        done.set_result(self.handle(conn))
        self.finish_request(conn, done)

    def dispatch(self):
        while (turn := self.turns.take(now=monotonic())) is not None:
            turn.request.turn = turn
            super().enqueue_req(turn.request)

    def handle_request(self, req, conn):
        if conn.arrival.is_too_large:
            req.force_close()  # or the rest of its body would be read for a next request
        try:
            is_kept = super().handle_request(req, conn)
        except BlockingIOError as error:
            raise ConnectionResetError(errno.ECONNRESET, "The answer was not taken.") from error
        return is_kept and _skip_body(req.body)

    def finish_request(self, conn, fs):
        if conn.turn:
            self.turns.end(conn.turn, now=monotonic())
            conn.turn = None
        rest = conn.take_rest()
        conn.arrival = Arrival()  # an idle connection holds no ten megabytes
        if rest:
            conn.parser.unreader.unread(rest)  # where gunicorn looks for it
        super().finish_request(conn, fs)
        self.dispatch()

    # Leaving

    def see_off(self, conn):
        """Whether the connection stays until the other side has closed it, too.

        gunicorn would wait for that right here, for two seconds in which nobody else is served. Closed at once, with
        something unread, the end of the answer could be lost.
        """
        if not self.alive:
            return False
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        conn.timeout = monotonic() + FAREWELL
        self.nr_conns += 1
        self.leaving[conn] = None
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self.read_away, conn))
        return True

    def read_away(self, conn, client):
        if _read_socket(client) == b"":
            self.let_go(conn)

    def let_go(self, conn):
        self.poller.unregister(conn.sock)
        del self.leaving[conn]
        self.drop(conn)

    def murder_pending(self):
        """What gunicorn calls between events: end what took too long."""
        now = monotonic()
        if not self.alive:
            self.hurry(now)
        for conn in _select_overdue(self.arriving, now):
            self.cut_off(conn)
        for conn in _select_overdue(self.leaving, now):
            self.let_go(conn)
        for turn in self.turns.give_up(now=now):
            self.turn_away(turn.request)
        self.dispatch()  # who was here may have gone

    def hurry(self, now):
        """A worker that stops waits for others as long as for the end of an answer, for silent senders a moment.

        Who has just come sends a request, most likely, and could not know that it should have gone to another worker.
        """
        for conn in list(self.arriving):
            conn.timeout = min(conn.timeout, now + FAREWELL)
            if not conn.arrival.data and conn.since <= now - MOMENT:
                self.cut_off(conn)

    def turn_away(self, conn):
        token = shares.has_waited_too_long.set(True)
        try:
            self.answer_here(conn)
        finally:
            shares.has_waited_too_long.reset(token)


def _read_socket(client):
    """What has come in by now: bytes, none at the end of the connection, or None for nothing."""
    try:
        return client.recv(PIECE)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def _skip_body(body):
    """Whether the next request can be read behind this body, of which the application may have left something.

    gunicorn itself would give a connection up behind 64 KiB, though the answer said that it stays: a proxy that sent
    its next request meanwhile would answer 502.
    """
    try:
        body.read()
    except (OSError, ParseException):
        return False
    return True


def _select_overdue(connections, now):
    """Those whose time is over, of connections that stand in its order."""
    return list(takewhile(lambda conn: conn.timeout <= now, connections))


def _find_share(conn, path):
    """Whose share of the threads the request uses."""
    if path in OUTSIDE:
        return shares.Share(None)
    head = conn.arrival.head
    session = _find_session(head.find_value("cookie"))
    credential = session if path.startswith(ADMIN_PREFIX) else head.find_value("authorization") or session
    owner = shares.organizations.find(credential) or _find_sender(conn, head)
    return shares.Share(owner, is_search=path.startswith(SEARCHES))


def _find_session(cookies):
    return cookies.partition(f"{settings.SESSION_COOKIE_NAME}=")[2].partition(";")[0]


def _find_sender(conn, head):
    """Strangers are told apart by where they come from."""
    address = conn.client[0] if isinstance(conn.client, tuple) else ""
    meta = {"REMOTE_ADDR": address, "HTTP_X_FORWARDED_FOR": head.find_value("x-forwarded-for")}
    return f"address {find_network(SimpleNamespace(META=meta))}"
