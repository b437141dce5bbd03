"""Where mail services and Twilio tell what became of messages. Each proves that it is who it says."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from clientline.reach.messages.contents import NUMBER
from clientline.reach.messages.delivery.notices import note_complaint, note_outcome
from clientline.reach.messages.delivery.sms import NOTICES, sign
from clientline.reach.messages.models import Message
from clientline.web.marks import unconfined

TWILIO_SAYS = {
    "sent": Message.State.SENT,
    "delivered": Message.State.DELIVERED,
    "read": Message.State.DELIVERED,
    "undelivered": Message.State.BOUNCED,
    "failed": Message.State.BOUNCED,
}
SERVICES_SAY = {
    "delivered": Message.State.DELIVERED,
    "bounced": Message.State.BOUNCED,
    "rejected": Message.State.BOUNCED,
    "failed": Message.State.BOUNCED,
}
COMPLAINTS = ("complained", "unsubscribed")


class TwilioNotice(View):
    """A form that Twilio signs with the account's token."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        if settings.SMS_PROVIDER != "twilio":
            raise Http404
        told = request.POST.dict()
        signature = sign(f"{settings.PUBLIC_URL}{request.get_full_path()}", told)
        if not constant_time_compare(request.headers.get("X-Twilio-Signature", ""), signature):
            return HttpResponse(status=403)
        said = told.get("MessageStatus", "")
        if said in TWILIO_SAYS:
            reason = f"{said} {told.get('ErrorCode', '')}".strip()
            is_bad = TWILIO_SAYS[said] == Message.State.BOUNCED
            note_outcome(
                TWILIO_SAYS[said],
                number=number,
                provider_id=told.get("MessageSid", ""),
                reason=reason if is_bad else "",
                now=timezone.now(),
            )
        return HttpResponse(status=204)


def note_event(sender: type, event: Any, **kwargs: Any) -> None:
    """Of django-anymail's tracking events those that say what became of a message."""
    number, provider_id = _read_number(event.metadata), event.message_id or ""
    if event.event_type in SERVICES_SAY:
        state, reason = SERVICES_SAY[event.event_type], ""
        if state == Message.State.BOUNCED:
            reason = event.description or event.mta_response or event.reject_reason or event.event_type
        note_outcome(state, reason=reason, number=number, provider_id=provider_id, now=timezone.now())
    elif event.event_type in COMPLAINTS:
        note_complaint(number=number, provider_id=provider_id, now=timezone.now())


def _read_number(metadata: dict[str, str] | None) -> int | None:
    number = str((metadata or {}).get(NUMBER, ""))
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else None


def list_notice_patterns() -> list[URLPattern | URLResolver]:
    """The addresses; of mail services only where they prove themselves by a secret."""
    twilio = csrf_exempt(unconfined(TwilioNotice.as_view()))
    patterns: list[URLPattern | URLResolver] = [path(f"{NOTICES[1:]}<int:number>", twilio, name="twilio-notice")]
    if settings.USES_ANYMAIL and settings.ANYMAIL.get("WEBHOOK_SECRET"):
        patterns.append(path("anymail/", include((_list_anymail_patterns(), "anymail"))))
    return patterns


def _list_anymail_patterns() -> list[URLPattern]:
    """By name, as django-anymail is not installed everywhere."""
    import_module("anymail.signals").tracking.connect(note_event)
    known = [each for each in import_module("anymail.urls").urlpatterns if each.name.endswith("tracking_webhook")]
    # Without the slash at their end, which the middleware takes off each path.
    return [path(str(each.pattern).rstrip("/"), unconfined(each.callback), name=each.name) for each in known]
