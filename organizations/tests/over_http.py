"""A client that speaks real HTTP with the live server, and answers as the tests' own does."""

import http.client
import json
from contextlib import ExitStack, contextmanager
from urllib.parse import urlencode

import pytest
from django.core.servers.basehttp import WSGIRequestHandler

from accounts.tests.factories import token_for


class Answer:
    """What the tests ask of Django's responses."""

    def __init__(self, response):
        self.status_code = response.status
        self.headers = {name: value for name, value in response.getheaders() if name != "Date"}  # of the second
        self.content = response.read()

    def __getitem__(self, header):
        return self.headers[header]

    def json(self):
        return json.loads(self.content)


class HTTPClient:
    """One connection for all requests: each further one would have a thread, and a connection to the database."""

    def __init__(self, address, user):
        self.connection = http.client.HTTPConnection(*address, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        if user:
            self.headers["Authorization"] = f"Bearer {token_for(user)}"

    def ask(self, method, path, body=None):
        self.connection.request(method, path, None if body is None else json.dumps(body), self.headers)
        return Answer(self.connection.getresponse())

    def get(self, path, parameters=None):
        return self.ask("GET", f"{path}?{urlencode(parameters)}" if parameters else path)

    def post(self, path, body=None):
        return self.ask("POST", path, body)

    def put(self, path, body=None):
        return self.ask("PUT", path, body)

    def patch(self, path, body=None):
        return self.ask("PATCH", path, body)

    def delete(self, path):
        return self.ask("DELETE", path)


@contextmanager
def speak_http(live_server):
    """`client(user)` as `api` gives it."""
    address = live_server.thread.host, live_server.thread.port
    # Else its answers come in two packets, and the second waits 40 ms for somebody to confirm the first.
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)

        def client(user=None):
            client = HTTPClient(address, user)
            stack.callback(client.connection.close)
            return client

        yield client
