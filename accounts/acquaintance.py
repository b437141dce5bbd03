"""Whom somebody of the team knows: the clients they registered, and those an upper app knows to be theirs."""

from django.db.models import Q

from clientline.callers import Caller

# Each is a function: user → Q over people. An upper app adds its own when it is ready.
WAYS = [lambda user: Q(created_by=user.pk)]


def find_acquaintances(user: Caller) -> Q:
    """A condition over people: whom `user` knows."""
    condition = Q()
    for way in WAYS:
        condition |= way(user)
    return condition
