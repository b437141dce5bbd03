"""Every refusal as the API answers it, whoever noticed it: the domain, PostgreSQL, DRF or Django."""

import sys

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404
from rest_framework import exceptions

from clientline.database.refusals import read_refusal
from clientline.refusals import DETAILS, Throttled, make_refusal
from clientline.web.answers import answer_refusal, render_refusal


def handle_problem(exception, context):
    """DRF's exception handler; None (a defect, answered 500) for what is no refusal.

    The request's middleware rolls back whatever is answered with 400 and up.
    """
    request = context["request"]
    refusal = _recognize_refusal(exception, deleting=request.method == "DELETE")
    if refusal is None:
        return None
    return answer_refusal(request, refusal)


def answer_exception(exception, request):
    """The same, where DRF does not take part: the answer to a refusal; a defect is raised again."""
    refusal = _recognize_refusal(exception)
    if refusal is None:
        raise exception
    return answer_refusal(request, refusal)


def _recognize_refusal(exception, *, deleting=False):
    """The exception as a Refused, or None when it is a defect."""
    if refusal := read_refusal(exception, deleting=deleting):
        return refusal
    if isinstance(exception, exceptions.APIException):
        return _read_api_refusal(exception)
    for kind, status in ((Http404, 404), (PermissionDenied, 403), (RequestDataTooBig, 413)):
        if isinstance(exception, kind):
            return make_refusal(status, DETAILS[status])
    return None


def _read_api_refusal(exception):
    """DRF's exceptions keep their status; a ValidationError's tree becomes a flat list."""
    codes = exception.get_codes()
    if isinstance(exception, exceptions.ValidationError):
        refusal = make_refusal(400, "Some values are not right; `errors` names each.")
        refusal.errors = _flatten(exception.detail)
    elif isinstance(exception, exceptions.Throttled):
        refusal = Throttled(retry_after=exception.wait or 1)
    else:
        # DRF makes a failed sign-in a 403 where a view authenticates nobody.
        status = 401 if isinstance(exception, exceptions.AuthenticationFailed) else exception.status_code
        refusal = make_refusal(status, DETAILS.get(status, exception.detail))
        if isinstance(codes, str) and codes not in ("error", "authentication_failed"):
            refusal.code = codes
        if str(exception.detail) != str(exception.default_detail):
            refusal.detail = str(exception.detail)
        if isinstance(exception, exceptions.ParseError):
            refusal.errors = [{"field": None, "code": "parse_error", "detail": str(exception.detail)}]
    return refusal


def _flatten(detail, path=""):
    """DRF's nested errors as `{field, code, detail}` rows; `field` is null where no one field is to blame."""
    if isinstance(detail, dict):
        rows = ((f"{path}.{key}" if path else str(key), value) for key, value in detail.items())
        return [row for key, value in rows for row in _flatten(value, key)]
    if isinstance(detail, list):
        return [row for item in detail for row in _flatten(item, path)]
    field = None if path == "non_field_errors" else path or None
    return [{"field": field, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]


def server_error(request):
    """Django's handler500, called while the exception is being handled."""
    refusal = _recognize_refusal(sys.exc_info()[1])
    if refusal is not None:
        return answer_refusal(request, refusal)
    return render_refusal(request, 500, detail="Something went wrong here; it has been logged.")
