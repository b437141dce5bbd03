"""Who is signed in by a test has a session and no more: half of all pages of tests are asked for after that.

What Django's own does comes to a sixth of a page: twelve statements for a key against planted sessions, the failures
to forget, `last_login` and the audit. All that has tests of its own, through the page and the API.
"""

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import VALID_KEY_CHARS
from django.test import Client
from django.utils.crypto import get_random_string

from accounts.models import Session
from accounts.sessions import SessionStore

sign_in_anew = Client.force_login


def force_login(self, user, backend=None):
    """One statement for a client that comes for the first time; who has a session goes on with it as in Django."""
    if settings.SESSION_COOKIE_NAME in self.cookies or backend is not None:
        sign_in_anew(self, user, backend)
        return
    data = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[-1],  # the first one only counts failures
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    store, key = SessionStore(), get_random_string(32, VALID_KEY_CHARS)
    ends = store.get_expiry_date()
    Session.objects.create(session_key=key, session_data=store.encode(data), expire_date=ends, user=user)
    self.cookies[settings.SESSION_COOKIE_NAME] = key


Client.force_login = force_login
