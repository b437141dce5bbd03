"""Merging two records of one client: the visits, and with them the payments, go to the one that is kept."""

from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts import people
from accounts.models import User
from accounts.records import hold_records
from accounts.signals import client_merged
from appointments import booking
from appointments.placing import hold_visits
from clientline.refusals import FieldRefused
from organizations.models import Organization

# Without their names: the history keeps what is written here, also beyond an erasure.
CONTACT = ("phone", "contact_email", "birthday", "language")
REASON = gettext_noop("Two records of one client were merged.")
# What the history tells of mergers from before `merged_into`: into whom the last visit of somebody inactive went.
FIND_OUT = """
    UPDATE users SET merged_into_id = kept.id
    FROM (
        SELECT DISTINCT ON (was) was::bigint AS id, became::bigint AS kept_id
        FROM appointment_history
        WHERE organization_id = %(organization)s AND action = 'client_changed' AND reason = %(reason)s
        ORDER BY was, id DESC
    ) AS merged
    JOIN users AS kept ON kept.id = merged.kept_id AND kept.organization_id = %(organization)s
    WHERE users.id = merged.id AND users.organization_id = %(organization)s
        AND NOT users.is_active AND users.merged_into_id IS NULL AND users.id <> kept.id
"""


def merge_clients(*, by: User | None, kept: User, duplicate: User, now: datetime) -> int:
    """Give `kept` the visits of `duplicate`, and what it lacks of its contact; `duplicate` is inactive and leads to it.

    Returns how many visits moved. What the two are is read anew, under lock. Raises FieldRefused.
    """
    _refuse_oneself(kept, duplicate)
    with transaction.atomic():
        kept, duplicate = _lock_people(kept, duplicate)
        # Behind the lock: since the page was made, either may have left, been merged, or joined the team.
        _refuse_to_merge(kept, duplicate)
        hold_visits(duplicate)  # one must not come while the others leave
        moved = booking.hand_over(by=by, client=duplicate, to=kept, now=now, reason=REASON)
        people.change_person(by=by, person=kept, changes=_take_over(kept, duplicate))
        people.change_person(by=by, person=duplicate, changes={"is_active": False, "merged_into": kept})
        # Whoever was merged into the duplicate earlier: two steps would lead to somebody inactive, and from there
        # nowhere.
        for former in User.objects.filter(merged_into=duplicate):
            people.change_person(by=by, person=former, changes={"merged_into": kept})
        client_merged.send(sender=User, kept=kept, duplicate=duplicate, now=now)
    return moved


def _take_over(kept: User, duplicate: User) -> dict[str, Any]:
    """What `kept` lacks and `duplicate` has, and the notes of both; not a consent, which `kept` may have withdrawn."""
    changes = {name: getattr(kept, name) or getattr(duplicate, name) for name in CONTACT}
    changes["client_notes"] = "\n\n".join(filter(None, (kept.client_notes, duplicate.client_notes)))
    changes["is_flagged"] = kept.is_flagged or duplicate.is_flagged
    return changes


def find_former_mergers(organization: Organization) -> None:
    """Note which clients were merged into whom, as far as the history of their visits tells."""
    with connection.cursor() as cursor:
        cursor.execute(FIND_OUT, {"organization": organization.pk, "reason": REASON})


def _lock_people(*clients: User) -> list[User]:
    """The same people, as they are now, with all their records held. Raises FieldRefused."""
    keys = [each.pk for each in clients]
    held = {row.pk: row for row in hold_records(*keys)}
    if User.objects.filter(pk__in=keys).exclude(pk__in=held).exists():
        raise FieldRefused("duplicate", "invalid", _("Only clients can be merged."))
    if not held.keys() >= set(keys):
        raise FieldRefused("duplicate", "does_not_exist", _("One of the two is gone."))
    return [held[key] for key in keys]


def _refuse_oneself(kept: User, duplicate: User) -> None:
    if kept.pk == duplicate.pk:
        raise FieldRefused("duplicate", "invalid", _("Choose another client: this is the same one."))


def _refuse_to_merge(kept: User, duplicate: User) -> None:
    if kept.organization_id != duplicate.organization_id:
        raise FieldRefused("duplicate", "does_not_exist", _("There is no such client here."))
    if not kept.is_active:
        raise FieldRefused(
            "duplicate", "inactive", _("%(name)s is not active. Reactivate the one to keep first.") % {"name": kept}
        )
