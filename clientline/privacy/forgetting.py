"""Clients whom nobody saw for long: who they are, and their erasure. An organization says after how many months."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from accounts.models import User
from accounts.records import hold_records
from appointments.models import Appointment
from clientline.privacy import personal_data
from organizations.models import Organization
from payments.models import Payment

MONTHS_OF_A_YEAR = 12
ERASED = Concat(Value("Erased client "), Cast("pk", TextField()))


def find_forgettable(organization: Organization, *, months: int, now: datetime) -> QuerySet[User]:
    """Its clients who were added before, and since then had no visit, sign-in or payment, nor have a visit to come."""
    since = subtract_months(now, months)
    visits = Appointment.objects.filter(client=OuterRef("pk")).exclude(status="cancelled")
    seen = visits.filter(appointment_date__gte=since)
    paid = Payment.objects.filter(appointment__client=OuterRef("pk"), created_at__gte=since)
    # Not of those merged into another: erasing one erases all records of the person.
    clients = User.objects.filter(organization=organization, role="client", merged_into=None, created_at__lt=since)
    recent = Q(last_login__gte=since) | Exists(seen) | Exists(paid)
    return clients.exclude(recent).exclude(name=ERASED).order_by("id")


def subtract_months(moment: datetime, months: int) -> datetime:
    """The same day so many months before, or the last of a shorter one."""
    year, month = divmod(moment.year * MONTHS_OF_A_YEAR + moment.month - 1 - months, MONTHS_OF_A_YEAR)
    day = moment.day
    while True:
        try:
            return moment.replace(year=year, month=month + 1, day=day)
        except ValueError:
            day -= 1


def forget(client: User, *, months: int, now: datetime) -> bool:
    """Erase the client for good; whether they were still forgettable once their records were held."""
    with transaction.atomic():
        hold_records(client.pk)
        is_forgettable = find_forgettable(client.organization, months=months, now=now).filter(pk=client.pk).exists()
        if is_forgettable:
            personal_data.erase(by=None, client=client, now=now)
    return is_forgettable
