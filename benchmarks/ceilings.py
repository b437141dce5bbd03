"""What cannot be passed: the same bytes from a bare WSGI application, and the same SQL in a bare Django view.

`/bytes/<n>` and `/sql/<n>` answer the n-th question of a file. The view runs with psycopg alone: no middleware,
no login, no walls, no ORM, one statement, prepared by psycopg.
"""

import json
import threading
from functools import partial
from pathlib import Path

import orjson
import psycopg
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from benchmarks import world

kept = threading.local()
urlpatterns = []


def database():
    """This thread's own connection."""
    if not hasattr(kept, "connection"):
        options = "-c plan_cache_mode=force_generic_plan"  # as ours: other plans would compare other things
        kept.connection = psycopg.connect(**world.connection_parameters(), autocommit=True, options=options)
    return kept.connection


def view(request, *, names, sql, parameters):
    # An answer may leave out a column that was read.
    rows = [dict(zip(names, row, strict=False)) for row in database().execute(sql, parameters, prepare=True)]
    body = orjson.dumps(rows, default=str)
    return HttpResponse(body, content_type="application/json", headers={"Content-Length": len(body)})


def bare(bodies, django, environ, start_response):
    kind, _, number = environ["PATH_INFO"][1:].partition("/")
    if kind == "sql":
        return django(environ, start_response)
    body = bodies[int(number)] if number else b"{}"
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def create(questions):
    """The application for a file of questions: a list of `{"body", "names", "sql", "parameters"}`."""
    questions = json.loads(Path(questions).read_text())
    for number, question in enumerate(questions):
        asked = {name: question[name] for name in ("names", "sql", "parameters")}
        urlpatterns.append(path(f"sql/{number}", partial(view, **asked)))
    override_settings(MIDDLEWARE=[], ROOT_URLCONF=__name__).enable()
    return partial(bare, [question["body"].encode() for question in questions], get_wsgi_application())
