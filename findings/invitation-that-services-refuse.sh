#!/usr/bin/env bash
# An invitation to a calendar that Django sends by SMTP cannot be sent by any of these eleven mail services through anymail: each backend refuses an alternative of text/calendar, and told to ignore what it cannot do, it sends the message without.
# Source: RFC 6047 and RFC 5546: an invitation is a part of text/calendar with a method; Django's manual, EmailMultiAlternatives: attach_alternative takes any content and type.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check django==5.2.19 django-anymail==15.2
cat > send.py <<'PY'
from importlib.metadata import version
import django
import requests
from django.conf import settings
services = "brevo mailersend mailgun mailjet mailtrap mandrill postal postmark resend sparkpost unisender_go".split()
# Values that stand for an account at each; nothing is sent.
words = "API_KEY SECRET_KEY API_TOKEN SERVER_TOKEN API_URL".split()
values = {f"{name.upper()}_{word}": "http://127.0.0.1:9/" for name in services for word in words}
settings.configure(ANYMAIL=values | {"MAILGUN_SENDER_DOMAIN": "example.com"})
django.setup()
from anymail.exceptions import AnymailUnsupportedFeature
from django.core import mail
INVITATION = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:finding\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"
class Sent(Exception):
    """In the place of a request to a service, with what would have been sent."""
def sent(session, **told):
    raise Sent(str(told))
requests.Session.request = sent
def send(backend, **settings):
    message = mail.EmailMultiAlternatives("Visit", "Text", "a@example.com", ["b@example.com"])
    message.attach_alternative(INVITATION, "text/calendar; method=REQUEST")
    message.connection = mail.get_connection(backend, **settings)
    try:
        message.send()
    except AnymailUnsupportedFeature:
        return "refused"
    except Sent as told:
        return "sent with it" if "VCALENDAR" in str(told) else "sent without it"
    return "sent with it" if "text/calendar" in mail.outbox[0].message().as_string() else "sent without it"
print(f"Django {django.__version__} as SMTP sends it: {send('django.core.mail.backends.locmem.EmailBackend')}")
for name in services:
    backend = f"anymail.backends.{name}.EmailBackend"
    strict = send(backend)
    settings.ANYMAIL["IGNORE_UNSUPPORTED_FEATURES"] = True
    print(f"anymail {version('django-anymail')}, {name}: {strict}; unsupported features ignored: {send(backend)}")
    del settings.ANYMAIL["IGNORE_UNSUPPORTED_FEATURES"]
PY
venv/bin/python send.py > seen
cat > expected <<'TEXT'
Django 5.2.19 as SMTP sends it: sent with it
anymail 15.2, brevo: refused; unsupported features ignored: sent without it
anymail 15.2, mailersend: refused; unsupported features ignored: sent without it
anymail 15.2, mailgun: refused; unsupported features ignored: sent without it
anymail 15.2, mailjet: refused; unsupported features ignored: sent without it
anymail 15.2, mailtrap: refused; unsupported features ignored: sent without it
anymail 15.2, mandrill: refused; unsupported features ignored: sent without it
anymail 15.2, postal: refused; unsupported features ignored: sent without it
anymail 15.2, postmark: refused; unsupported features ignored: sent without it
anymail 15.2, resend: refused; unsupported features ignored: sent without it
anymail 15.2, sparkpost: refused; unsupported features ignored: sent without it
anymail 15.2, unisender_go: refused; unsupported features ignored: sent without it
TEXT
cat seen
diff -u expected seen
