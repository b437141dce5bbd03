"""Files of movements that leave the house: each is an event of the audit, with its hash."""

from hashlib import sha256
from typing import Any

from accounts.models import User
from appointments.periods import Period
from organizations import audit
from organizations.replica import read_behind
from payments.bookkeeping.movement_files import write_file


def export_movements(
    *, by: User | None, period: Period, form: str = "csv", separators: str = "point"
) -> tuple[str, bytes]:
    """The name and the bytes of the file. `by` None is a command. Raises FieldRefused."""

    def write() -> tuple[str, bytes]:
        return write_file(period, form, separators)

    (name, content), as_of = read_behind(write, by=by) if by else (write(), None)
    # Not within `write`, which runs twice where a replica fails, and there on a server that only reads.
    facts: dict[str, Any] = {
        "from": period.first,
        "to": period.last,
        "format": form,
        "sha256": sha256(content).hexdigest(),
        "as_of": as_of,
    }
    audit.record_event("export", by=by, organization_id=period.organization.pk, table="payments", **facts)
    return name, content
