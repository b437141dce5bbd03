"""What is kept about one person: all of it to hand out, and the erasure of a client. Money and visits stay.

Beyond the reach of both: backups, and what the payment provider keeps.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from itertools import groupby
from operator import attrgetter, or_
from typing import Any

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import people
from accounts.models import User
from accounts.records import hold_records, select_records
from accounts.serializers import UserForClientSerializer, UserSerializer
from accounts.signals import client_erased
from appointments import booking
from appointments.amendments.kept_notes import leave_out_kept, list_heads
from appointments.history import INSIDE, leave_out_former_reasons
from appointments.models import Appointment, AppointmentHistory, Side
from appointments.placing import hold_visits
from appointments.serializers import AppointmentForClientSerializer, AppointmentSerializer
from clientline.database.changes import save_changes
from clientline.disclosure import select_tellable
from clientline.reach.guests.forgetting import forget_client
from clientline.reach.messages.handovers import select_handovers
from clientline.reach.messages.models import Message, OptOut, is_told_to
from clientline.reach.messages.opting_out import select_told_before
from clientline.reach.messages.serializers import MessageSerializer
from clientline.refusals import Refused
from clientline.web.encoding import encode
from organizations import audit
from organizations.models import Audit
from payments.models import ClientTotal, Payment, Refund
from payments.serializers import PaymentSerializer, RefundSerializer
from payments.totals import sum_totals

# Of their own row, what people may know; how it is kept and who may do what with it is not about them.
OF_A_PERSON = (
    "name",
    "email",
    "contact_email",
    "phone",
    "birthday",
    "language",
    "marketing_consent_at",
    "role",
    "is_active",
)
ANONYMOUS = {
    "contact_email": "",
    "phone": "",
    "birthday": None,
    "client_notes": "",
    "is_flagged": False,
    "language": "",
    "marketing_consent_at": None,
    "external_source": "",
    "external_id": "",
    "is_active": False,
}
COLUMN_CHANGES = ("insert", "update", "delete")
FREE_TEXT = {"notes": "", "internal_notes": "", "cancellation_reason": ""}


REASON = "The client was erased."  # blanked with all other reasons


class NotAClient(Refused):
    code = "not_a_client"
    detail = gettext_lazy("Only clients are erased. Deactivate somebody of the team.")


def export_person(*, by: User | None, person: User, now: datetime) -> dict[str, Any]:
    """Everything about `person` that `by` may see (None, a command: all), as JSON's own types and instants.

    Times are the organization's. The export is an event of the audit.
    """
    home = person.organization
    insider = by is None or by.may("appointments", "internal_notes")
    with timezone.override(home.zone):
        visits = _select_visible(Appointment, by, "appointments").filter(client=person)
        paid = _select_visible(Payment, by, "payments").filter(appointment__client=person)
        # Each by its index: of both in one condition PostgreSQL read the messages of all organizations.
        told = Message.objects.filter(is_told_to(person)).values("pk")
        told = told.union(select_told_before(person).values("pk"))
        messages = _select_visible(Message, by, "messages").filter(pk__in=told)
        answer = {
            "exported_at": timezone.localtime(now),
            "organization": {"id": home.pk, "name": home.name, "email": home.email},
            "user": _read_rows(
                UserSerializer if insider else UserForClientSerializer, User.objects.filter(pk=person.pk)
            )[0],
            "appointments": _read_visits(visits, person, insider),
            "history": _read_history(visits, insider),
            "payments": _read_rows(PaymentSerializer, paid),
            "refunds": _read_rows(RefundSerializer, Refund.objects.filter(payment__in=paid)),
            "messages": _read_rows(MessageSerializer, messages),
            "wants_no_reminders": OptOut.objects.filter(client=person).exists(),
            "changes": _read_changes(person),
        }
    audit.record_event("export", by=by, row=person)
    return answer


def export_file(*, by: User | None, person: User, now: datetime) -> bytes:
    """The export as indented JSON, in bytes."""
    return encode(export_person(by=by, person=person, now=now), indented=True)


def _select_visible(model: Any, by: User | None, resource: str) -> QuerySet[Any]:
    # Without a scope on purpose: a command has no caller, and whoever asks goes on to one person's rows.
    return model.objects.visible_to(by, resource) if by else model.objects.all()


def _read_rows(serializer_class: Any, rows: QuerySet[Any]) -> list[Any]:
    reader = serializer_class.reader()
    return reader(serializer_class.annotate(rows).order_by("id").values_list(*reader.columns))


def _read_visits(visits: QuerySet[Appointment], person: User, insider: bool) -> list[Any]:
    """Without what was noted for others who had them before."""
    rows = _read_rows(AppointmentSerializer if insider else AppointmentForClientSerializer, visits)
    for row in rows if insider else ():
        row["internal_notes"] = leave_out_kept(row["internal_notes"], lambda client: client != person.pk)
    return rows


def _read_history(visits: QuerySet[Appointment], insider: bool) -> list[dict[str, Any]]:
    facts = list(AppointmentHistory.objects.filter(appointment__in=visits).order_by("appointment", "id"))
    for _, of_one in groupby(facts, attrgetter("appointment_id")):
        leave_out_former_reasons([*of_one][::-1])
    return [_tell_fact(fact) for fact in facts if insider or fact.action not in INSIDE]


def _tell_fact(fact: AppointmentHistory) -> dict[str, Any]:
    return {
        "appointment": fact.appointment_id,
        "at": timezone.localtime(fact.at),
        "action": fact.action,
        "from": fact.was,
        "to": fact.became,
        "reason": fact.reason,
    }


def _read_changes(person: User) -> list[dict[str, Any]]:
    """What the audit tells of the person's own row; not by whom, which is about somebody else."""
    entries = Audit.objects.filter(table=User._meta.db_table, row=person.pk).order_by("id")
    return [
        {"at": timezone.localtime(at), "action": action, "changes": _keep_tellable(action, changes)}
        for at, action, changes in entries.values_list("at", "action", "changes")
    ]


def _keep_tellable(action: str, changes: dict[str, Any]) -> dict[str, Any]:
    """The columns that may be told, where these are columns and not the facts of an event."""
    if action not in COLUMN_CHANGES:
        return select_tellable(changes)
    return {name: changes[name] for name in OF_A_PERSON if name in changes}


def preview_erasure(*, client: User, now: datetime) -> dict[str, Any]:
    """What `erase` would do: the ids of the person's `records` and of their `coming_visits`, and what stays `due`."""
    records = list(select_records(client.pk).values_list("pk", flat=True))
    visits = _select_coming(records, now)
    return {
        "records": records,
        "coming_visits": list(visits.values_list("pk", flat=True)),
        "due": sum_totals(ClientTotal.objects.filter(client__in=records))["due"],
    }


def _select_coming(records: Iterable[User | int], now: datetime) -> QuerySet[Appointment]:
    coming = Appointment.objects.filter(
        client__in=records, status=Appointment.Status.SCHEDULED, appointment_date__gt=now
    )
    return coming.order_by("id")


def erase(*, by: User | None, client: User, now: datetime) -> User:
    """Replace the person's names, contacts and all free text about them, and end their access. Raises NotAClient.

    They are one person with the records merged into theirs, or theirs into. The house cancels their visits to come,
    without a fee. The caller holds none of the rows, or all that `hold_records` holds. Repeating it does no harm.
    """
    with transaction.atomic():
        records = hold_records(client.pk)
        if client.pk not in {record.pk for record in records}:
            raise NotAClient
        for record in records:
            hold_visits(record)  # notes must not come with a booking of this moment
        for visit in _select_coming(records, now).select_related("organization"):
            booking.cancel(by=by, visit=visit, reason=REASON, on_behalf_of=Side.ORGANIZATION, now=now)
        for record in records:
            _erase_record(by, record)
            client_erased.send(sender=User, person=record, now=now)
    client.refresh_from_db()
    return client


def _erase_record(by: User | None, client: User) -> None:
    forget_client(client)  # first, while the record says by which addresses they asked
    client.set_unusable_password()
    client.save(update_fields=["password"])  # before the address: whoever signs in needs one
    changes = ANONYMOUS | {"name": f"Erased client {client.pk}", "email": ""}
    people.change_person(by=None, person=client, changes=changes)
    visits = Appointment.objects.filter(client=client)
    visits.exclude(**FREE_TEXT).update(**FREE_TEXT, version=F("version") + 1)
    refunds = Refund.objects.filter(payment__appointment__client=client)
    refunds.exclude(reason="").update(reason="")
    voided = Payment.objects.filter(appointment__client=client).exclude(void_reason="")
    voided.update(void_reason="", version=F("version") + 1)
    _erase_kept_notes(client)
    forget(client)
    redact(client)
    audit.record_event("erase", by=by, row=client)


def _erase_kept_notes(client: User) -> None:
    """What was noted for them on visits that are another client's by now."""
    given = select_handovers(organization=client.organization_id, was=str(client.pk)).values("appointment")
    is_noted = reduce(or_, (Q(internal_notes__contains=head) for head in list_heads(str(client.pk))))
    noted = Appointment.objects.filter(is_noted, pk__in=given).order_by("id")
    for visit in noted.select_for_update(no_key=True, of=("self",)):
        left = leave_out_kept(visit.internal_notes, lambda noted_for: noted_for == client.pk)
        save_changes(visit, {"internal_notes": left})


def forget(client: User) -> None:
    """Delete the client's failed sign-ins and forgotten passwords, and blank the answers kept for repeated requests;
    before `redact`, as it reads in the audit what they were called.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT forget_client(%s), forget_password_resets(%s)", [client.pk, client.pk])


def redact(client: User) -> None:
    """Blank what history, audit and the admin's log say of the client; last, as it covers the erasure's own traces."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT redact_client(%s)", [client.pk])
