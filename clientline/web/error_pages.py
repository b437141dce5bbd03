"""Refusals and failures as pages, for people at a browser: what happened, and what to do."""

from http import HTTPStatus

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

ADMIN_PREFIX = "/admin/"
# Where people without a sign-in book, manage their visits, and say that they want no reminders.
GUEST_PREFIXES = ("/b/", "/v/", "/u/")

# code or status → heading, what happened and what to do; any other status shows the refusal's own words
WORDS = {
    400: (
        _("This could not be read"),
        _(
            "The address or the form holds something that does not belong there, so nothing was saved. "
            "Go back with your browser and check what you typed or followed."
        ),
    ),
    403: (
        _("You may not do this"),
        _("Your role does not include this page or this step. If you need it, ask an admin of your organization."),
    ),
    404: (
        _("There is nothing here"),
        _("The address is mistyped, or what was here is gone or not yours to see. Find it from one of the lists."),
    ),
    # After the refusal's own words, which name the new address.
    421: (
        _("Your organization has moved"),
        _("Sign in there anew, with the same password. What you were about to do here was not saved."),
    ),
    413: (
        _("This is too large"),
        _(
            "What you sent is larger than the form takes, so nothing was saved. "
            "Go back with your browser and send less."
        ),
    ),
    429: (
        _("Too many requests"),
        _("Too much was asked in too short a time. Wait a minute, then reload this page."),
    ),
    500: (
        _("Something went wrong here"),
        _(
            "It is our mistake, not yours, and it has been logged. Go back with your browser, look whether your last "
            "step was saved, and try again. If it happens once more, tell whoever runs this server."
        ),
    ),
    503: (
        _("The database is not available right now"),
        _("Nothing was saved. Wait a moment, then go back with your browser and try again."),
    ),
    "moving": (
        _("Your organization is moving to another server"),
        _("Nothing was saved. Wait a moment, then go back with your browser and try again."),
    ),
    "outcome_unknown": (
        _("Perhaps this was saved, perhaps not"),
        _(
            "The connection to the database was lost at the moment of saving. Go back with your browser and send the "
            "form again: what was saved already is not done a second time, and you are led to it. Where you cannot "
            "go back, look first whether it was saved."
        ),
    ),
}
GUEST_WORDS = {
    400: (_("This could not be read"), _("Nothing was changed. Go back with your browser and try again.")),
    404: (_("There is nothing here"), _("The address is mistyped, or what was here is gone.")),
    413: (_("This is too large"), _("Nothing was changed. Go back with your browser and write less.")),
    429: (_("Too many requests"), _("Wait a minute, then try again.")),
    500: (
        _("Something went wrong here"),
        _("It is our mistake and has been logged. Go back and try again, or please call."),
    ),
    503: (
        _("This does not work right now"),
        _("Nothing was changed. Wait a moment, then go back and try again."),
    ),
    421: (_("This page has moved"), _("Its new address:")),
    "outcome_unknown": (
        _("Perhaps this was saved, perhaps not"),
        _("Go back with your browser and send the form again: what was saved already is not done a second time."),
    ),
}
# Back fetches the form afresh, as nothing is cached, and the browser fills in what was typed; reloading empties it.
FORGED = (
    _("This form was out of date"),
    _(
        "Nothing was saved. Most likely you signed in again in another tab since you opened the form. "
        "Go back with your browser: what you typed is usually still there. Send it again without reloading the page, "
        "which would empty the form. If it is refused once more, copy what you typed, reload, and paste it."
    ),
)


def is_admin(request):
    return request.path.startswith(ADMIN_PREFIX)


def is_for_guests(request):
    return request.path.startswith(GUEST_PREFIXES)


def render_error_page(request, status, detail="", code=None, address=""):
    """`address` is where another installation is that answers this."""
    if is_for_guests(request):
        return _render_guest_error(request, status, code, address and address + _find_page(request))
    words = WORDS.get(code) or WORDS.get(status) or (HTTPStatus(status).phrase, detail)
    return _render_error(request, status, *words, said=detail if status == HTTPStatus.MISDIRECTED_REQUEST else "")


def _find_page(request):
    """What a link may lead to: of a form that was sent, the page that it belongs to."""
    return request.get_full_path() if request.method in ("GET", "HEAD") else "/".join(request.path.split("/")[:3])


def _render_guest_error(request, status, code, link):
    """To whoever books, in their language: their words know neither roles nor lists."""
    title, text = GUEST_WORDS.get(code) or GUEST_WORDS.get(status) or GUEST_WORDS[500]
    number = request.call.id if status >= 500 else None
    context = {"language": get_language(), "title": title, "text": text, "number": number, "link": link}
    return HttpResponse(render_to_string("guests/missing.html", context), status=status)


def csrf_failed(request, reason=""):
    """Django's CSRF_FAILURE_VIEW. Only pages get here: the API's views check the token themselves."""
    return _render_error(request, 403, *FORGED)


def _render_error(request, status, title, text, said=""):
    # Without the request no context processor runs: the session may hold a NUL, the database may be what failed.
    context = {
        "title": title,
        "said": said,
        "text": text,
        "in_admin": is_admin(request),
        "request_id": request.call.id if status >= 500 else None,
    }
    return HttpResponse(render_to_string("admin/error.html", context), status=status)
