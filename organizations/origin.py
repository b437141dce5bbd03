"""Where the present request came from, for the audit: set by the middleware, read by whatever writes."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Origin:
    source: str = ""  # api or admin; empty outside requests, where the database asks for the program's name
    request_id: str = ""


origin = ContextVar("origin", default=Origin())  # noqa: B039 -- it is immutable
