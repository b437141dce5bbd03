"""The tokens that programs carry, the sessions of browsers, and second factors."""

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from clientline import columns
from clientline.constraints import SameOrganization
from organizations import policy


class TokenQuerySet(models.QuerySet):
    def named(self) -> Self:
        """Those made for programs; signing in makes one without a name."""
        return self.exclude(name="")


class Token(models.Model):
    """Lets a program act as its user. The secret is shown once; only its SHA-256 is kept."""

    organization = columns.organization()
    user = models.ForeignKey(User, models.CASCADE, related_name="tokens", db_constraint=False)
    name = columns.short_text(100, help_text=_("Empty for a token made by signing in"))
    scope = models.CharField(
        max_length=10,
        choices=list(zip(policy.TOKEN_SCOPES, policy.TOKEN_SCOPES, strict=True)),
        default=policy.MANAGE,
        db_default=policy.MANAGE,
        help_text=_("`read`: nothing but GET; `book`: also visits, and new clients; `manage`: all that the role may"),
    )
    prefix = models.CharField(max_length=12, unique=True, help_text=_("Public part, by which the token is found"))
    digest = models.BinaryField(max_length=32, help_text=_("SHA-256 of the whole token"))
    created_at = columns.created_at()
    last_used_at = models.DateTimeField(null=True, blank=True, help_text=_("Written at most once a minute"))
    last_used_address = columns.address()
    expires_at = models.DateTimeField()
    address = columns.address()
    agent = columns.agent()

    objects = TokenQuerySet.as_manager()

    class Meta:
        db_table = "tokens"
        constraints = [
            SameOrganization(field="user", name="token_user_in_same_organization"),
            columns.known("token_scope_is_known", "scope", policy.TOKEN_SCOPES),
        ]
        indexes = [models.Index(fields=["organization"], name="token_by_organization")]

    def __str__(self) -> str:
        return self.name or self.prefix


class Session(AbstractBaseSession):
    """A browser's session. No grant lets the tenants' role see this table; a trigger ends what has to end."""

    id = models.BigAutoField(primary_key=True)
    session_key = models.CharField(max_length=40, unique=True)
    # The database deletes with the person: the tenants' role, which deletes people, could not.
    user = models.ForeignKey(User, models.DO_NOTHING, null=True, related_name="sessions", db_constraint=False)
    created_at = columns.created_at()
    last_used_at = models.DateTimeField(default=timezone.now, help_text=_("Written at most once a minute"))
    last_used_address = columns.address()
    address = columns.address()
    agent = columns.agent()

    class Meta:
        db_table = "sessions"


class SecondFactor(models.Model):
    """The secret that an authenticator app shares, and the recovery codes left. Closed to the tenants' role."""

    user = models.OneToOneField(User, models.DO_NOTHING, related_name="second_factor", db_constraint=False)
    key = models.BinaryField(max_length=20)
    last_step = models.BigIntegerField(default=-1, help_text=_("Of the last code taken: none is taken twice"))
    recovery_codes = ArrayField(models.BinaryField(max_length=32), default=list, help_text=_("SHA-256 of each"))
    confirmed_at = models.DateTimeField(null=True, help_text=_("None: set up, but no code was shown yet"))

    class Meta:
        db_table = "second_factors"

    def __str__(self) -> str:
        return gettext("Second factor of user %(number)s") % {"number": self.user_id}
