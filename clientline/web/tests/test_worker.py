"""The server's worker over real sockets: HTTP as ever, however it comes."""

import http.client
import socket
import time

import pytest
from django.conf import settings
from django.test import Client

from accounts.tests.factories import token_for
from clientline.web.tests.senders import LIVE, answer_on, connect, request

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("gunicorn")]

BOUNDARY = "a-boundary"
FORM = f"""--{BOUNDARY}\r
Content-Disposition: form-data; name="csrfmiddlewaretoken"\r
\r
{"x" * 32}\r
--{BOUNDARY}\r
Content-Disposition: form-data; name="file"; filename="clients.csv"\r
Content-Type: text/csv\r
\r
name;email;phone\r
"""


def test_requests_follow_each_other_on_one_connection_however_they_are_cut(gunicorn, salon):
    token = token_for(salon.admin)
    one = request("PATCH", f"/services/{salon.service.pk}", token, b'{"name": "One"}', "Content-Type: application/json")
    requests = one + LIVE + request("GET", f"/services/{salon.service.pk}", token) + LIVE.replace(b"/live", b"/none")
    for size in (len(requests), 50):
        with connect(gunicorn) as sender:
            for at in range(0, len(requests), size):
                sender.sendall(requests[at : at + size])
                time.sleep(0.01 if size < len(requests) else 0)
            statuses, names = read_answers(sender, 4)
        assert statuses == [200, 200, 200, 404]
        assert names.count(b'"name":"One"') == 2


def read_answers(sender, number):
    """The statuses of so many answers, and all that was read."""
    text = b""
    while text.count(b"HTTP/1.1 ") < number or not is_complete(text):
        text += sender.recv(65536)
    return [int(part[:3]) for part in text.split(b"HTTP/1.1 ")[1:]], text


def is_complete(text):
    head, _, body = text.rpartition(b"HTTP/1.1 ")[2].partition(b"\r\n\r\n")
    length = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(length) and len(body) >= int(length[0].split(b":")[1])


def test_hundreds_of_requests_may_come_in_one_go(gunicorn):
    with connect(gunicorn) as sender:
        sender.sendall(LIVE * 200)
        statuses, _ = read_answers(sender, 200)
    assert statuses == [200] * 200


def test_who_waits_to_be_told_is_told_to_go_on_once(gunicorn, salon):
    body = b'{"name": "Told"}'
    whole = request(
        "POST", "/services", token_for(salon.admin), body, "Expect: 100-continue", "Content-Type: application/json"
    )
    with connect(gunicorn) as sender:
        sender.sendall(whole[: -len(body)])
        assert sender.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        sender.sendall(body)
        assert read_answers(sender, 1)[0] == [201]


def test_a_client_cannot_say_under_which_path_it_asked(gunicorn):
    for header in ("SCRIPT_NAME", "PATH_INFO"):
        assert gunicorn.ask("GET", "/nowhere", headers={header: "/docs"}).status == 404


def test_a_body_in_chunks_arrives(gunicorn, salon):
    sender = http.client.HTTPConnection("127.0.0.1", gunicorn.port, timeout=20)
    headers = {"Authorization": f"Bearer {token_for(salon.admin)}", "Content-Type": "application/json"}
    for name in ("Chunks", "More chunks"):  # on one connection
        parts = (part.encode() for part in ('{"na', f'me": "{name}', '"}'))
        sender.request("POST", "/services", parts, headers, encode_chunked=True)
        answer = sender.getresponse()
        assert (answer.status, name.encode() in answer.read()) == (201, True)
    sender.close()


def test_who_closes_the_sending_half_is_answered(gunicorn):
    with connect(gunicorn) as sender:
        sender.sendall(b"GET /live HTTP/1.0\r\n\r\n")
        sender.shutdown(socket.SHUT_WR)
        assert answer_on(sender)[0] == 200
        assert sender.recv(1) == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\nHost: a\n\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, 431),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfive\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
        (request("POST", "/users", "x", b"", "Transfer-Encoding: chunked"), 400),
    ],
)
def test_what_is_no_request_is_refused_and_the_connection_ends(gunicorn, sent, status):
    with connect(gunicorn) as sender:
        sender.sendall(sent)
        assert answer_on(sender)[0] == status
        assert sender.recv(1) == b""


def test_a_body_that_is_too_large_is_refused_without_being_read(gunicorn, salon):
    token = token_for(salon.admin)
    declared = request("POST", "/users", token).replace(b"Content-Length: 0", b"Content-Length: 300000")
    chunked = (
        declared.replace(b"Content-Length: 300000", b"Transfer-Encoding: chunked") + b"FFFFFF\r\n" + b"x" * 300_000
    )
    for sent in (declared, chunked):
        with connect(gunicorn) as sender:
            sender.sendall(sent)
            status, body = answer_on(sender)
            assert (status, b'"code":"too_large"' in body) == (413, True)
            assert sender.recv(1) == b""


def test_a_body_that_nobody_read_keeps_no_connection_from_the_next_request(gunicorn):
    with connect(gunicorn) as sender:
        for _ in range(2):
            sender.sendall(request("POST", "/admin/login/", "x", b"x" * 900_000) + LIVE)
            assert read_answers(sender, 2)[0] == [403, 200]


def test_a_file_of_megabytes_is_imported(gunicorn, salon):
    browser = Client()
    browser.force_login(salon.manager)
    name = settings.SESSION_COOKIE_NAME
    headers = {
        "Cookie": f"{name}={browser.cookies[name].value}; csrftoken={'x' * 32}",
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
    }
    rows = "".join(f"{'Ann ' * 20};ann{n}@example.com;\r\n" for n in range(4000))
    body = f"{FORM}{rows}\r\n--{BOUNDARY}--\r\n".encode()
    assert len(body) > 400_000
    answer = gunicorn.ask("POST", "/admin/clients/import/", body, headers)
    assert (answer.status, b"4,000 new, 0 known, 0 faulty" in b" ".join(answer.body.split())) == (200, True)
    body = f"{FORM}{rows * 22}\r\n--{BOUNDARY}--\r\n".encode()
    assert 9_000_000 < len(body) < 10_000_000
    answer = gunicorn.ask("POST", "/admin/clients/import/", body, headers)
    assert (answer.status, b"errorlist" in answer.body) == (200, True)
