"""How new what a board shows is: the numbers of the latest changes to anything of its organization."""

from zlib import crc32

from django.contrib.postgres.expressions import ArraySubquery

from organizations.models import Audit

# Numbers are given before rows are committed: of two that write at once, the later number may be seen first. So the
# latest few count, not the very latest alone.
LATEST_CHANGES = 20


def select_latest_changes(organization):
    """The numbers of the latest changes to anything of the organization: one read of an index."""
    changes = Audit.objects.filter(organization=organization, action__in=("insert", "update", "delete"))
    return changes.order_by("-id").values_list("id", flat=True)[:LATEST_CHANGES]


def annotate_latest_changes(people, organization):
    """Adds `latest_changes` to rows that are read anyway, the same to each."""
    return people.annotate(latest_changes=ArraySubquery(select_latest_changes(organization)))


def write_version(latest, *, organization, day, now):
    """The ETag of a day. Today is another each minute, as visits become late by themselves."""
    minute = int(now.timestamp() // 60) if day == now.astimezone(organization.zone).date() else 0
    return f'"{latest[0] if latest else 0}-{crc32(repr(latest).encode()):x}-{minute}"'
