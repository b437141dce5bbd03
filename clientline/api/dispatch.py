"""How a read reaches its view: straight, where DRF's request has nothing to do.

DRF makes a request of its own around Django's, with parsers, negotiation and authenticators, and renders the answer
when the view is long over. All of that is for bodies and for callers who are not known yet; who sends a token is known
by then (`CallerMiddleware`), answers are always JSON, and a GET has no body.
"""

from rest_framework.exceptions import PermissionDenied
from rest_framework.response import Response

from clientline.api.problems import answer_exception
from clientline.api.renderers import Answer

READS = ("GET", "HEAD")


class StraightReads:
    """For a view that answers JSON. Its permissions are asked either way, and refusals read the same."""

    def dispatch(self, request, *args, **kwargs):
        handler = getattr(self, "get", None)
        if request.method not in READS or request.call.token is None or handler is None:
            return super().dispatch(request, *args, **kwargs)
        self.request, self.args, self.kwargs, self.format_kwarg = request, args, kwargs, None
        request.query_params = request.GET  # as DRF calls them
        if actions := getattr(self, "action_map", None):
            self.action = actions["get"]
        try:
            response = self.answer_permitted(handler, *args, **kwargs)
        except Exception as error:
            response = answer_exception(error, request)
        response.headers.setdefault("Allow", self.list_allowed())
        return response

    def answer_permitted(self, handler, *args, **kwargs):
        for permission in self.permission_classes:
            if not permission().has_permission(self.request, self):
                raise PermissionDenied
        response = handler(self.request, *args, **kwargs)
        return _render(response) if isinstance(response, Response) else response

    def list_allowed(self):
        return ", ".join(self.allowed_methods)


def _render(response):
    """DRF's Response as an Answer."""
    headers = {name: value for name, value in response.items() if name != "Content-Type"}
    return Answer(response.data, status=response.status_code, headers=headers)
