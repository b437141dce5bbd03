"""Tokens: how they are made, and how the bearer of one is found and confined in a single statement."""

import hashlib
import secrets
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.last_use import IDLE_LASTS, OPERATORS_IDLE_LASTS
from accounts.models import Token, User
from clientline.database.prepared import connection, make_row
from clientline.operations import TENANT_ROLE
from clientline.refusals import Refused
from organizations import homes, policy
from organizations.homes import AWAY_SQL
from organizations.models import Organization
from organizations.tenancy import read_origin, write_settings_sql

SIGN_IN_LASTS = timedelta(days=30)
TOKEN_LASTS = timedelta(days=365)  # unless it is made with another end
PREFIX_LENGTH = 8


class InsufficientScope(Refused):
    status = 403
    code = "insufficient_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(MAY_ONLY[scope])


MAY_ONLY = {
    policy.READ: gettext_lazy("This token may only read. Make one with the scope `book` or `manage` for more."),
    policy.BOOK: gettext_lazy(
        "This token may only read, book and create clients. Make one with the scope `manage` for more."
    ),
}


def issue_token(
    user: User,
    *,
    now: datetime,
    name: str = "",
    scope: str = policy.MANAGE,
    expires_at: datetime | None = None,
    address: str | None = None,
    agent: str = "",
) -> tuple[Token, str]:
    """Save a token for `user`; returns it and the secret, which cannot be shown again.

    Without a `name` it is a sign-in, which ends when it is not used. Without `expires_at` it lasts a year.
    """
    prefix = secrets.token_hex(PREFIX_LENGTH // 2)
    secret = f"cl_{prefix}_{secrets.token_urlsafe(32)}"
    token = Token.objects.create(
        organization_id=user.organization_id,
        user=user,
        name=name,
        scope=scope,
        prefix=prefix,
        digest=hash_secret(secret),
        created_at=now,
        expires_at=expires_at or now + TOKEN_LASTS,
        address=address,
        agent=agent,
    )
    return token, secret


def hash_secret(secret: str) -> bytes:
    """What is kept of a token, 32 bytes: its own randomness makes salt needless."""
    return hashlib.sha256(secret.encode()).digest()


def _cut_prefix(secret: str) -> str:
    return secret[3 : 3 + PREFIX_LENGTH]


def _list_fields(model: type[Model], alias: str) -> tuple[list[str], str]:
    """A model's attributes, and their columns as they are selected."""
    fields = model._meta.concrete_fields
    columns = ", ".join(f"{alias}.{connection.ops.quote_name(str(field.column))}" for field in fields)
    return [field.attname for field in fields], columns


TOKEN_FIELDS = ["id", "organization_id", "user_id", "scope", "last_used_at"]
USER_FIELDS, USER_SQL = _list_fields(User, "u")
ORGANIZATION_FIELDS, ORGANIZATION_SQL = _list_fields(Organization, "o")
IDLE, OPERATORS_IDLE = (f"{lasts.total_seconds():.0f}" for lasts in (IDLE_LASTS, OPERATORS_IDLE_LASTS))
BEARER = f"""
    SELECT {{settings}}, {AWAY_SQL.format("o.id")},
        {", ".join(f"t.{name}" for name in TOKEN_FIELDS)}, {USER_SQL}, {ORGANIZATION_SQL}
    FROM tokens t JOIN users u ON u.id = t.user_id JOIN organizations o ON o.id = u.organization_id
    WHERE t.prefix = %s AND t.digest = %s AND t.expires_at > now()
      AND (t.name <> '' OR coalesce(t.last_used_at, t.created_at)
           > now() - make_interval(secs => CASE WHEN u.is_superuser THEN {OPERATORS_IDLE} ELSE {IDLE} END))
      AND u.is_active AND o.is_active
"""  # noqa: S608 -- columns of our own models
SETTINGS_SQL = write_settings_sql(
    role=f"CASE WHEN u.is_superuser THEN 'none' ELSE '{TENANT_ROLE}' END",
    organization="u.organization_id::text",
    user="u.id::text",
)
CONFINED_BEARER = BEARER.format(settings=SETTINGS_SQL)
SETTINGS_COUNT = SETTINGS_SQL.count("set_config(")
UNCONFINED_BEARER = BEARER.format(settings=", ".join(["NULL"] * SETTINGS_COUNT))


def find_bearer(secret: str, *, confined: bool) -> Token | None:
    """The Token for `secret` with its active user and their active organization, or None. Raises Moving and Moved.

    With `confined`, the same statement puts the third wall up for the transaction that is open.
    """
    # PostgreSQL works a SELECT list out for rows that pass WHERE alone: a wrong secret sets nothing.
    statement, values = (CONFINED_BEARER, read_origin()) if confined else (UNCONFINED_BEARER, [])
    asked = statement, [*values, _cut_prefix(secret), hash_secret(secret)]
    (rows,) = connection.ask(asked, only_reads=True)
    if not rows:
        return None
    # The settings' answers come first, then the columns in this order. What else the token has is read if asked for.
    homes.refuse_away(rows[0][SETTINGS_COUNT])
    values = iter(rows[0][SETTINGS_COUNT + 1 :])
    token = make_row(Token, TOKEN_FIELDS, list(islice(values, len(TOKEN_FIELDS))))
    token.user = make_row(User, USER_FIELDS, list(islice(values, len(USER_FIELDS))))
    token.user.organization = make_row(Organization, ORGANIZATION_FIELDS, list(values))
    token.user.token_scope = token.scope
    return token


def issue_sign_in_token(user: User, *, address: str | None, agent: str) -> tuple[Token, str]:
    """A token as signing in gives it."""
    now = timezone.now()
    return issue_token(user, now=now, expires_at=now + SIGN_IN_LASTS, address=address, agent=agent)
