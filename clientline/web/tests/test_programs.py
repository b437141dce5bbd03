"""Programs, which send a token, are led past all that is there for browsers, and lose nothing by it."""

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import Client, RequestFactory

from accounts.tests.factories import token_for
from clientline.tests.problems import problem
from clientline.web.middleware import CompressionMiddleware, ProgramsMiddleware, SessionMiddleware

ASKED_IN_VAIN = (SessionMiddleware, AuthenticationMiddleware, MessageMiddleware, CompressionMiddleware)


def bear(person):
    return {"HTTP_AUTHORIZATION": f"Bearer {token_for(person)}"}


def test_nothing_for_browsers_runs_for_a_program(salon, monkeypatch):
    asked = []
    for middleware in ASKED_IN_VAIN:
        monkeypatch.setattr(middleware, "__call__", lambda self, request: asked.append(type(self)) or HttpResponse())
    assert Client().get(f"/services/{salon.service.pk}", **bear(salon.admin)).json()["id"] == salon.service.pk
    assert asked == []
    Client().get("/services")
    assert asked == [CompressionMiddleware]  # the first of them


def test_the_search_ends_where_something_is_not_for_browsers():
    def answer(request):
        """The view."""

    def wrap(middleware):
        def wrapper(request):
            """As Django wraps each."""

        wrapper.__wrapped__ = middleware
        return wrapper

    ours = wrap(type("Ours", (), {"get_response": wrap(CsrfViewMiddleware(answer))})())
    assert ProgramsMiddleware(wrap(SessionMiddleware(wrap(MessageMiddleware(ours))))).behind_browsers is ours
    assert ProgramsMiddleware(ours).behind_browsers is ours


def test_programs_are_told_the_length_of_their_answer(salon):
    answer = Client().get("/services", **bear(salon.admin))
    assert answer["Content-Length"] == str(len(answer.content))


def test_programs_are_refused_under_a_name_that_is_not_ours(salon):
    answer = Client().get("/services", HTTP_HOST="elsewhere.example", **bear(salon.admin))
    assert problem(answer) == (400, "validation_error")


@pytest.mark.parametrize("path", ["/static/admin/css/base.css", "/admin/"])
def test_whoever_browses_behind_a_password_of_the_proxy_browses(path):
    request = RequestFactory().get(path, HTTP_AUTHORIZATION="Basic cHJveHk6cGFzcw==")
    middleware = ProgramsMiddleware(lambda request: HttpResponse("for browsers"))
    middleware.behind_browsers = lambda request: HttpResponse("for programs")
    assert middleware(request).content == b"for browsers"
    request.path_info = "/services"
    assert middleware(request).content == b"for programs"
