"""What a cast has none of, a row of each, and several more of everything: for who counts the statements of a page."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.utils import timezone

from accounts import tokens
from accounts.tests.factories import UserFactory
from appointments.models import AppointmentHistory
from appointments.tests.factories import (
    FIRST_VISIT,
    AppointmentFactory,
    SpecialHoursFactory,
    TimeOffFactory,
    WorkingHoursFactory,
    days_ahead,
)
from clientline.reach.calendars.feeds import make_feed
from clientline.reach.guests.links import issue_link
from clientline.reach.guests.models import BookingRequest
from clientline.reach.messages.models import Message, MessageRule, MessageText
from clientline.reach.tests.guests import open_page
from clientline.reach.webhooks.endpoints import create_endpoint
from clientline.reach.webhooks.models import WebhookAttempt, WebhookDelivery
from clientline.reach.webhooks.tests.rows import add_webhook
from organizations.tests.factories import OrganizationFactory
from payments.tests.factories import PaymentFactory, RefundFactory
from services.tests.factories import ServiceFactory

NEXT_YEAR = FIRST_VISIT.year + 1
HOLIDAYS = ((1, 1), (5, 1), (10, 3))  # of Germany
GROUP = UUID("7b9c2d5e-0000-4000-8000-000000000000")
SEVERAL = 2


def add_rest(cast):
    """The cast, with a row of what it has none of, under the names of the rows that pages are opened for."""
    open_page(cast, country="DE")
    add_webhook(cast)
    perform(cast, cast.staff)
    perform(cast, cast.colleague)
    WorkingHoursFactory(staff=cast.colleague)
    cast.taken = PaymentFactory(appointment=cast.visit, completed=True)
    cast.grouped = visit(cast, FIRST_VISIT + timedelta(days=20), group=GROUP)
    cast.calendar = make_feed(user=cast.staff, purpose="calendar", detail="name", now=timezone.now())[1]
    cast.link = issue_link(cast.visit, now=timezone.now())
    add_row_of_each(cast, 0)
    add_client(cast, 0)
    return cast


def add_several(cast):
    """So many more of everything that pages and lists show, also of what belongs to the rows they are opened for."""
    for number in range(1, SEVERAL + 1):
        OrganizationFactory()
        add_row_of_each(cast, number)
        add_person(cast, number)
        add_client(cast, number)
        visit(cast, FIRST_VISIT + timedelta(days=20, hours=number), group=GROUP)
        add_endpoint(cast, number)


def add_row_of_each(cast, number):
    """What pages of the organization list, and what belongs to its own visits and payment."""
    add_visits(cast, number)
    add_messages(cast, number)
    add_request(cast, number)
    now, home = timezone.now(), {"organization": cast.organization}
    RefundFactory(payment=cast.taken, amount="1.00")
    WebhookAttempt.objects.create(**home, delivery=cast.delivery, at=now, status=500, milliseconds=5)
    AppointmentHistory.objects.create(**home, appointment=cast.grouped, at=now, by=cast.staff, action="called")
    tokens.issue_token(cast.admin, name=f"{number}", now=now)
    make_feed(user=cast.admin, purpose=f"{number}", detail="name", now=now)


def add_visits(cast, number):
    visit(cast, datetime(2026, 3, 2 + number, 9, tzinfo=UTC))  # over, not closed, and owing
    visit(cast, days_ahead(10 + number))  # in calendars
    visit(cast, datetime(NEXT_YEAR, *HOLIDAYS[number], 9, tzinfo=UTC))
    visit(cast, FIRST_VISIT + timedelta(days=7 * number + 6))  # on a Monday, in the hours of the cast's staff
    stray = FIRST_VISIT + timedelta(days=30 + number)
    visit(cast, stray, local_start=stray.replace(tzinfo=None))  # where clocks show another time


def add_messages(cast, number):
    """One that a client was told, and what the organization says of messages."""
    home = {"organization": cast.organization}
    MessageRule.objects.create(**home, minutes_before=60 + number)
    channel, language = (("mail", "en"), ("mail", "de"), ("sms", "en"))[number]
    words = {"subject": "Soon", "body": "See you soon"}
    MessageText.objects.create(**home, kind="reminder", channel=channel, language=language, **words)
    told = {"kind": "receipt", "rule": number, "channel": "mail", "language": "en", "to": "kim@example.com"}
    times = dict.fromkeys(("start", "due_at", "try_at"), cast.visit.appointment_date)
    Message.objects.create(**home, appointment=cast.grouped, **told, **times)


def add_request(cast, number):
    """A guest's, whose code cannot be sent to a telephone."""
    known = {"digest": bytes([number]) * 32, "form": f"{number}", "consented_at": timezone.now()}
    who = {"name": "Kim", "phone": "0170 5500003", "address": "0170 5500003"}
    asked = {"service": cast.service, "appointment_date": FIRST_VISIT}
    BookingRequest.objects.create(organization=cast.organization, **known, **who, **asked)


def add_person(cast, number):
    """Somebody of the team, with hours and visits of their own, and more hours of the cast's staff."""
    person = UserFactory(organization=cast.organization, role="staff")
    WorkingHoursFactory(staff=person)
    WorkingHoursFactory(staff=cast.staff, weekday=number + 1)
    SpecialHoursFactory(staff=cast.staff)
    TimeOffFactory(staff=cast.staff)
    perform(cast, person)
    ServiceFactory(organization=cast.organization)
    for client in (cast.client, cast.stranger):
        PaymentFactory(appointment=AppointmentFactory(client=client, staff=person, service=cast.service))
    RefundFactory(payment=PaymentFactory(appointment=cast.visit, completed=True))


def add_client(cast, number):
    """A client whom the search finds, and a record of the cast's client."""
    for name, values in (("client", {}), ("record", {"merged_into": cast.client, "is_active": False})):
        UserFactory(organization=cast.organization, name=f"Salon {name} {number}", **values)


def add_endpoint(cast, number):
    told = {"by": cast.admin, "organization": cast.organization, "url": f"https://receiver.example/{number}"}
    create_endpoint(**told, events=["client.merged"], now=timezone.now())
    WebhookDelivery.objects.create(
        organization=cast.organization, endpoint=cast.webhook, type="webhook.test", body="{}", state="failed"
    )


def perform(cast, person):
    cast.service.staff.add(person, through_defaults={"organization": cast.organization})


def visit(cast, start, **values):
    """Of the cast's own people; overbooked, so that none has to look for a time that is free."""
    people = {"client": cast.client, "staff": cast.staff, "service": cast.service}
    return AppointmentFactory(**people, appointment_date=start, overbooked=True, **values)
