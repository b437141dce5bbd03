"""Codes that show that an address is somebody's. Nothing of them is stored here: a job has them sent, and is done."""

from uuid import uuid4

from django.conf import settings

from clientline.languages import choose_language
from clientline.reach.jobs import confined
from clientline.reach.messages.contents import Letter, find_sender, find_words
from clientline.reach.messages.delivery.post import Postman
from clientline.reach.messages.placeholders import fill_in
from organizations.models import Organization


def can_send(channel: str) -> bool:
    """Whether there is a way for codes: a mail server, or an SMS provider."""
    return bool(settings.EMAIL_BACKEND if channel == "mail" else settings.SMS_PROVIDER)


def send_code(*, organization: Organization, channel: str, to: str, language: str, code: str) -> None:
    """Send a code at once; `channel` is mail or sms, `to` an address or an E.164 number.

    For jobs, outside of `confined`: it takes as long as another company's server. Raises NotSent, after which the job
    may try again, and OutcomeUnknown of an SMS, after which it should not.
    """
    with confined(organization.pk):
        letter = _write_letter(organization, channel, to, choose_language(language), code)
    with Postman() as postman:
        postman.send(letter)


def _write_letter(organization: Organization, channel: str, to: str, language: str, code: str) -> Letter:
    subject, body = find_words(organization, "code", channel, language)
    values = {"code": code, "organization": organization.name, "phone": organization.phone}
    if channel == "sms":
        return Letter("sms", to, fill_in(body, values))
    return Letter(
        channel="mail",
        to=to,
        subject=fill_in(subject, values),
        body=fill_in(body, values),
        sender=find_sender(),
        sender_name=organization.name,
        reply_to=organization.email,
        message_id=f"<{uuid4()}@{find_sender().rpartition('@')[2]}>",
    )
