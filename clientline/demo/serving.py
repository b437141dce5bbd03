"""A real gunicorn around a test, for what Django's test client cannot show: races, crashes, speed."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

PROJECT = Path(__file__).parents[2]
WORKER = re.compile(r"Booting worker with pid: (\d+)")


def write_database_url(parameters):
    """DATABASE_URL for the parameters with which Django connects; a socket's directory stands before the name."""
    user, password, host = (str(parameters.get(key, "")) for key in ("user", "password", "host"))
    directory, host = (host, "") if host.startswith("/") else ("", host)
    address = f"{quote(user, safe='')}:{quote(password, safe='')}@{host}:{parameters.get('port', '')}"
    return f"postgres://{address}/{quote(directory + '/' if directory else '')}{quote(parameters['dbname'])}"


class Gunicorn:
    """gunicorn as the product configures it; `arguments` are its own and come last. Ready once it is entered.

    `environment` says which database and key it uses, on top of our own environment; `project` is the checkout.
    """

    configuration = ("-c", "python:clientline.gunicorn_conf")
    asked_first = "/"  # which needs a database

    def __init__(self, environment, *arguments, project=PROJECT):
        self.environment, self.arguments, self.project = environment, arguments, project

    def __enter__(self):
        self.log = tempfile.NamedTemporaryFile("w+", prefix="gunicorn-", suffix=".log")
        # It inherits a socket that listens already: the port cannot be lost to another process meanwhile.
        with socket.create_server(("127.0.0.1", 0), backlog=2048) as listener:
            self.port = listener.getsockname()[1]
            self.process = self.start(listener.fileno())
        try:
            ready = self.call("GET", self.asked_first)
            assert ready.status == 200, ready.body
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *exception):
        self.stop()

    def start(self, listener):
        return subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *self.list_arguments(listener)],
            cwd=self.project,
            env=os.environ | self.environment,
            stdout=self.log,
            stderr=self.log,
            pass_fds=[listener],
        )

    def list_arguments(self, listener):
        return [*self.configuration, f"--bind=fd://{listener}", *self.arguments]

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def call(self, method, path, *, token=None, body=None, **headers):
        """The answer to one request on a connection of its own: `status`, `headers` and the JSON `body`."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers |= {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        answer = self.ask(method, path, json.dumps(body) if body is not None else None, headers)
        answer.body = json.loads(answer.body)
        return answer

    def ask(self, method, path, body=None, headers=None):
        """The answer as it comes: `body` are bytes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return SimpleNamespace(status=response.status, headers=response.headers, body=response.read())
        finally:
            connection.close()

    @property
    def output(self):
        """What it has logged so far."""
        return Path(self.log.name).read_text()

    @property
    def workers(self):
        """The process ids of all workers so far, oldest first."""
        return [int(pid) for pid in WORKER.findall(self.output)]
