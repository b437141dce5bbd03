"""The pages that the `type` of a problem document leads to: what its code means, and what helps."""

from django.http import Http404, HttpResponse
from django.template.loader import render_to_string
from django.views import View

from clientline.problem_codes import PROBLEM_CODES


class ProblemsView(View):
    """One code, or all of them."""

    http_method_names = ("get", "head")

    def get(self, request, code=None):
        if code is not None and code not in PROBLEM_CODES:
            raise Http404
        codes = PROBLEM_CODES if code is None else {code: PROBLEM_CODES[code]}
        # Without the request no context processor runs: the database may be what the code is about.
        context = {"title": code or "What refusals mean", "codes": codes, "is_one": code is not None}
        return HttpResponse(render_to_string("clientline/problems.html", context))
