"""All that acts for a person, seen and ended: the sessions of browsers, and tokens, named or made by signing in.

For unconfined views only: the tenants' role may not see sessions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.last_use import match_in_use
from accounts.models import Session, Token, User
from clientline.notations import is_readable_number
from organizations import policy


@dataclass
class SignIn:
    """`id` is made of `kind` and the row's number, as `session-7`; `current` is the one that asks."""

    id: str
    kind: str
    name: str
    scope: str
    created_at: datetime
    last_used_at: datetime | None
    last_used_address: str | None
    expires_at: datetime
    address: str | None
    agent: str
    current: bool


def _select_sessions(user: User) -> QuerySet[Session]:
    now = timezone.now()
    return Session.objects.filter(match_in_use(now), user=user.pk, expire_date__gt=now)


def _select_tokens(user: User) -> QuerySet[Token]:
    now = timezone.now()
    return Token.objects.filter(~Q(name="") | match_in_use(now), user=user.pk, expires_at__gt=now)


KINDS: dict[str, Callable[[User], QuerySet[Any]]] = {"session": _select_sessions, "token": _select_tokens}


def read_current(request: Any) -> Token | Session:
    """The Token or Session that makes this request."""
    return request.call.token or request.session.row


def list_sign_ins(user: User, *, current: Token | Session) -> list[SignIn]:
    """All that are valid, newest first. `current` is the Session or Token that asks."""
    found = [
        _describe_sign_in(row, kind=kind, current=row == current) for kind, rows in KINDS.items() for row in rows(user)
    ]
    return sorted(found, key=attrgetter("created_at"), reverse=True)


def _describe_sign_in(row: Token | Session, *, kind: str, current: bool) -> SignIn:
    return SignIn(
        id=f"{kind}-{row.pk}",
        kind=kind,
        name=getattr(row, "name", ""),
        scope=getattr(row, "scope", policy.MANAGE),
        created_at=row.created_at,
        last_used_at=row.last_used_at,
        last_used_address=row.last_used_address,
        expires_at=row.expires_at if isinstance(row, Token) else row.expire_date,
        address=row.address,
        agent=row.agent,
        current=current,
    )


def end_sign_in(user: User, id: str) -> bool:
    """End the one called `id`; whether there was one."""
    kind, _, pk = id.partition("-")
    if kind not in KINDS or not is_readable_number(pk):
        return False
    ended, _ = KINDS[kind](user).filter(pk=int(pk)).delete()
    return ended > 0


def keep_sign_in(kept: Token | Session | None) -> None:
    """Let this Token or Session (None: no sign-in) outlive what its owner changes in this transaction.

    With their password, second factor or address, all their other sign-ins end.
    """
    with connection.cursor() as cursor:
        for kind, model in (("token", Token), ("session", Session)):
            cursor.execute(
                "SELECT set_config(%s, %s, true)",
                [f"clientline.kept_{kind}", str(kept.pk) if isinstance(kept, model) else ""],
            )
