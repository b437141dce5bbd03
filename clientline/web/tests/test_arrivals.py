"""A request on its way in: whole at its last byte and not before, however it is cut, and refused when it cannot be."""

import pytest
from gunicorn.config import Config
from gunicorn.http import get_parser

from clientline.web.arrivals import LARGEST_BODY, LARGEST_HEAD, LARGEST_UPLOAD, LARGEST_WRAPPING, Arrival, Unframed

BARE = b"GET /users?limit=1 HTTP/1.1\r\nHost: a\r\n\r\n"
WHOLE = {
    "bare": BARE,
    "after an empty line": b"\r\n" + BARE,
    "old": b"GET / HTTP/1.0\r\n\r\n",
    "with a body": b"POST /users HTTP/1.1\r\nHost: a\r\ncontent-LENGTH:  5 \r\n\r\n{\r\n\n}",
    "with an empty body": b"POST /users HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
    "in chunks": b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\r\n}\r\n0A ;x=y\r\n0123456789\r\n"
    b"0\r\n\r\n",
    "in no chunk": b"POST /a HTTP/1.1\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n",
    "with trailers": b"POST /a HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\nx\r\n0\r\nDigest: y\r\n\r\n",
    "in upper hexadecimal": b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n00a\r\n0123456789\r\n0\r\n\r\n",
}
JUDGED_BY_GUNICORN = {
    "empty lines": b"\r\n\r\n",
    "no length": b"POST / HTTP/1.1\r\nContent-Length: five\r\n\r\n",
    "another coding": b"POST / HTTP/1.1\r\nTransfer-Encoding: br\r\n\r\n",
    "a length beside chunks": b"POST / HTTP/1.1\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 0\r\nContent-Length: 1\r\n\r\n",
}


def arrival_of(*pieces):
    arrival = Arrival()
    for piece in pieces:
        arrival.receive(piece)
    return arrival


def test_a_request_is_whole_at_its_last_byte():
    for name, request in WHOLE.items():
        for cut in range(len(request)):
            arrival = arrival_of(request[:cut])
            assert not arrival.is_whole, (name, cut)
            arrival.receive(request[cut:])
            assert arrival.is_whole, (name, cut)
        arrival = Arrival()
        for at in range(len(request)):
            assert not arrival.is_whole, (name, at)
            arrival.receive(request[at : at + 1])
        assert (arrival.is_whole, arrival.is_too_large) == (True, False), name


def test_gunicorn_reads_what_is_whole_and_leaves_what_comes_behind():
    configuration = Config()
    for name, request in WHOLE.items():
        parser = get_parser(configuration, [request + b"behind"], ("127.0.0.1", 1))
        next(parser).body.read()
        assert parser.unreader.buf.getvalue() == b"behind", name


def test_what_gunicorn_refuses_at_its_head_waits_for_no_body():
    assert [name for name, request in JUDGED_BY_GUNICORN.items() if not arrival_of(request).is_whole] == []


def test_the_head_says_where_to_and_who():
    lines = b"\r\nGET /users/?a=/b HTTP/1.1\r\nAUTHORIZATION: \tBearer x y \r\nCookie: a=b\r\nX-Cookie: c\r\n\r\n"
    head = arrival_of(lines).head
    values = [head.find_value(name) for name in ("authorization", "cookie", "host", "x-forwarded-for")]
    assert (head.path, head.length, values) == ("/users/", 0, ["Bearer x y", "a=b", "", ""])


def refused(*pieces):
    with pytest.raises(Unframed) as refusal:
        arrival_of(*pieces)
    return refusal.value.status


def test_lines_that_end_without_a_carriage_return_are_not_waited_for():
    assert refused(b"GET / HTTP/1.1\nHost: a\n\n") == 400
    assert refused(b"GET / HTTP/1.1\r\nHost: a", b"\n") == 400
    assert not arrival_of(b"GET / HTTP/1.1\r\nHost: a\r", b"\n").is_whole


def test_a_head_ends_somewhere():
    start, end = b"GET / HTTP/1.1\r\nX: ", b"\r\n\r\n"
    fits = start + b"x" * (LARGEST_HEAD - len(start))
    assert not arrival_of(fits).is_whole
    assert arrival_of(fits, end).is_whole
    assert refused(fits + b"x") == 431
    assert refused(fits + b"x" + end) == 431


def test_a_chunk_says_its_size():
    for size in (b"", b"x", b"-1", b" 1", b"1 1", b"0x1", b"1" * 17):
        assert refused(b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + size + b"\r\n") == 400, size


def test_chunks_may_hold_little_beside_the_body():
    one = b"1;" + b"x" * 1000 + b"\r\n.\r\n"
    assert (
        refused(b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", one * (LARGEST_WRAPPING // 1000 + 1)) == 413
    )
    assert refused(b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"1" * (LARGEST_WRAPPING + 1)) == 413


@pytest.mark.parametrize(("path", "most"), [(b"/users", LARGEST_BODY), (b"/admin/users/", LARGEST_UPLOAD)])
def test_a_body_that_is_too_large_is_not_waited_for(path, most):
    start = b"POST " + path + b" HTTP/1.1\r\nContent-Length: "
    fits, larger = (arrival_of(start + str(length).encode() + b"\r\n\r\n") for length in (most, most + 1))
    assert (fits.is_whole, fits.is_too_large) == (False, False)
    assert (larger.is_whole, larger.is_too_large) == (True, True)


def test_chunks_are_waited_for_until_they_hold_too_much():
    arrival = arrival_of(b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n.\r\nFFFFFF\r\n")
    arrival.receive(b"x" * (LARGEST_BODY - 1))
    assert not arrival.is_whole
    arrival.receive(b"x")
    assert (arrival.is_whole, arrival.is_too_large) == (True, True)


@pytest.mark.parametrize(
    ("body", "rest"),
    [(b"Content-Length: 2", b"{}"), (b"Transfer-Encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n")],
    ids=["length", "chunks"],
)
def test_who_waits_to_be_told_is_told_once(body, rest):
    head = b"POST /a HTTP/1.1\r\nExpect: 100-Continue\r\n" + body + b"\r\n\r\n"
    arrival = arrival_of(head)
    assert [arrival.stop_waiting_to_be_told() for _ in range(2)] == [True, False]
    arrival.receive(rest[:1])
    assert not arrival.is_whole
    arrival.receive(rest[1:])
    assert (arrival.is_whole, bytes(arrival.data)) == (True, head.replace(b"\r\nExpect: 100-Continue", b"") + rest)
    assert not arrival_of(head + rest).stop_waiting_to_be_told()  # gunicorn tells it, which does no harm any more
