"""What a domain rule says when it says no: past facts with a `code`, whichever door they leave by.

They know nothing of HTTP but the status that fits, and nothing of the database.
"""

from math import ceil
from typing import Any, TypedDict

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clientline.languages import Said

CODES_BY_STATUS = {
    400: "validation_error",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    421: "moved",
    429: "throttled",
    500: "internal_error",
    503: "unavailable",
}

DETAILS: dict[int, Said] = {
    403: _("You may not do this."),
    404: _("There is no such thing here."),
    413: _("The body is larger than 256 KiB."),
}


class Refused(Exception):
    """A domain rule said no. Subclasses are past facts with a `code`; `extra` goes into the problem document."""

    status = 409
    code = "conflict"
    detail: Said = _("The request conflicts with the present state.")
    retry_after: int | None = None  # seconds

    def __init__(self, detail: Said | None = None, **extra: Any) -> None:
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.extra = extra


class Forbidden(Refused):
    status = 403
    code = "permission_denied"
    detail: Said = _("You may not do this.")


class Protected(Refused):
    code = "protected"
    detail: Said = _("Other rows refer to this one. Deactivate it instead.")


class FieldError(TypedDict):
    field: str | None  # None: no field's
    code: str
    detail: Said


class FieldRefused(Refused):
    """A value that a field cannot take; `field` is the JSON key and the form field."""

    status = 400
    code = "validation_error"

    def __init__(self, field: str | None, code: str, detail: Said) -> None:
        super().__init__(detail)
        self.errors: list[FieldError] = [{"field": field, "code": code, "detail": detail}]


class Unavailable(Refused):
    status = 503
    code = "unavailable"
    detail: Said = _("The database is not available right now. Nothing was changed: try again.")
    retry_after: int | None = 2

    def __init__(self, detail: Said | None = None, *, reason: str = "", is_outage: bool = False) -> None:
        """`reason` is for the log, in the database's words; `is_outage`: the server went away before COMMIT."""
        super().__init__(detail)
        self.reason, self.is_outage = reason, is_outage


class OutcomeUnknown(Unavailable):
    """The answer to a COMMIT was lost: it may be saved or not."""

    code = "outcome_unknown"
    detail: Said = _(
        "The connection to the database was lost while this was being saved, so it may be saved or not. Look before "
        "you send it again, or send it again with the same Idempotency-Key, which is always safe."
    )
    # Nobody should repeat it by itself who sent it without a key.
    retry_after = None


class Moving(Unavailable):
    """The organization is on its way to another installation."""

    code = "moving"
    detail: Said = _(
        "The organization is moving to another server right now. Nothing was changed: try again in a moment."
    )
    retry_after = 1


class Moved(Refused):
    """The organization is at home elsewhere; `address` is where."""

    status = 421
    code = "moved"

    def __init__(self, address: str) -> None:
        told = gettext("The organization has moved to %(address)s. Ask there.") % {"address": address}
        super().__init__(told, address=address)


class Throttled(Refused):
    status = 429
    code = "throttled"
    detail: Said = _("Too many requests. Try again later.")

    def __init__(self, detail: Said | None = None, *, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = max(ceil(retry_after), 1)


def make_refusal(status: int, detail: Said, code: str | None = None) -> Refused:
    """A Refused that has no class of its own; without a `code`, with the usual one of the status."""
    refusal = Refused(detail)
    refusal.status, refusal.code = status, code or CODES_BY_STATUS[status]
    return refusal
