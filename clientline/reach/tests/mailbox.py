"""A mail server that really receives, over SMTP, on a port of its own."""

import smtplib
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller


class Mailbox:
    """`mails` are the messages received, parsed; `answers` are what it answers instead of taking the next ones."""

    def __init__(self):
        self.raw, self.answers, self.on_mail = [], [], None

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
        if self.answers:
            return self.answers.pop(0)
        self.raw.append(envelope.content)
        if self.on_mail:
            self.on_mail()
        return "250 OK"

    @property
    def mails(self):
        return [message_from_bytes(each, policy=policy.default) for each in self.raw]

    def take(self):
        """The one mail that came since the last one was taken."""
        (mail,) = self.mails
        self.raw.clear()
        return mail


class Server(Controller):
    """aiosmtpd asks itself whether it is up; a free port is known only once it is."""

    def _trigger_server(self):
        port = self.server.sockets[0].getsockname()[1]
        self.port = port
        with smtplib.SMTP(self.hostname, port, timeout=10):
            pass


def serve(handler):
    server = Server(handler, hostname="127.0.0.1", port=0)
    server.start()
    return server


@pytest.fixture(scope="session")
def mail_server():
    server = serve(Mailbox())
    yield server
    server.stop()


@pytest.fixture
def mailbox(settings, mail_server):
    """Empty for each test, at a server that stays."""
    mail_server.handler.__init__()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", mail_server.port, False
    settings.DEFAULT_FROM_EMAIL = "visits@clientline.example"
    settings.PUBLIC_URL = "https://book.clientline.example"
    return mail_server.handler
