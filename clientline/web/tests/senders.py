"""Who speaks HTTP over a socket by hand: in pieces, half of it, or slowly."""

import http.client
import socket

HEAD = b"Host: 127.0.0.1\r\n"
LIVE = b"GET /live HTTP/1.1\r\n" + HEAD + b"\r\n"
# What somebody has sent who then sends no more.
HALF_SENT = [
    b"G",
    b"GET /users HTTP/1.1\r\nHost: 127.0.0.1\r\n",
    b"POST /auth/login HTTP/1.1\r\n" + HEAD + b"Content-Length: 200000\r\n\r\n{",
    b"POST /auth/login HTTP/1.1\r\n" + HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    b"POST /auth/login HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{",
    b"POST /admin/clients/import/ HTTP/1.1\r\n" + HEAD + b"Content-Length: 9000000\r\n\r\n" + b"x" * 300_000,
    b"POST /users HTTP/1.1\r\n" + HEAD + b"Content-Length: 300000\r\n\r\n",
    LIVE[:-1],
]


def connect(server):
    return socket.create_connection(("127.0.0.1", server.port), timeout=20)


def answer_on(sender):
    """The status of the next answer, and its body."""
    response = http.client.HTTPResponse(sender)
    response.begin()
    return response.status, response.read()


def request(method, path, token, body=b"", *headers):
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {token}", *headers]
    return "".join(f"{line}\r\n" for line in [*lines, f"Content-Length: {len(body)}", ""]).encode() + body


def ask(server, path, token):
    assert server.ask("GET", path, headers={"Authorization": f"Bearer {token}"}).status == 200


def has_ended(sender):
    try:
        return not sender.recv(65536)
    except BlockingIOError:
        return False
    except OSError:
        return True
