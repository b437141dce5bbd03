"""What every request passes first: limits, request ids, both slash forms; Django's middlewares for browsers only."""

import re
import secrets
from time import perf_counter

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions import middleware as sessions
from django.middleware.common import CommonMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.gzip import GZipMiddleware
from django.utils.translation import gettext_lazy as _
from whitenoise.middleware import WhiteNoiseMiddleware

from clientline.refusals import DETAILS, Throttled
from clientline.web import metrics
from clientline.web.addresses import find_address, read_agent
from clientline.web.answers import answer_refusal, render_refusal
from clientline.web.arrivals import find_largest_body
from clientline.web.call import Call
from clientline.web.error_pages import ADMIN_PREFIX
from clientline.web.headers import HEADERS
from clientline.web.logs import log_request, request_id
from clientline.web.shares import has_waited_too_long

OVER_ITS_SHARE = _("Your organization asks for more at once than its share while others wait. Try again later.")
RETRY_AFTER = 2  # seconds
SANE_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)

STORED_HEADERS = {name.lower(): (name, value) for name, value in HEADERS.items()}
NEVER_CACHED = {"cache-control": ("Cache-Control", "no-store")}


class RequestMiddleware:
    """Names the request, refuses what no layer below can hold, and answers with and without a trailing slash.

    First in the list, so it sees, counts and logs every answer, those for exceptions included.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        sent = request.META.get("HTTP_X_REQUEST_ID", "")
        request.call = Call(sent if SANE_ID.fullmatch(sent) else secrets.token_hex(16))
        request_id.set(request.call.id)
        started = perf_counter()
        response = self.find_refusal(request) or self.get_response(request)
        named = {"x-request-id": ("X-Request-ID", request.call.id)}
        if not request.path_info.startswith(settings.STATIC_URL):
            named |= NEVER_CACHED
        # Private: the headers' own dict. One by one takes fifteen times as long; without it, every answer is a 500.
        response.headers._store = STORED_HEADERS | response.headers._store | named
        if getattr(response, "may_be_framed", False):  # its content policy says by whom
            del response["X-Frame-Options"]
        self.remember(request, response.status_code, perf_counter() - started)
        return response

    def remember(self, request, status, seconds):
        found = request.resolver_match
        route = (
            f"/{found.route}" if found else "static" if request.path_info.startswith(settings.STATIC_URL) else "none"
        )
        metrics.count_request(route, request.method, status, seconds)
        log_request(request, status, seconds)
        request_id.set(None)

    def find_refusal(self, request):
        if _has_nul(request):
            return render_refusal(request, 400, detail=_("The request holds a NUL character."), errors=[])
        if has_waited_too_long.get():
            return answer_refusal(request, Throttled(OVER_ITS_SHARE, retry_after=RETRY_AFTER))
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not (length.isascii() and length.isdigit()) or int(length) > find_largest_body(request.path_info):
            return render_refusal(request, 413, detail=DETAILS[413])
        if request.path_info.startswith(ADMIN_PREFIX):
            return None
        if request.path_info.endswith("/") and request.path_info != "/":
            request.path_info = request.path_info[:-1]
        return None


def _has_nul(request):
    """PostgreSQL stores no NUL: one in a session cookie or a filter would be a DataError."""
    query = request.META.get("QUERY_STRING", "")
    return "\0" in request.path_info or "%00" in query or any("\0" in value for value in request.COOKIES.values())


class CompressionMiddleware(GZipMiddleware):
    """Compresses the admin's pages: a full day is 300 kB of HTML that says the same again and again.

    Nothing of the API. Of what a page holds, only its CSRF token is secret, and that is masked anew each time; Django
    adds random bytes, so that lengths tell nothing.
    """

    def process_response(self, request, response):
        is_page = response.get("Content-Type", "").startswith("text/html")
        if not is_page or not request.path_info.startswith(ADMIN_PREFIX):
            return response
        return super().process_response(request, response)


class SessionMiddleware(sessions.SessionMiddleware):
    def process_request(self, request):
        super().process_request(request)
        request.session.address, request.session.agent = find_address(request), read_agent(request)


FOR_BROWSERS = (
    CompressionMiddleware,
    WhiteNoiseMiddleware,
    SessionMiddleware,
    CommonMiddleware,
    CsrfViewMiddleware,
    AuthenticationMiddleware,
    MessageMiddleware,
)
PLACES_OF_BROWSERS = (ADMIN_PREFIX, settings.STATIC_URL)


class ProgramsMiddleware:
    """Leads who carries a token past all that is FOR_BROWSERS and comes next: programs have neither session nor form.

    Such a request is never looked at as a browser's, so a bad token beside a good session is refused.
    """

    def __init__(self, get_response):
        self.get_response, self.behind_browsers = get_response, get_response
        # Django wraps each middleware in what turns exceptions into answers. What is not for browsers ends the search.
        while isinstance(middleware := getattr(self.behind_browsers, "__wrapped__", None), FOR_BROWSERS):
            self.behind_browsers = middleware.get_response

    def __call__(self, request):
        if "HTTP_AUTHORIZATION" not in request.META or request.path_info.startswith(PLACES_OF_BROWSERS):
            return self.get_response(request)
        # What CommonMiddleware does: refuses a name that is not ours, and says how long the answer is.
        request.get_host()
        response = self.behind_browsers(request)
        if not response.streaming:
            response.headers["Content-Length"] = str(len(response.content))
        return response
