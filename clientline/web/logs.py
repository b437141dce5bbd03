"""What is logged: one line per request, each record with its request's id, as text or as JSON. Never a secret.

A request's line has its path and no query, no header and no body: tokens and passwords travel there.
"""

import logging
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

import orjson

request_id = ContextVar("request_id", default=None)
requests = logging.getLogger("clientline.requests")

# What no format says here would be looked up for each line.
logging.logThreads = logging.logMultiprocessing = False

SECRETS = {"secret", "token"}  # as urls name them
LINE = "%(method)s %(path)s %(status)s %(milliseconds)s ms, user %(user)s"
LINE_WITH_REASON = f"{LINE}: %(reason)s"


def log_request(request, status, seconds):
    if requests.isEnabledFor(logging.INFO):
        fields = {
            "method": request.method,
            "path": quote(_hide_secrets(request)),
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
            "user": request.call.caller_id,
        }
        line, level = LINE, logging.INFO
        if status == 503:
            level = logging.WARNING
        if request.call.reason:
            line, fields["reason"] = LINE_WITH_REASON, request.call.reason
        # Not requests.info(), which looks for the line of code that called it: half the cost, and always this one.
        requests.handle(logging.LogRecord(requests.name, level, __file__, 0, line, (fields,), None))


def _hide_secrets(request):
    """The path without what opens something to whoever reads it."""
    named = request.resolver_match.kwargs if request.resolver_match else {}
    path = request.path
    for name in SECRETS & named.keys():
        path = path.replace(named[name], name)
    return path


class Once(logging.Filter):
    """Leaves out what Django says of an answer 503: the request's line has it, with the reason for a traceback."""

    def filter(self, record):
        return getattr(record, "status_code", None) != 503


class TextFormatter(logging.Formatter):
    """Refusals of Django's own, like an unknown Host, come with a traceback that says nothing."""

    def __init__(self):
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record, datefmt=None):  # noqa: N802 -- the name that logging calls
        # Of each second only the first line asks for the calendar; the milliseconds are its own.
        return f"{_write_second(int(record.created))},{int(record.msecs):03}"

    def format(self, record):
        if record.name.startswith("django.security"):
            record.exc_info = record.exc_text = None
        return self.write_line(record)

    def write_line(self, record):
        if record.name == requests.name:  # the line of each request; it takes logging three times as long to write it
            text = f"{self.formatTime(record)} {record.levelname} {record.name} {record.msg % record.args}"
        else:
            text = super().format(record)
        return f"{text} [{name}]" if (name := _find_request_id(record)) else text


@lru_cache(maxsize=2)
def _write_second(second):
    return time.strftime(logging.Formatter.default_time_format, time.localtime(second))


class JSONFormatter(TextFormatter):
    def write_line(self, record):
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        entry = {"at": at, "level": record.levelname, "logger": record.name, "request_id": _find_request_id(record)}
        if record.name == requests.name:
            entry |= record.args
        else:
            entry["message"] = record.getMessage()
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str).decode()


def _find_request_id(record):
    """The id of the request that the record is about: Django logs some of them after the request is over."""
    call = getattr(getattr(record, "request", None), "call", None)
    return call.id if call else request_id.get()
