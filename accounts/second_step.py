"""Between the password and the code: a browser's session remembers for some minutes who gave the right password.

So it does for who signs in with a second factor, and for who sets one up.
"""

import time

from django.http import HttpRequest

from accounts.authentication import select_active_users
from accounts.models import User

KEY = "second_step"
ENROLLING = "enrolling"
SECONDS = 300


def begin_second_step(request: HttpRequest, person: User) -> None:
    """Remember for SECONDS that `person` gave the right password."""
    request.session[KEY] = [person.pk, person.get_session_auth_hash(), time.time() + SECONDS]


def find_person_at_second_step(request: HttpRequest) -> User | None:
    """Who gave the right password a moment ago and has not changed since, or None."""
    pk, proof, until = request.session.get(KEY, (None, None, 0))
    person = select_active_users().filter(pk=pk).first() if time.time() < until else None
    return person if person and person.get_session_auth_hash() == proof else None


def end(request: HttpRequest) -> None:
    """Forget who gave the right password. Raises KeyError where nobody did."""
    del request.session[KEY]


def begin_enrolling(request: HttpRequest) -> None:
    """Who has signed in has given the password again, and may see a secret."""
    request.session[ENROLLING] = time.time() + SECONDS


def may_enrol(request: HttpRequest) -> bool:
    """Whether the password was given again within SECONDS, by who has signed in."""
    return time.time() < request.session.get(ENROLLING, 0)


def end_enrolling(request: HttpRequest) -> None:
    del request.session[ENROLLING]
