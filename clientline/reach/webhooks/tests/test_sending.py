"""One attempt: over HTTPS to the address that was judged, and over in time whatever the receiver does."""

import socket
import threading
import time

import pytest

from clientline.reach.webhooks import sending, targets
from clientline.reach.webhooks.sending import Failure, post
from clientline.reach.webhooks.tests.receiver import Receiver, make_authority

BODY = '{"type":"appointment.booked"}'


def send(url, seconds=5):
    return post(url, headers={"webhook-id": "msg_1"} | sending.name_ourselves(), body=BODY, seconds=seconds)


def test_a_receiver_gets_the_body_and_the_headers(receiver):
    outcome = send(receiver.url)
    assert (outcome.failure, outcome.status) == ("", 204)
    [request] = receiver.requests
    assert (request.path, request.body) == ("/webhooks?from=clientline", BODY)
    assert request.headers["host"] == f"localhost:{receiver.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "msg_1"
    assert request.headers["user-agent"].startswith("ClientLine/")


def test_two_hundreds_are_a_success(receiver):
    for status, failure in ((200, ""), (202, ""), (204, ""), (400, "status"), (410, "status"), (500, "status")):
        receiver.status = status
        outcome = send(receiver.url)
        assert (outcome.failure, outcome.status) == (failure, status)


def test_a_redirect_fails_and_is_not_followed(receive):
    inside, receiver = receive(), receive()
    receiver.headers = {"Location": inside.url}
    for status in (301, 302, 303, 307, 308):
        receiver.status = status
        outcome = send(receiver.url)
        assert (outcome.failure, outcome.status, inside.requests) == (Failure.REDIRECT, status, [])


def test_what_the_receiver_asks_for_is_told(receiver):
    receiver.status, receiver.headers = 429, {"Retry-After": "120"}
    assert send(receiver.url).retry_after == "120"


def test_a_receiver_that_hangs_is_left_in_time(receiver):
    receiver.after = 60
    outcome = send(receiver.url, seconds=0.3)
    assert (outcome.failure, outcome.status, receiver.ended) == (Failure.TIMEOUT, None, False)


@pytest.mark.parametrize("beginning", [b"H" * 1000, b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100])
def test_so_is_one_that_says_a_letter_now_and_then(receiver, beginning):
    receiver.bytes = beginning
    assert (send(receiver.url, seconds=0.3).failure, receiver.ended) == (Failure.TIMEOUT, False)


def test_and_one_that_never_begins_to_encrypt(settings, trusted):
    settings.WEBHOOK_NETWORKS = ["127.0.0.1"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.WEBHOOK_PORTS = [silent.getsockname()[1]]
        assert send(f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.3).failure == Failure.TIMEOUT


def test_an_answer_without_an_end_is_a_success_that_costs_a_second(receiver):
    receiver.bytes = b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1000
    assert (send(receiver.url, seconds=60).failure, receiver.ended) == (Failure.NONE, False)


def test_threads_end_once_they_are_left(receiver):
    receiver.after = 60
    before = threading.active_count()
    send(receiver.url, seconds=0.3)
    receiver.released.set()
    deadline = time.monotonic() + 60
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_a_name_is_looked_up_once_and_called_where_it_was_judged(receive, settings, monkeypatch):
    """Whoever owns a name may answer otherwise a moment later: nobody asks a second time."""
    receiver = receive(name="receiver.example")
    settings.WEBHOOK_NETWORKS, asked, look_up = ["127.0.0.1"], [], socket.getaddrinfo

    def answer(host, *told, **options):
        if host != "receiver.example":
            return look_up(host, *told, **options)
        asked.append(host)
        return look_up("127.0.0.1" if len(asked) == 1 else "127.0.0.9", *told, **options)

    monkeypatch.setattr(targets.socket, "getaddrinfo", answer)
    assert send(receiver.url).failure == Failure.NONE
    assert (len(receiver.requests), asked) == (1, ["receiver.example"])
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"
    assert send(receiver.url).failure == Failure.ADDRESS  # the next attempt asks, and hears another answer


def test_a_name_that_leads_inside_is_never_called(receiver, settings):
    settings.WEBHOOK_NETWORKS = []
    outcome = send(receiver.url)
    assert (outcome.failure, receiver.requests) == (Failure.ADDRESS, [])


def test_a_certificate_of_nobody_known_is_refused(receive, settings):
    stranger = Receiver(make_authority())
    settings.WEBHOOK_NETWORKS, settings.WEBHOOK_PORTS = ["127.0.0.0/8", "::1"], [stranger.port]
    try:
        assert (send(stranger.url).failure, stranger.requests) == (Failure.CERTIFICATE, [])
    finally:
        stranger.close()


def test_so_is_one_for_another_name(receiver):
    assert send(receiver.url.replace("localhost", "127.0.0.1")).failure == Failure.CERTIFICATE


def test_what_cannot_be_reached_says_how(settings, trusted):
    settings.WEBHOOK_NETWORKS = ["127.0.0.0/8"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    settings.WEBHOOK_PORTS = [port]
    assert send(f"https://127.0.0.1:{port}/").failure == Failure.UNREACHABLE
    assert send(f"https://nobody.invalid:{port}/").failure == Failure.NAME
    assert send("https://127.0.0.1:1/").failure == Failure.ADDRESS
