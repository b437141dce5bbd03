"""The audit: every change to the organizations' rows, noted by trigger, and events that change none.

Ours rather than django-pghistory's: one table behind one policy and one keyset; its context has no organization.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clientline.callers import Caller
from clientline.disclosure import select_tellable
from clientline.names import look_up
from organizations.models import Audit, Organization
from organizations.origin import origin

# Of actions and events, what the admin says. `record_event` takes others, too.
WORDS = {
    "insert": gettext_lazy("added"),
    "update": gettext_lazy("changed"),
    "delete": gettext_lazy("deleted"),
    "sign_in": gettext_lazy("signed in"),
    "sign_in_failed": gettext_lazy("failed to sign in"),
    "refused": gettext_lazy("was refused"),
    "export": gettext_lazy("exported"),
    "import": gettext_lazy("imported"),
    "import_check": gettext_lazy("checked an import"),
    "import_refused": gettext_lazy("was refused an import"),
    "erase": gettext_lazy("erased"),
    "redact": gettext_lazy("had words blanked"),
    "message_again": gettext_lazy("had sent again"),
}
# Column → [old, new], as text; None where there was nothing.
Changes: TypeAlias = dict[str, list[str | None]]
# The tables that have the trigger.
AUDITED = (
    "appointments",
    "organizations",
    "payments",
    "refunds",
    "service_staff",
    "services",
    "special_hours",
    "time_off",
    "users",
    "webhook_endpoints",
    "working_hours",
)
LONGEST_VALUE = 60
MOST_EDITORS = 50


def record_event(
    event: str,
    *,
    by: Caller | None = None,
    organization_id: int | None = None,
    row: Model | None = None,
    table: str = "",
    **facts: object,
) -> None:
    """Note an event: what `by` (None: nobody known, or a command) did, about `row` or a whole `table`, and the facts.

    A fact that is None is left out. Without `organization_id` it is that of the row, or else of the actor.
    """
    # Of this request or command: set by the middleware, so threads of one process do not mix.
    present = origin.get()
    Audit.objects.create(
        organization_id=organization_id or getattr(row or by, "organization_id", None),
        at=timezone.now(),
        actor=by,  # type: ignore[misc]  # a User, whom this floor cannot name
        source=present.source or Audit.Source.COMMAND,
        request_id=present.request_id or settings.PROGRAM,
        action=event,
        table=row._meta.db_table if row else table,
        row=row.pk if row else None,
        changes={name: [None, str(value)] for name, value in facts.items() if value is not None},
    )


@contextmanager
def pause_audit() -> Iterator[None]:
    """A transaction whose changes the audit leaves out, for rows made up or copied by the hundred thousand.

    A setting rather than DISABLE TRIGGER, which would lock the tables against everybody until the end. The triggers
    heed it from the owner only, never from a confined request.
    """
    with transaction.atomic():
        _switch_audit("off")
        yield  # what raises rolls back, the setting included
        _switch_audit("on")


def _switch_audit(state: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clientline.audit', %s, true)", [state])


def name_tables() -> dict[str, str]:
    """By table of the business, what one row is called."""
    models: list[type[Model]] = [
        Organization,
        *(model for model in apps.get_models() if hasattr(model, "organization")),
    ]
    return {model._meta.db_table: str(model._meta.verbose_name) for model in models}


def describe_entry(entry: Audit) -> str:
    """What was done, in plain words: "service 5 changed: price 45.00 → 50.00"."""
    subject = f"{name_tables().get(entry.table, entry.table)} {entry.row or ''}".strip()
    told = "" if entry.action in ("insert", "delete") else ", ".join(list_changes(entry.changes))
    done = f"{subject} {WORDS.get(entry.action, entry.action.replace('_', ' '))}".strip()
    return f"{done}: {told}" if told else done


def list_changes(changes: Changes, longest: int | None = LONGEST_VALUE) -> list[str]:
    """A line for each column: its name, the old and the new value, cut off where they are longer."""
    return [
        f"{look_up(name.removesuffix('_id').replace('_', ' '))} "
        + " → ".join(_cut_value(value, longest) for value in (was, became) if was is not None or value is not None)
        for name, (was, became) in sorted(select_tellable(changes).items())
        if name != "version"
    ]


def _cut_value(text: str | None, longest: int | None) -> str:
    if text is None:
        return _("nothing")
    return text if longest is None or len(text) <= longest else f"{text[:longest]}…"


def find_editors_since(row: Model, version: int) -> list[str]:
    """Who made the versions of the row that came after `version`, latest first, each named once."""
    changes = Audit.objects.filter(
        organization=getattr(row, "organization_id", row.pk), table=row._meta.db_table, row=row.pk, action="update"
    )
    latest = changes.select_related("actor").order_by("-id")[:MOST_EDITORS]
    later = (entry for entry in latest if int(entry.changes.get("version", (0, 0))[1]) > version)
    return list(dict.fromkeys(name_doer(entry) for entry in later))


def name_doer(entry: Audit) -> str:
    """Whose doing it was. Operators are not named: members of an organization do not see them."""
    if entry.actor_id is None:
        if entry.source == Audit.Source.GUEST:
            return _("a guest")
        return entry.request_id if entry.source in ("command", "psql") else _("unknown")
    # The key is plain, without a constraint: what is told outlives whom it is told of.
    if entry.actor is None:
        return _("user %(number)s") % {"number": entry.actor_id}
    return _("operator %(number)s") % {"number": entry.actor_id} if entry.actor.is_superuser else entry.actor.name
