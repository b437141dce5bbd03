"""The language that a page is answered in: until it is known who asks, what their browser prefers."""

from django.core.exceptions import SuspiciousOperation
from django.utils import translation
from django.utils.translation import get_language, get_language_from_request

from clientline import places
from clientline.languages import choose_language
from clientline.web.error_pages import ADMIN_PREFIX, GUEST_PREFIXES

# What people read. All else is for programs, and English.
PAGES = (ADMIN_PREFIX, *GUEST_PREFIXES, "/payments/simulator/", "/payments/thanks")


def find_preferred_language(request):
    """The language that the browser asks for first, of those there are; '' where it names none of them."""
    wanted = request.META.get("HTTP_ACCEPT_LANGUAGE", "").lower()
    if not wanted:
        return ""
    found = get_language_from_request(request).partition("-")[0]
    return found if found in wanted else ""


def _read_chosen_language(request):
    """What guests chose on their page, which goes along in its addresses; '' where an address cannot be read."""
    if not request.path_info.startswith(GUEST_PREFIXES):
        return ""
    try:
        return request.GET.get("lang", "")
    except SuspiciousOperation:
        return ""


def speak_to(request):
    """From here to the end of the request, the language and the place of who has signed in."""
    if request.path_info.startswith(ADMIN_PREFIX):
        translation.activate(request.user.chosen_language)
        places.enter(request.user.organization)


class LanguageMiddleware:
    """Leaves no language behind: a thread answers people of many, and programs."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if not request.path_info.startswith(PAGES):
            return self.get_response(request)
        with translation.override(choose_language(_read_chosen_language(request), find_preferred_language(request))):
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", get_language())
            return response
