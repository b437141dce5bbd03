"""Somebody who writes all the time, repeats what was not answered, and knows afterwards what must be there."""

import http.client
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PAUSE = 0.1  # seconds between two requests of a writer


@dataclass
class Writer:
    """Registers clients over HTTP, one after the other, each with an Idempotency-Key, until it is stopped.

    `acknowledged` are the ids that were answered with 201, `gap` the longest time in seconds between two of them, and
    `last` the clock at the last one.
    """

    address: str
    token: str
    acknowledged: list[int] = field(default_factory=list)
    refused: int = 0
    gap: float = 0.0
    last: float = 0.0

    def __post_init__(self) -> None:
        self.last = time.monotonic()
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._write_on, daemon=True)
        self.thread.start()

    def find_longest_pause(self) -> float:
        """In seconds; one that is not over counts, too."""
        return max(self.gap, time.monotonic() - self.last)

    def stop(self) -> None:
        self.over.set()
        self.thread.join()

    def _write_on(self) -> None:
        for number in itertools.count():
            while not self.over.is_set():
                if made := self._register(number):
                    self.acknowledged.append(made)
                    self.gap, self.last = self.find_longest_pause(), time.monotonic()
                    break
                self.refused += 1
                self.over.wait(PAUSE)
            if self.over.wait(PAUSE):
                return

    def _register(self, number: int) -> int | None:
        """The id of the client; None where it is not known to be saved: the same key again makes no second one."""
        body = {"name": f"Rehearsal {number}", "role": "client", "phone": f"030 {5_000_000 + number}"}
        headers = {"Authorization": f"Bearer {self.token}", "Idempotency-Key": f"rehearsal {id(self)} {number}"}
        try:
            status, answer = ask(self.address, "POST", "/users", body, headers)
        except (OSError, http.client.HTTPException, ValueError):
            return None
        return answer["id"] if status == 201 else None


def ask(address: str, method: str, path: str, body: dict, headers: dict[str, str]) -> tuple[int, dict]:
    """Status and JSON of the answer to one request on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request(method, path, json.dumps(body), {"Content-Type": "application/json"} | headers)
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def sign_in(address: str, email: str, password: str) -> str:
    """A token. Raises OSError while nobody answers."""
    status, answer = ask(address, "POST", "/auth/login", {"email": email, "password": password}, {})
    if status != 200:
        raise OSError(answer.get("detail"))
    return answer["token"]
