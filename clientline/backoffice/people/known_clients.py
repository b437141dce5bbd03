"""Clients as the desk tells them apart: by telephone and last visit; and those whom a new one looks like."""

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext

from accounts import contacts
from accounts.models import User
from appointments.models import Appointment
from clientline import wording
from clientline.notations import is_readable_number
from clientline.refusals import Refused


class LooksKnown(Refused):
    """Somebody like the client who was to be added is here already; `people` are those."""

    code = "looks_known"

    def __init__(self, people):
        super().__init__(gettext("This may be somebody who is here already."))
        self.people = people


def annotate_visits(clients, caller):
    """Adds `last_visit` and `next_visit`, of those that the caller may see."""
    now = timezone.now()
    visits = Appointment.objects.visible_to(caller, "appointments").filter(client=OuterRef("pk"))
    visits = visits.exclude(status="cancelled").values("appointment_date")
    past = visits.filter(appointment_date__lte=now).order_by("-appointment_date")
    coming = visits.filter(appointment_date__gt=now).order_by("appointment_date")
    return clients.annotate(last_visit=Subquery(past[:1]), next_visit=Subquery(coming[:1]))


def describe_known_client(client):
    """`Anna Schmidt · 0170 5500003 · last visit Tue 1 Dec 2026 · see notes`; the visit where it was annotated."""
    last = getattr(client, "last_visit", None)
    visit = gettext("last visit %(day)s") % {"day": wording.write_day(last)} if last else ""
    flag = gettext("see notes") if client.is_flagged else ""
    return " · ".join(filter(None, (client.name, client.phone or client.mail_address, visit, flag)))


def find_with_notes(caller, key):
    """The client of whom the caller may read the notes; None for nobody and for nonsense."""
    readable = User.objects.visible_to(caller, "users", "client_notes")
    return readable.filter(pk=key).first() if is_readable_number(str(key)) else None


def find_lookalikes(caller, person):
    """Those who look like `person`, as far as the caller may list them."""
    keys = [other.pk for other in contacts.find_duplicates(person)]
    listed = User.objects.visible_to(caller, "users").filter(pk__in=keys)
    return list(annotate_visits(listed, caller).order_by("id")) if keys else []


def refuse_lookalike(caller, person):
    """Raises LooksKnown where `person` looks like somebody whom the caller may list."""
    if people := find_lookalikes(caller, person):
        raise LooksKnown(people)
