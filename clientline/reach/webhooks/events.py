"""What receivers are told: thin bodies of ids, and what is needed to see whether one missed something. No words.

Whoever wants more asks the API, with rights of their own; so an erasure has nothing to take back from receivers.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from accounts.models import User
from appointments.models import Appointment
from clientline.web.encoding import encode
from payments.models import Payment, Refund


def make_body(
    kind: str,
    *,
    organization: int,
    now: datetime,
    ids: dict[str, int],
    status: str = "",
    version: int | None = None,
    start: datetime | None = None,
) -> str:
    """The body as it is signed and sent. `version` and `start` are null where there is no such thing."""
    data = {"ids": ids, "status": status, "version": version, "start": start and start.astimezone(UTC)}
    told = {"type": kind, "timestamp": now.astimezone(UTC), "organization": organization, "data": data}
    return encode(told).decode()


def describe_visits(kind: str, visits: Iterable[Appointment], now: datetime) -> list[str]:
    """A body for each visit, in their order; `kind` is one of TYPES."""
    return [
        make_body(
            kind,
            organization=visit.organization_id,
            now=now,
            ids={
                "appointment": visit.pk,
                "client": visit.client_id,
                "staff": visit.staff_id,
                "service": visit.service_id,
            },
            status=visit.status,
            version=visit.version,
            start=visit.appointment_date,
        )
        for visit in visits
    ]


def describe_money(kind: str, row: Payment | Refund, now: datetime) -> str:
    """Of a refund the version is null: it has none."""
    if isinstance(row, Refund):
        ids = {"refund": row.pk, "payment": row.payment_id}
    else:
        ids = {"payment": row.pk, "appointment": row.appointment_id}
    version = getattr(row, "version", None)
    return make_body(kind, organization=row.organization_id, now=now, ids=ids, status=str(row.status), version=version)


def describe_client(kind: str, person: User, now: datetime, **others: int) -> str:
    """Of a client who was merged, `into` is whose record leads on."""
    status = "active" if person.is_active else "inactive"
    ids = {"client": person.pk} | others
    return make_body(kind, organization=person.organization_id, now=now, ids=ids, status=status, version=person.version)
