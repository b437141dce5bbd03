"""The audit: every change to the organizations' rows, noted by trigger, and events that change none.

Ours rather than django-pghistory's: one table behind one policy and one keyset; its context has no organization.
"""

from contextlib import contextmanager

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from organizations.models import Audit
from organizations.origin import origin


def record(event, *, by=None, organization_id=None, row=None, **facts):
    """Note an event: what `by` (None: nobody known, or a command) did, about `row`, with what is worth knowing.

    Without `organization_id` it is that of the row, or else of the actor.
    """
    present = origin.get()
    Audit.objects.create(
        organization_id=organization_id or getattr(row or by, "organization_id", None),
        at=timezone.now(),
        actor=by,
        source=present.source or Audit.Source.COMMAND,
        request_id=present.request_id or settings.PROGRAM,
        action=event,
        table=row._meta.db_table if row else "",
        row=row.pk if row else None,
        changes={name: [None, value] for name, value in facts.items()},
    )


@contextmanager
def unaudited():
    """A transaction whose changes the audit leaves out, for rows made up or copied by the hundred thousand.

    A setting rather than DISABLE TRIGGER, which would lock the tables against everybody until the end. The triggers
    heed it from the owner only, never from a confined request.
    """
    with transaction.atomic():
        switch("off")
        yield  # what raises rolls back, the setting included
        switch("on")


def switch(state):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('clientline.audit', %s, true)", [state])
