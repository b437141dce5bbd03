"""What a message says, made when it is sent: from the visit as it is then, in the client's language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.html import escape, urlize

from appointments.models import Appointment
from clientline.columns import put_on_one_line
from clientline.languages import choose_language
from clientline.late_imports import import_when_used
from clientline.reach.messages.models import Message, MessageText
from clientline.reach.messages.placeholders import fill_in
from clientline.reach.messages.receipts import find_money, name_service, write_receipt
from clientline.reach.messages.texts import says_enough
from clientline.reach.messages.unsubscribing import make_unsubscribe_address, write_list_unsubscribe
from clientline.reach.messages.wordings import UNSUBSCRIBE, find_wording
from clientline.reach.phrases import Phrases
from clientline.styles import HARD_BLANK
from organizations.models import Organization

if TYPE_CHECKING:
    from clientline.reach.calendars import events
else:
    events = import_when_used("clientline.reach.calendars.events")  # which icalendar takes most of

NUMBER = "message"  # what mail services call it in their notices
INVITING = {"confirmation": "REQUEST", "moved": "REQUEST", "cancelled": "CANCEL"}

# visit, now → the address where its client manages it, or ''; called in the transaction that claims the message.
link_makers: list[Callable[[Appointment, datetime], str]] = []


@dataclass(frozen=True)
class Letter:
    """A message as it leaves. An SMS has neither subject nor what follows it."""

    channel: str
    to: str
    body: str
    subject: str = ""
    sender: str = ""
    sender_name: str = ""
    reply_to: str = ""
    message_id: str = ""
    unsubscribe: str = ""
    method: str = ""  # of the invitation
    invitation: bytes = b""
    number: int | None = None  # of the message, for who tells what became of it; codes have none


def write_letter(message: Message, *, now: datetime, link: str = "") -> Letter:
    """The letter of a message whose visit, with client, service, staff and organization, is at hand."""
    visit = message.appointment
    subject, body = word(message, visit, link)
    if message.channel == "sms":
        # A hard blank is in no alphabet of 7 bits: one of them halves what a text may hold.
        return Letter("sms", message.to, body.replace(HARD_BLANK, " "), number=message.pk)
    unsubscribe = make_unsubscribe_address(message) if message.kind == "reminder" else ""
    if unsubscribe:
        body += "\n\n-- \n" + fill_in(UNSUBSCRIBE[_choose(message.language)], {}).replace("{address}", unsubscribe)
    method = INVITING.get(message.kind, "")
    return Letter(
        channel="mail",
        to=message.to,
        body=body,
        subject=subject,
        sender=message.sender,
        sender_name=visit.organization.name,
        reply_to=visit.organization.email,
        message_id=message.message_id,
        unsubscribe=unsubscribe,
        method=method,
        invitation=_invite(message, visit, method, subject, now) if method else b"",
        number=message.pk,
    )


def word(message: Message, visit: Appointment, link: str) -> tuple[str, str]:
    """Subject and body, in the organization's own words or else in ours."""
    language = _choose(message.language)
    subject, body = find_words(visit.organization, message.kind, message.channel, language)
    values = describe_visit(visit, language, start=message.start) | {"link": link}
    if message.kind == "receipt" and (money := find_money(message)):
        values |= {"receipt": write_receipt(money, visit.organization, language), "service": name_service(money)}
    return put_on_one_line(fill_in(subject, values)), fill_in(body, values)


def find_words(organization: Organization, kind: str, channel: str, language: str) -> tuple[str, str]:
    """Subject and body with their placeholders; the language is one that is offered."""
    usual = find_wording(kind, channel, language)
    own = MessageText.objects.filter(organization=organization, kind=kind, channel=channel, language=language).first()
    return (own.subject or usual[0], own.body) if own and says_enough(kind, own.body) else usual


def _choose(language: str) -> str:
    return choose_language(language)


def describe_visit(visit: Appointment, language: str, *, start: datetime) -> dict[str, str]:
    """What the placeholders stand for; `start` is the time that the message tells of."""
    organization, phrases = visit.organization, Phrases(visit.organization, language)
    return {
        "client": visit.client.name,
        "organization": organization.name,
        "service": visit.service.name,
        "staff": visit.staff.name,
        "day": phrases.write_day(start.astimezone(organization.zone)),
        "time": phrases.write_clock(start),
        "end": phrases.write_clock(start + (visit.ends_at - visit.appointment_date)),
        "address": organization.address,
        "phone": organization.phone,
    }


def _invite(message: Message, visit: Appointment, method: str, summary: str, now: datetime) -> bytes:
    return events.write_invitation(
        visit,
        method=method,
        sequence=message.sequence,
        summary=summary,
        organizer=message.sender,
        attendee=message.to,
        now=now,
    )


def make_mail(letter: Letter, *, attaches: bool = False) -> EmailMultiAlternatives:
    """The mail, as plain text and HTML and with its invitation: as another way of saying it, or else `attached`."""
    headers = {"Message-ID": letter.message_id} if letter.message_id else {}
    listed = write_list_unsubscribe(letter.unsubscribe)
    if listed:
        headers |= {"List-Unsubscribe": listed, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    # At a line break in somebody's name, the mail would never leave, or end its headers.
    mail = EmailMultiAlternatives(
        put_on_one_line(letter.subject),
        letter.body,
        formataddr((put_on_one_line(letter.sender_name), letter.sender)),
        [letter.to],
        headers=headers,
        reply_to=[letter.reply_to] if letter.reply_to else None,
    )
    mail.attach_alternative(make_html(letter.body), "text/html")
    if letter.number is not None:
        mail.metadata = {NUMBER: str(letter.number)}  # type: ignore[attr-defined]  # of django-anymail
    kind = f"text/calendar; method={letter.method}"
    if letter.invitation and attaches:
        mail.attach("invitation.ics", letter.invitation.decode(), kind)
    elif letter.invitation:
        mail.attach_alternative(letter.invitation.decode(), kind)
    return mail


def make_html(body: str) -> str:
    """The same words as HTML, without anything that is fetched from elsewhere."""
    paragraphs = (urlize(escape(part), autoescape=False).replace("\n", "<br>") for part in body.split("\n\n"))
    inside = "".join(f"<p>{part}</p>" for part in paragraphs)
    return f'<!doctype html><html><head><meta charset="utf-8"></head><body>{inside}</body></html>'


def find_sender() -> str:
    """The bare address that mails come from now."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
