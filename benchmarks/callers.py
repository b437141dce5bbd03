"""Callers with kept-alive connections, in a process of their own: they share no interpreter lock with a server."""

import re
import socket
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context

LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)


def http(method, path, token="", body=b""):
    """A request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def ask(connection, request):
    """Send one request and read its answer; returns the status."""
    connection.sendall(request)
    answer = connection.recv(1 << 18)
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += connection.recv(1 << 18)
    missing = end + 4 + int(LENGTH.search(answer, 0, end)[1]) - len(answer)
    while missing > 0:
        missing -= len(connection.recv(1 << 18))
    return int(answer[9:12])


def call(port, requests, status):
    """Ask for one after the other; returns how long each took, in seconds."""
    waits = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for request in requests:
            began = time.perf_counter()
            answered = ask(connection, request)
            waits.append(time.perf_counter() - began)
            if answered != status:
                raise RuntimeError(f"{answered} for {request.splitlines()[0]}")
    return waits


def call_at_once(port, requests_by_caller, status=200):
    """All callers together: how long it took altogether, and each answer, in seconds."""
    with ThreadPoolExecutor(len(requests_by_caller)) as threads:
        began = time.perf_counter()
        waits = [threads.submit(call, port, requests, status) for requests in requests_by_caller]
        waits = [wait for caller in waits for wait in caller.result()]
        return time.perf_counter() - began, waits


def call_for(port, request, seconds):
    """Ask the same again and again for so long; returns how long each answer took, in seconds."""
    ends, waits = time.perf_counter() + seconds, []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while (began := time.perf_counter()) < ends:
            if (status := ask(connection, request)) != 200:
                raise RuntimeError(f"{status} for {request.splitlines()[0]}")
            waits.append(time.perf_counter() - began)
    return waits


def call_together(port, request, seconds, callers):
    """So many callers do that at once; returns the times of all answers."""
    with ThreadPoolExecutor(callers) as threads:
        waits = [threads.submit(call_for, port, request, seconds) for _ in range(callers)]
        return [wait for caller in waits for wait in caller.result()]


def other_process():
    """An executor of one process, which inherits nothing."""
    return ProcessPoolExecutor(1, mp_context=get_context("spawn"))
