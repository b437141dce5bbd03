"""Forms that are sent again, by a second click, by Back, or because the answer was lost: done once.

Each form carries a key of its own. What it did is kept with it: the same form again leads to where the first led.
"""

from functools import update_wrapper

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.utils.translation import gettext_lazy

from organizations.idempotency import FormOnce

FIELD = "once"  # hidden in the form; see templates/admin/backoffice/once.html
SENT_BEFORE = gettext_lazy(
    "This form had been sent before, and this is what it did. Nothing was done again: for another one, open it anew."
)


def do_once(view):
    """The view, where a form with a key that has led somewhere leads there again.

    A form that leads nowhere was refused: nothing is kept of it. A view that leads somewhere though it did nothing
    sets `request.call.once` to None.
    """

    def doing(request, *args, **kwargs):
        request.call.once = once = _identify_form(request)
        if once is None:
            return view(request, *args, **kwargs)
        if kept := once.find_kept():
            messages.info(request, SENT_BEFORE)
            return HttpResponseRedirect(kept.location)
        response = view(request, *args, **kwargs)
        if request.call.once and response.status_code == 302:
            once.keep(response)
        return response

    return update_wrapper(doing, view)


def _identify_form(request):
    if request.method != "POST" or not request.POST.get(FIELD) or not request.call.is_confined:
        return None
    return FormOnce(request, request.POST[FIELD])
