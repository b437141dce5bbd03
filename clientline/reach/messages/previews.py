"""What a message would say, to look at before anything leaves."""

from datetime import datetime, timedelta
from decimal import Decimal

from accounts.models import User
from appointments.models import Appointment
from clientline.languages import choose_language
from clientline.reach.messages.contents import describe_visit, find_words, make_html, word
from clientline.reach.messages.former_clients import find_told_visit
from clientline.reach.messages.models import Message
from clientline.reach.messages.placeholders import fill_in
from clientline.reach.messages.receipts import write_receipt
from organizations.models import Organization
from payments.models import Payment
from services.models import Service

EXAMPLE = timedelta(minutes=45)
EXAMPLES = {"code": "123456", "link": ""}


def preview_text(
    *,
    organization: Organization,
    now: datetime,
    kind: str,
    channel: str = "mail",
    language: str = "",
    subject: str = "",
    body: str = "",
) -> dict[str, str]:
    """Subject, body and HTML for a visit that nobody booked; without `body`, in the words that are used now."""
    language = choose_language(language, organization.language)
    usual = find_words(organization, kind, channel, language)
    visit = _imagine_visit(organization, now)
    values = describe_visit(visit, language, start=visit.appointment_date) | EXAMPLES
    values["receipt"] = write_receipt(_imagine_payment(visit, now), organization, language) if kind == "receipt" else ""
    return _show(channel, fill_in(subject or usual[0], values), fill_in(body or usual[1], values))


def preview_message(message: Message) -> dict[str, str]:
    """What a message says of its visit as it is now; the visit is at hand with its client, staff and service."""
    return _show(message.channel, *word(message, find_told_visit(message), link=""))


def _show(channel: str, subject: str, body: str) -> dict[str, str]:
    is_mail = channel == "mail"
    return {"subject": subject if is_mail else "", "body": body, "html": make_html(body) if is_mail else ""}


def _imagine_visit(organization: Organization, now: datetime) -> Appointment:
    start = (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    return Appointment(
        organization=organization,
        client=User(name="Kim Example"),
        staff=User(name="Robin"),
        service=Service.objects.filter(organization=organization).order_by("id").first() or Service(name="Service"),
        appointment_date=start,
        ends_at=start + EXAMPLE,
    )


def _imagine_payment(visit: Appointment, now: datetime) -> Payment:
    return Payment(
        appointment=visit, amount=Decimal("45.00"), payment_method=Payment.Method.CARD, settled_at=now, receipt_number=1
    )
