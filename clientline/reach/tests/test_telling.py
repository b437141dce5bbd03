"""What pages say of a message that did not leave: sentences, in the reader's language."""

import pytest
from django.utils.translation import override

from clientline.reach.messages.delivery.again import MessageOutdated
from clientline.reach.messages.delivery.checking import REASONS
from clientline.reach.messages.delivery.telling import explain
from clientline.reach.messages.models import Message

STORED = ("The worker died while it was sent.", "The client was erased.", "Twilio does not answer.")


def tell_each(reason):
    """All that is said where a message has this reason, or would have it when it is sent again."""
    skipped, sent = (explain(Message(state=state, reason=reason)) for state in ("skipped", "sent"))
    return [skipped, sent, *([str(MessageOutdated(reason).detail)] if reason in REASONS else [])]


@pytest.mark.parametrize("language", ["en", "de"])
def test_whatever_keeps_a_message_is_told_in_whole_sentences(language):
    with override(language):
        said = {reason: tell_each(reason) for reason in (*REASONS, *STORED)}
    for reason, told in said.items():
        for text in told:
            assert (text[0].isupper(), text[-1], ":" in text) == (True, ".", False), (reason, text)


def test_a_message_that_is_not_sent_again_says_that_and_why():
    said = {}
    for language in ("en", "de"):
        with override(language):
            said[language] = tell_each("no_mail_server")
    assert said == {
        "en": [
            "No mail server is set up.",
            "It was not sent again. No mail server is set up.",
            "It would not be sent again. No mail server is set up.",
        ],
        "de": [
            "Kein Mailserver ist eingerichtet.",
            "Sie wurde nicht noch einmal gesendet. Kein Mailserver ist eingerichtet.",
            "Sie würde nicht noch einmal gesendet. Kein Mailserver ist eingerichtet.",
        ],
    }


def test_what_is_stored_in_english_is_read_in_german():
    with override("de"):
        assert [explain(Message(state="failed", reason=reason)) for reason in (*STORED, "550 No such user", "")] == [
            "Der Prozess endete, während sie gesendet wurde.",
            "Der Kunde wurde gelöscht.",
            "Twilio antwortet nicht.",
            "550 No such user",
            "",
        ]
