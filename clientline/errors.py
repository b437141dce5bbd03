"""Every refusal, whoever noticed it: the domain, DRF, Django or PostgreSQL. RFC 9457 problem documents, and pages
below /admin/.
"""

import logging
import sys
from http import HTTPStatus
from math import ceil

import orjson
from django.apps import apps
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse
from rest_framework import exceptions

from clientline.api import renderers
from clientline.constraints import column_field, violated
from clientline.web import metrics
from clientline.web.error_pages import error_page, is_admin

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# sqlstates, or their classes, that pass by themselves or with their cause: lock and statement timeouts, shutdown,
# a standby that only reads, a lost connection, no room (disk, memory, connections), a disk that fails.
PASSING = ("55P03", "57014", "57P01", "57P02", "57P03", "57P05", "25P03", "25006", "08", "53", "58030")
CODES_BY_STATUS = {
    400: "validation_error",
    401: "not_authenticated",
    403: "permission_denied",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    429: "throttled",
    500: "internal_error",
    503: "unavailable",
}


class Refused(Exception):
    """A domain rule said no. Subclasses are past facts with a `code`; `extra` goes into the problem document."""

    status = 409
    code = "conflict"
    detail = "The request conflicts with the present state."
    retry_after = None  # seconds

    def __init__(self, detail=None, **extra):
        super().__init__(detail or self.detail)
        self.detail = detail or self.detail
        self.extra = extra


class Forbidden(Refused):
    status = 403
    code = "permission_denied"
    detail = "You may not do this."


class Protected(Refused):
    code = "protected"
    detail = "Other rows refer to this one. Deactivate it instead."


class FieldRefused(Refused):
    """A value that a field cannot take; `field` is the JSON key and the form field."""

    status = 400
    code = "validation_error"

    def __init__(self, field, code, detail):
        super().__init__(detail)
        self.errors = [{"field": field, "code": code, "detail": detail}]


class Unavailable(Refused):
    status = 503
    code = "unavailable"
    # A connection lost at COMMIT leaves unknown whether it was done, so this promises nothing.
    detail = "The database is not available right now. Try again."
    retry_after = 2


class Throttled(Refused):
    status = 429
    code = "throttled"
    detail = "Too many requests. Try again later."

    def __init__(self, detail=None, *, retry_after):
        super().__init__(detail)
        self.retry_after = max(ceil(retry_after), 1)


def document(request, status, *, code=None, detail="", errors=None, **extra):
    """The body of a problem document."""
    code = code or CODES_BY_STATUS.get(status, "error")
    metrics.board.add("refusals_total", code)
    body = {
        "type": f"urn:clientline:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": str(detail),
        "instance": request.path,
        **extra,
    }
    return body | {"errors": errors} if errors is not None else body


def refused(request, status, *, retry_after=None, **kwargs):
    """The answer of a refusal: a page to whoever is in the admin, a problem document to everybody else."""
    if is_admin(request):
        response = error_page(request, status, kwargs.get("detail", ""))
    else:
        response = problem_response(request, status, **kwargs)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def problem_response(request, status, **kwargs):
    """A problem document as a response; rendered here, because a view that answers HTML has no JSON renderer."""
    body = orjson.dumps(document(request, status, **kwargs), renderers.other_types, renderers.OPTIONS)
    response = HttpResponse(body, content_type=MEDIA_TYPE, status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def problem_handler(exception, context):
    """DRF's exception handler; None (a defect, answered 500) for what is no refusal.

    The request's middleware rolls back whatever is answered with 400 and up.
    """
    request = context["request"]
    refusal = as_refusal(exception, deleting=request.method == "DELETE")
    if refusal is None:
        return None
    return refusal_response(request, refusal)


def refusal_response(request, refusal):
    return refused(
        request,
        refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        errors=getattr(refusal, "errors", None),
        retry_after=refusal.retry_after,
        **refusal.extra,
    )


def as_refusal(exception, *, deleting=False):
    """The exception as a Refused, or None when it is a defect."""
    if isinstance(exception, Refused):
        return exception
    if isinstance(exception, ProtectedError):
        return Protected()
    if isinstance(exception, (DatabaseError, InterfaceError)):
        return database_refusal(exception, deleting=deleting)
    if isinstance(exception, exceptions.APIException):
        return api_refusal(exception)
    for kind, status in ((Http404, 404), (PermissionDenied, 403), (RequestDataTooBig, 413)):
        if isinstance(exception, kind):
            return plain_refusal(status, DETAILS[status])
    return None


def refusal_in(exception, *, deleting=False):
    """The exception as a Refused; a defect is raised again."""
    refusal = as_refusal(exception, deleting=deleting)
    if refusal is None:
        raise exception
    return refusal


DETAILS = {
    403: "You may not do this.",
    404: "There is no such thing here.",
    413: "The body is larger than 256 KiB.",
}


def plain_refusal(status, detail, code=None):
    refusal = Refused(detail)
    refusal.status, refusal.code = status, code or CODES_BY_STATUS[status]
    return refusal


def api_refusal(exception):
    """DRF's exceptions keep their status; a ValidationError's tree becomes a flat list."""
    codes = exception.get_codes()
    if isinstance(exception, exceptions.ValidationError):
        refusal = plain_refusal(400, "Some values are not right; `errors` names each.")
        refusal.errors = flatten(exception.detail)
    elif isinstance(exception, exceptions.Throttled):
        refusal = Throttled(retry_after=exception.wait or 1)
    else:
        # DRF makes a failed sign-in a 403 where a view authenticates nobody.
        status = 401 if isinstance(exception, exceptions.AuthenticationFailed) else exception.status_code
        refusal = plain_refusal(status, DETAILS.get(status, exception.detail))
        if isinstance(codes, str) and codes not in ("error", "authentication_failed"):
            refusal.code = codes
        if str(exception.detail) != str(exception.default_detail):
            refusal.detail = str(exception.detail)
        if isinstance(exception, exceptions.ParseError):
            refusal.errors = [{"field": None, "code": "parse_error", "detail": str(exception.detail)}]
    return refusal


def flatten(detail, path=""):
    """DRF's nested errors as `{field, code, detail}` rows; `field` is null where no one field is to blame."""
    if isinstance(detail, dict):
        rows = ((f"{path}.{key}" if path else str(key), value) for key, value in detail.items())
        return [row for key, value in rows for row in flatten(value, key)]
    if isinstance(detail, list):
        return [row for item in detail for row in flatten(item, path)]
    field = None if path == "non_field_errors" else path or None
    return [{"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def database_refusal(exception, *, deleting=False):
    """What PostgreSQL refused, by sqlstate; None for errors in our own SQL."""
    cause = exception.__cause__
    state = getattr(cause, "sqlstate", None)
    if state is None:
        # No state: the server never answered.
        return Unavailable() if isinstance(exception, (OperationalError, InterfaceError)) else None
    if state.startswith(PASSING) or cause.diag.severity_nonlocalized in ("FATAL", "PANIC"):
        return Unavailable()  # the server ended the connection, or itself
    if state in ("40P01", "40001"):
        return Refused("Another request changed the same rows. Nothing was changed; it is safe to repeat.")
    if state == "42501":
        logger.error("PostgreSQL refused, perhaps for want of a grant: %s", cause)
        return plain_refusal(403, DETAILS[403])
    if state.startswith(("22", "23")):
        return constraint_refusal(cause, state, deleting=deleting)
    return None


def constraint_refusal(cause, state, *, deleting):
    """A value or a constraint: the declared constraint's own message where there is one."""
    models = apps.get_models()
    name = cause.diag.constraint_name or ""
    _, constraint = violated(models, name)
    if state == "23001" or (state == "23503" and deleting):
        return Protected()
    if state == "23P01":
        refusal = Refused(constraint.get_violation_error_message() if constraint else None)
        refusal.code = getattr(constraint, "violation_error_code", None) or Refused.code
        return refusal
    if state == "23505":
        field = column_field(models, name)
        fields = [field.name] if field else getattr(constraint, "fields", ())
        return FieldRefused(fields[-1] if fields else None, "unique", "This is taken already.")
    if state == "23503":
        return FieldRefused(getattr(constraint, "field", None), "does_not_exist", "A row it refers to is gone.")
    detail = constraint.get_violation_error_message() if constraint else "A value is out of range."
    return FieldRefused(cause.diag.column_name, "invalid", detail)


def bad_request(request, exception):
    if isinstance(exception, RequestDataTooBig):
        return refused(request, 413, detail=DETAILS[413])
    return refused(request, 400, detail="The request could not be read.", errors=[])


def permission_denied(request, exception):
    return refused(request, 403, detail=DETAILS[403])


def page_not_found(request, exception):
    return refused(request, 404, detail=DETAILS[404])


def server_error(request):
    """Django's handler500, called while the exception is being handled."""
    refusal = as_refusal(sys.exc_info()[1])
    if refusal is not None:
        return refusal_response(request, refusal)
    return refused(request, 500, detail="Something went wrong here; it has been logged.")
