"""What is kept about one person: all of it to hand out, and the erasure of a client. Money and visits stay.

Beyond the reach of both: backups, and what the payment provider keeps.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts import people
from accounts.models import User
from accounts.records import hold_records, select_records
from accounts.serializers import UserForClientSerializer, UserSerializer
from accounts.signals import client_erased
from appointments import booking
from appointments.history import INSIDE, list_owners
from appointments.models import Appointment, AppointmentHistory, Side
from appointments.placing import hold_visits
from appointments.serializers import AppointmentForClientSerializer, AppointmentSerializer
from clientline.disclosure import select_tellable
from clientline.reach.guests.forgetting import forget_client
from clientline.reach.messages.handovers import HANDED_OVER, select_handovers_to_others
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
            "appointments": _read_rows(AppointmentSerializer if insider else AppointmentForClientSerializer, visits),
            "history": _read_history(visits, person, insider),
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


def _read_history(visits: QuerySet[Appointment], person: User, insider: bool) -> list[dict[str, Any]]:
    """Of their visits, without words of others' time; of those that they gave away, what is of their own time."""
    records = {str(pk) for pk in (person.pk, *select_records(person.pk).values_list("pk", flat=True))}
    handed = select_handovers_to_others().filter(organization=person.organization_id, was__in=records)
    # Past what the caller may see: clients see no visit that they gave away, and are handed what was theirs of it.
    given = Appointment.objects.filter(pk__in=handed.values("appointment")).exclude(client__in=map(int, records))
    told = [*_list_facts(visits, records)]
    # Not to whom they gave it.
    told += [each for each in _list_facts(given, records) if each[1] and each[0].action != HANDED_OVER]
    return [_tell_fact(fact, is_theirs) for fact, is_theirs in told if _may_be_told(fact, is_theirs, insider)]


def _list_facts(visits: QuerySet[Appointment], records: set[str]) -> Iterator[tuple[AppointmentHistory, bool]]:
    """The facts about visits, and whether one of these clients had the visit then."""
    facts = AppointmentHistory.objects.filter(appointment__in=visits).annotate(has_it=F("appointment__client"))
    for _, of_one in groupby(facts.order_by("appointment", "at", "id"), attrgetter("appointment_id")):
        of_visit = [*of_one]
        owners = list_owners(of_visit[::-1], of_visit[0].has_it)[::-1]
        yield from ((fact, owner in records) for fact, owner in zip(of_visit, owners, strict=True))


def _may_be_told(fact: AppointmentHistory, is_theirs: bool, insider: bool) -> bool:
    """Notes were for the client to read while they had the visit."""
    return is_theirs if fact.action == "notes_kept" else insider or fact.action not in INSIDE


def _tell_fact(fact: AppointmentHistory, is_theirs: bool) -> dict[str, Any]:
    return {
        "appointment": fact.appointment_id,
        "at": timezone.localtime(fact.at),
        "action": fact.action,
        "from": fact.was,
        "to": fact.became,
        "reason": fact.reason if is_theirs else "",
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
    forget(client)
    redact(client)
    audit.record_event("erase", by=by, row=client)


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
