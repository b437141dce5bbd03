"""The answer to a refusal: an RFC 9457 problem document, or a page below /admin/."""

from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from clientline.refusals import CODES_BY_STATUS, DETAILS, Moved, OutcomeUnknown, Unavailable
from clientline.web import metrics
from clientline.web.encoding import encode
from clientline.web.error_pages import is_admin, is_for_guests, render_error_page

MEDIA_TYPE = "application/problem+json"


def describe_problem(request, status, *, code=None, detail="", errors=None, **extra):
    """The body of a problem document."""
    code = code or CODES_BY_STATUS.get(status, "error")
    metrics.board.add("refusals_total", code)
    body = {
        "type": f"/errors/{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": str(detail),
        "instance": request.path,
        **extra,
    }
    return body | {"errors": errors} if errors is not None else body


def render_refusal(request, status, *, retry_after=None, **kwargs):
    """The answer of a refusal: a page to whoever is in the admin or a guest, a problem document to programs."""
    if is_admin(request) or is_for_guests(request):
        told = {name: kwargs[name] for name in ("detail", "code", "address") if name in kwargs}
        response = render_error_page(request, status, **told)
    else:
        response = _render_problem(request, status, **kwargs)
    if retry_after is not None:
        response["Retry-After"] = str(retry_after)
    return response


def _render_problem(request, status, **kwargs):
    """A problem document as a response; rendered here, because a view that answers HTML has no JSON renderer."""
    response = HttpResponse(encode(describe_problem(request, status, **kwargs)), content_type=MEDIA_TYPE, status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response


def answer_refusal(request, refusal):
    request.call.reason = getattr(refusal, "reason", "")
    request.call.met_outage = getattr(refusal, "is_outage", False)
    retry_after = refusal.retry_after
    if isinstance(refusal, OutcomeUnknown) and request.call.once:
        retry_after = Unavailable.retry_after  # it came with a key: it may be repeated without a look
    response = render_refusal(
        request,
        refusal.status,
        code=refusal.code,
        detail=refusal.detail,
        errors=getattr(refusal, "errors", None),
        retry_after=retry_after,
        **refusal.extra,
    )
    if isinstance(refusal, Moved):
        response["Location"] = refusal.extra["address"] + request.get_full_path()
    return response


def bad_request(request, exception):
    if isinstance(exception, RequestDataTooBig):
        return render_refusal(request, 413, detail=DETAILS[413])
    return render_refusal(request, 400, detail=_("The request could not be read."), errors=[])


def permission_denied(request, exception):
    return render_refusal(request, 403, detail=DETAILS[403])


def page_not_found(request, exception):
    return render_refusal(request, 404, detail=DETAILS[404])
