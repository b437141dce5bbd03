"""Feeds: addresses under which a calendar program reads somebody's visits."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientline import columns
from clientline.columns import known
from clientline.constraints import SameOrganization
from organizations import policy
from organizations.tenancy import TenantQuerySet


class FeedQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {policy.SELF: lambda user: Q(user=user.pk)}


class Feed(models.Model):
    """The secret is shown once, and only its SHA-256 is kept. It ends with its person's role and password."""

    class Detail(models.TextChoices):
        BUSY = "busy", _("busy, and nothing else")
        SERVICE = "service", _("the service")
        NAME = "name", _("the service and the client's first name")

    organization = columns.organization()
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    purpose = models.CharField(max_length=60, help_text=_("What it is for, as “My telephone”"))
    detail = models.CharField(
        max_length=7,
        choices=Detail,
        default=Detail.BUSY,
        db_default=Detail.BUSY,
        help_text=_("`busy`: only that; `service`: what for; `name`: also the client's first name"),
    )
    digest = models.BinaryField(max_length=32, unique=True, editable=False, help_text=_("SHA-256 of the token"))
    standing = models.BinaryField(
        max_length=32,
        editable=False,
        help_text=_("Digest of role and password as they were: with others, it has ended"),
    )
    hour_began_at = models.DateTimeField(null=True, blank=True, editable=False)
    read_in_hour = columns.whole(0, editable=False)
    last_read_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = columns.created_at()

    objects = FeedQuerySet.as_manager()

    class Meta:
        db_table = "calendar_feeds"
        verbose_name = _("calendar feed")
        verbose_name_plural = _("calendar feeds")
        constraints = [
            known("feed_detail_is_known", "detail", ("busy", "service", "name")),
            models.UniqueConstraint(
                fields=["user", "purpose"],
                name="feed_once_for_a_purpose",
                violation_error_message=_("You have a feed for this already."),
            ),
            SameOrganization(field="user", name="feed_user_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization"], name="feed_by_organization")]

    def __str__(self) -> str:
        return self.purpose
