"""Messages after they left: what Twilio and mail services answer, and what they tell afterwards."""

import base64
from types import ModuleType

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.utils import timezone

from appointments.amendments import alterations
from clientline.reach.messages.delivery import sending, sms
from clientline.reach.messages.delivery.notice_views import list_notice_patterns
from clientline.reach.messages.delivery.sms import sign
from clientline.reach.messages.models import Message, OptOut
from clientline.reach.tests.visits import make_due, read_message

pytestmark = pytest.mark.django_db
REMINDER = "reminder"
NOBODY = {"Type": "HardBounce", "Description": "No such user"}


@pytest.fixture
def remind(book, by_sms, twilio):
    """`remind()` sends the reminder of a visit by way of Twilio, and returns it."""
    visit = book()
    Message.objects.filter(appointment=visit).exclude(kind=REMINDER).delete()

    def remind():
        make_due(visit, state="planned")
        sending.send_due()
        return read_message(visit, REMINDER)

    return remind


def test_twilio_is_asked_as_it_documents(remind, twilio):
    message = remind()
    [call] = twilio.calls
    assert call["path"] == f"/2010-04-01/Accounts/{twilio.account}/Messages.json"
    assert call["headers"]["Content-Type"] == "application/x-www-form-urlencoded"
    assert call["body"].pop("Body").startswith("Salon: your visit is on ")
    assert call["body"] == {
        "To": "+4930123456",
        "From": "+15005550006",
        "StatusCallback": f"https://book.clientline.example/messages/notices/twilio/{message.pk}",
    }
    assert (message.state, message.provider_id) == ("sent", "SM00000000000000000000000000000001")
    remind()
    assert len(twilio.calls) == 1


def test_where_nobody_could_call_back_it_is_not_asked_to(remind, twilio, settings):
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    remind()
    assert "StatusCallback" not in twilio.calls[0]["body"]


NEW = {"state": "planned", "reason": "", "attempts": 0, "provider_id": "", "sent_at": None, "claimed_at": None}


@pytest.mark.sweep
def test_what_surely_did_not_go_is_tried_again_and_what_perhaps_did_is_not(remind, twilio, monkeypatch):
    for answer, state, reason in (
        ((400, {"code": 21211, "message": "Invalid 'To' Phone Number"}), "failed", "400 Invalid 'To' Phone Number"),
        ((400, {"code": 21610, "message": "Unsubscribed recipient"}), "failed", "400 Unsubscribed recipient"),
        ((401, {"code": 20003, "message": "Authenticate"}), "planned", "401 Authenticate"),
        ((429, {"code": 20429, "message": "Too Many Requests"}), "planned", "429 Too Many Requests"),
        ((500, {}), "unsure", "Twilio answered 500."),
        ((201, {"status": "queued"}), "unsure", "'sid'"),
        (None, "unsure", "Remote end closed connection without response"),
        (60, "unsure", "timed out"),
    ):
        monkeypatch.setattr(sms, "TIMEOUT", 0.2 if answer == 60 else 60)
        Message.objects.update(**NEW)
        twilio.calls.clear()
        twilio.answers = [answer]
        message = remind()
        assert (message.state, message.reason) == (state, reason), answer
        again = remind()
        assert (again.state, len(twilio.calls)) == (("sent", 2) if state == "planned" else (state, 1)), answer


def test_where_nobody_answers_it_is_tried_again(remind, twilio, settings):
    for settings.TWILIO_API_URL in ("http://127.0.0.1:9", "http://nobody.invalid"):
        assert remind().state == "planned", settings.TWILIO_API_URL
    settings.TWILIO_API_URL = twilio.url
    assert (remind().state, len(twilio.calls)) == ("sent", 1)


def test_the_signature_is_that_of_twilios_documentation(settings):
    settings.TWILIO_TOKEN = "12345"
    told = {
        "CallSid": "CA1234567890ABCDE",
        "Caller": "+12349013030",
        "Digits": "1234",
        "From": "+12349013030",
        "To": "+18005551212",
    }
    assert sign("https://mycompany.com/myapp.php?foo=1&bar=2", told) == "0/KCTR6DLpKmkAf8muzZqo1nDgQ="


def tell(client, twilio, message, status, *, signature=None, **told):
    """As Twilio calls back."""
    [call] = twilio.calls[-1:]
    url = call["body"]["StatusCallback"]
    form = {"MessageSid": "SM1", "MessageStatus": status, "AccountSid": twilio.account} | told
    path = url.removeprefix("https://book.clientline.example")
    return client.post(path, form, headers={"X-Twilio-Signature": signature or twilio.sign(url, form)}).status_code


@pytest.mark.sweep
def test_twilio_tells_what_became_of_it(remind, twilio, client):
    message = remind()
    sent = {name: getattr(message, name) for name in NEW}
    assert (sent["state"], sent["provider_id"]) == ("sent", "SM00000000000000000000000000000001")
    for told, state, reason in (
        (["queued", "sent", "delivered"], "delivered", ""),
        (["delivered", "sent", "delivered"], "delivered", ""),
        (["sent", "undelivered"], "bounced", "undelivered 30003"),
        (["failed", "delivered"], "bounced", "failed 30003"),
        (["whatever"], "sent", ""),
    ):
        Message.objects.update(**sent)
        for status in told:
            code = {"ErrorCode": "30003"} if status in ("undelivered", "failed") else {}
            assert tell(client, twilio, message, status, **code) == 204
        message.refresh_from_db()
        assert {name: getattr(message, name) for name in NEW} == sent | {"state": state, "reason": reason}, told


def test_a_text_of_which_nobody_knew_is_known_again(remind, twilio, client):
    twilio.answers = [(500, {})]
    message = remind()
    assert tell(client, twilio, message, "sent") == 204
    message.refresh_from_db()
    assert (message.state, message.reason, message.provider_id, bool(message.sent_at)) == ("sent", "", "SM1", True)


def test_a_notice_before_the_mark_holds(book, by_sms, twilio, client):
    visit = book()
    make_due(visit)
    due = next(each for each in sending.list_due(timezone.now()) if each.message == read_message(visit, REMINDER).pk)
    message, letter = sending.claim(due, now=timezone.now())
    provider_id = sms.find_gateway().send(letter.to, letter.body, letter.number)
    assert tell(client, twilio, message, "delivered") == 204
    sending.mark(message, state="sent", provider_id=provider_id)
    assert read_message(visit, REMINDER).state == "delivered"


def test_nobody_else_tells(remind, twilio, client, settings):
    message = remind()
    assert tell(client, twilio, message, "failed", signature="AAAA") == 403
    other = message.pk + 1
    assert client.get(f"/messages/notices/twilio/{message.pk}").status_code == 405
    form = {"MessageStatus": "failed"}
    signed = {"X-Twilio-Signature": twilio.sign(twilio.calls[0]["body"]["StatusCallback"], form)}
    assert client.post(f"/messages/notices/twilio/{other}", form, headers=signed).status_code == 403
    message.refresh_from_db()
    assert message.state == "sent"
    settings.SMS_PROVIDER = "simulator"
    assert tell(client, twilio, message, "failed") == 404


def test_of_what_is_forgotten_nothing_is_noted(remind, twilio, client):
    message = remind()
    Message.objects.all().delete()
    assert tell(client, twilio, message, "delivered") == 204


# Mail


@pytest.fixture
def confirm(book, postmark):
    """`confirm()` sends a visit's confirmation by way of Postmark, and returns it."""
    visit = book()
    Message.objects.filter(appointment=visit).exclude(kind="confirmation").delete()

    def confirm():
        make_due(visit, state="planned")
        sending.send_due()
        return read_message(visit, "confirmation")

    return confirm


@pytest.fixture
def hook(postmark, monkeypatch, client):
    """`hook(event)` calls the address that a mail service is given."""
    module = ModuleType("urls_of_mail_services")
    module.urlpatterns = list_notice_patterns()
    # Of each request, as a middleware may set it: another ROOT_URLCONF would have all addresses read anew, twice.
    monkeypatch.setattr(WSGIRequest, "urlconf", module, raising=False)

    def hook(event, secret="postmark:secret", path="/anymail/postmark/tracking/"):
        proof = base64.b64encode(secret.encode()).decode()
        return client.post(path, event, "application/json", headers={"Authorization": f"Basic {proof}"}).status_code

    return hook


def event_of(message, record, **told):
    return {"RecordType": record, "MessageID": message.provider_id, "Metadata": {"message": str(message.pk)}} | told


@pytest.mark.parametrize("ignores", [False, True])
def test_an_invitation_is_attached_where_it_cannot_stand_beside_the_text(confirm, postmark, salon, settings, ignores):
    settings.ANYMAIL |= {"IGNORE_UNSUPPORTED_FEATURES": ignores}
    message = confirm()
    [call] = postmark.calls
    sent = call["body"]
    [invitation] = sent["Attachments"]
    assert (invitation["Name"], invitation["ContentType"]) == (
        "invitation.ics",
        'text/calendar; method="REQUEST"; charset="utf-8"',
    )
    assert b"METHOD:REQUEST" in base64.b64decode(invitation["Content"])
    assert (sent["To"], sent["From"]) == (salon.client.email, "Salon <visits@clientline.example>")
    assert sent["Metadata"] == {"message": str(message.pk)}
    assert (message.state, message.provider_id) == ("sent", "b7bc2f4a-e38e-4336-af7d-000000000001")


@pytest.mark.sweep
def test_what_a_mail_service_refuses_for_good_has_failed_and_all_else_is_tried_again(confirm, postmark):
    for answer, state in (
        ((422, {"ErrorCode": 300, "Message": "Invalid 'From' address"}), "failed"),
        ((401, {"ErrorCode": 10, "Message": "Bad token"}), "planned"),
        ((503, {}), "planned"),
        (None, "planned"),
    ):
        Message.objects.update(**NEW)
        postmark.answers = [answer]
        message = confirm()
        assert message.state == state, answer
        assert message.reason != "" and "\n" not in message.reason, answer
        assert confirm().state == ("failed" if state == "failed" else "sent"), answer


@pytest.mark.sweep
def test_mail_services_tell_what_became_of_it(confirm, hook):
    message = confirm()
    delivered, bounced = ("Delivery", {}), ("Bounce", NOBODY)
    for events, state, reason in (
        ([delivered], "delivered", ""),
        ([delivered, delivered], "delivered", ""),
        ([delivered, bounced], "bounced", "No such user"),
        ([bounced, delivered], "bounced", "No such user"),
        ([("Bounce", {"Type": "BadEmailAddress", "Description": "Bad"})], "bounced", "Bad"),
        ([("Bounce", {"Type": "Transient"}), ("Open", {}), ("Click", {})], "sent", ""),
    ):
        Message.objects.update(state="sent", reason="")
        for record, told in events:
            assert hook(event_of(message, record, **told)) == 200
        message.refresh_from_db()
        assert (message.state, message.reason) == (state, reason), events


def test_a_service_that_gives_no_metadata_back_is_understood_by_its_own_id(confirm, hook):
    message = confirm()
    assert hook(event_of(message, "Delivery", Metadata={})) == 200
    assert hook(event_of(message, "Delivery", Metadata={}, MessageID="unknown")) == 200
    message.refresh_from_db()
    assert message.state == "delivered"


def test_who_complains_is_not_reminded(confirm, hook, salon):
    message = confirm()
    assert hook(event_of(message, "SpamComplaint", Type="SpamComplaint")) == 200
    assert OptOut.objects.get().client_id == salon.client.pk


def test_whoever_had_the_visit_complains_for_themselves(confirm, hook, salon):
    message = confirm()
    alterations.change_visit(by=salon.admin, visit=message.appointment, client=salon.stranger, now=timezone.now())
    off = Message.objects.get(appointment=message.appointment_id, kind="cancelled")
    for told in (message, off):
        OptOut.objects.all().delete()
        assert hook(event_of(told, "SpamComplaint", Type="SpamComplaint")) == 200
        assert OptOut.objects.get().client_id == salon.client.pk


def test_of_an_erased_client_no_address_comes_back(confirm, hook):
    message = confirm()
    Message.objects.update(to="")
    assert hook(event_of(message, "Bounce", Type="HardBounce", Description="<kim@example.com> unknown")) == 200
    message.refresh_from_db()
    assert (message.state, message.reason) == ("bounced", "")


def test_who_does_not_know_the_secret_tells_nothing(confirm, hook):
    message = confirm()
    for secret in ("postmark:guessed", ""):
        assert hook(event_of(message, "Delivery"), secret=secret) == 400, secret
    message.refresh_from_db()
    assert message.state == "sent"


def test_without_a_secret_there_is_no_address(postmark, settings):
    assert [each.name for each in list_notice_patterns()[:1]] == ["twilio-notice"]
    settings.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "token"}
    assert len(list_notice_patterns()) == 1
