"""An answer goes out in one parcel, its head and its first bytes together."""

from types import SimpleNamespace

from gunicorn.config import Config
from gunicorn.http import wsgi

from clientline.web import worker  # noqa: F401 -- what a server imports
from clientline.web.headers import HEADERS
from clientline.web.parcels import Response


class Wire:
    def __init__(self):
        self.sent = []

    def sendall(self, data):
        self.sent.append(data)


def answer(*bodies, method="GET", headers=(("Content-Length", "4"),)):
    """What goes through the wire, piece by piece, of an answer with these bodies."""
    wire = Wire()
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False)
    response = Response(request, wire, Config())
    response.start_response("200 OK", [*headers, *HEADERS.items()])
    for body in bodies:
        response.write(body)
    response.close()
    return wire.sent


def test_a_head_travels_with_its_body():
    (parcel,) = answer(b"body")
    head, end, body = parcel.partition(b"\r\n\r\n")
    assert (head.splitlines()[0], end, body) == (b"HTTP/1.1 200 OK", b"\r\n\r\n", b"body")
    said = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    assert said.items() >= (HEADERS | {"Content-Length": "4", "Connection": "keep-alive"}).items()
    assert len(said) == len(HEADERS) + 4  # with Server and Date: none twice


def test_later_pieces_go_by_themselves():
    first, second = answer(b"bo", b"dy")
    assert (first[-6:], second) == (b"\r\n\r\nbo", b"dy")


def test_a_head_without_a_body_is_sent():
    (parcel,) = answer(method="HEAD")
    assert (parcel[:15], parcel[-4:]) == (b"HTTP/1.1 200 OK", b"\r\n\r\n")


def test_a_body_in_chunks_begins_with_its_head():
    first, end = answer(b"body", headers=())
    assert (first[-13:], end) == (b"\r\n\r\n4\r\nbody\r\n", b"0\r\n\r\n")


def test_a_worker_answers_in_parcels():
    assert wsgi.Response is Response
