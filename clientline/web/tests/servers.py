"""A server on the database of the tests as in production: behind a proxy that ends TLS, read by a collector of logs."""

import json

from django.conf import settings
from django.db import connection

from clientline.demo.serving import Gunicorn, write_database_url

NAME = "book.example.com"
METRICS_TOKEN = "a-token"


def environment_of_tests():
    address = write_database_url(connection.get_connection_params())
    return {"DATABASE_URL": address, "SECRET_KEY": settings.SECRET_KEY, "RATE_LIMIT": "0"}


class Production(Gunicorn):
    def __init__(self):
        own = {
            "LOG_FORMAT": "json",
            "METRICS_TOKEN": METRICS_TOKEN,
            "ALLOWED_HOSTS": f"127.0.0.1,{NAME}",
            "SECURE_COOKIES": "true",
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        super().__init__(environment_of_tests() | own, "--workers=2")

    def ask(self, method, path, body=None, headers=None):
        """As the proxy asks."""
        return super().ask(method, path, body, {"X-Forwarded-Proto": "https"} | (headers or {}))

    def list_requests(self, since):
        """What it has logged of each request from that place of its output on."""
        lines = [json.loads(line) for line in self.output[since:].splitlines() if line.startswith("{")]
        return [line for line in lines if line["logger"] == "clientline.requests"]
