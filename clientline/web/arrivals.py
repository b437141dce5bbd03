"""What has come in of one request, before any thread is spent on it: whether it is whole, and what its head says.

Requests are framed as gunicorn frames them, which parses and judges those that are whole. What cannot become whole
is refused with a status alone: whoever sends it speaks no HTTP.
"""

import re
from dataclasses import dataclass

from django.conf import settings

from clientline.web.error_pages import ADMIN_PREFIX

LARGEST_BODY = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
LARGEST_UPLOAD = 10_000_000  # bytes; a form that takes files says itself what it takes
LARGEST_HEAD = 64 * 1024
LARGEST_WRAPPING = 64 * 1024  # of a body in chunks, beside what it holds

HEAD_ENDS = b"\r\n\r\n"
BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
CODINGS = re.compile(rb"\r\ntransfer-encoding:([^\r]*)")
EXPECTATION = re.compile(rb"\r\nexpect:[^\r]*", re.IGNORECASE)
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(;|$)")


class Unframed(Exception):
    """What came in is the beginning of no request that could be answered; `status` says why."""

    def __init__(self, status):
        super().__init__(status)
        self.status = status


def find_largest_body(path):
    """How many bytes of a body are taken at most, by path."""
    return LARGEST_UPLOAD if path.startswith(ADMIN_PREFIX) else LARGEST_BODY


@dataclass(slots=True)
class Head:
    """What a request says before its body."""

    lines: bytes
    lower: bytes
    path: str
    length: int | None = None  # of the body, in bytes; None for one in chunks

    @classmethod
    def parse(cls, lines):
        # gunicorn passes one empty line over.
        target = lines.removeprefix(b"\r\n").partition(b"\r\n")[0].partition(b" ")[2].partition(b" ")[0]
        head = cls(lines, lines.lower(), target.partition(b"?")[0].decode("latin-1"))
        is_chunked, declared = b"chunked" in b",".join(CODINGS.findall(head.lower)), head.find_value("content-length")
        if declared or not is_chunked:
            # What gunicorn refuses at once has no body to wait for: both together, and what is no number.
            head.length = int(declared) if declared.isascii() and declared.isdigit() and not is_chunked else 0
        return head

    def find_value(self, name):
        """The first value under this name, or an empty text."""
        at = self.lower.find(f"\r\n{name}:".encode())
        if at < 0:
            return ""
        begins = at + len(name) + 3
        return self.lines[begins : self.lines.index(b"\r\n", begins)].strip(b" \t").decode("latin-1")


class Arrival:
    """One request on its way in. `is_whole` once a thread can answer it without waiting for whoever sends it."""

    def __init__(self):
        self.data = bytearray()
        self.head = self.chunks = None
        self.body_begins = 0
        self.is_whole = False
        self.is_too_large = False  # it is answered without its body, and the connection closed

    def receive(self, data):
        """Take what came in; raises Unframed."""
        looked_at = max(0, len(self.data) - 3)
        self.data += data
        if self.head is None:
            self._find_head(looked_at)
        if self.head is not None:
            self._measure_body()

    def _find_head(self, looked_at):
        end = self.data.find(HEAD_ENDS, looked_at)
        known = end if end >= 0 else len(self.data)
        # A head whose lines end otherwise would be waited for in vain.
        if BARE_LINE_FEED.search(self.data, looked_at, known):
            raise Unframed(400)
        if known > LARGEST_HEAD:
            raise Unframed(431)
        if end >= 0:
            self.body_begins = end + 4
            self.head = Head.parse(bytes(self.data[: end + 2]))
            self.chunks = Chunks(self.body_begins) if self.head.length is None else None

    def _measure_body(self):
        if self.chunks:
            is_in = self.chunks.are_in(self.data)
            self.is_too_large = self.chunks.held > LARGEST_BODY
        else:
            is_in = len(self.data) - self.body_begins >= self.head.length
            self.is_too_large = self.head.length > find_largest_body(self.head.path)
        self.is_whole = is_in or self.is_too_large

    def stop_waiting_to_be_told(self):
        """Whether the sender waits to be told that the body may come. Taken out of the head: it is told once."""
        if self.is_whole or self.head is None or self.head.find_value("expect").lower() != "100-continue":
            return False
        shorter = EXPECTATION.sub(b"", self.head.lines, count=1)
        self.data[: len(self.head.lines)] = shorter
        self.body_begins -= len(self.head.lines) - len(shorter)
        self.head = Head.parse(shorter)
        self.chunks = self.chunks and Chunks(self.body_begins)
        return True


class Chunks:
    """A body in chunks: where the next one begins, and how many bytes they hold so far."""

    def __init__(self, at):
        self.begins = self.at = at
        self.whole = self.held = 0
        self.is_last = False

    def are_in(self, data):
        """Whether all of them are in, and the lines after the last one; raises Unframed."""
        while not self.is_last and self._take(data):
            pass
        if len(data) - self.begins - self.held > LARGEST_WRAPPING:
            raise Unframed(413)
        return self.is_last and data.find(HEAD_ENDS, self.at) >= 0

    def _take(self, data):
        """Pass over one chunk; whether it was in."""
        end = data.find(b"\r\n", self.at)
        if end < 0:
            return False
        size = CHUNK_SIZE.match(data, self.at, end)
        if size is None:
            raise Unframed(400)
        size, begins = int(size[1], 16), end + 2
        self.held = self.whole + min(size, len(data) - begins)
        if size == 0:
            self.is_last, self.at = True, end
        elif begins + size + 2 <= len(data):
            self.whole, self.at = self.held, begins + size + 2
        else:
            return False
        return True
