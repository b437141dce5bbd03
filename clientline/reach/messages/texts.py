"""An organization's own words: what each kind of message cannot be without, is in them."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from clientline.database.changes import save_changes
from clientline.reach.messages.models import MessageText
from clientline.refusals import FieldRefused

# A code's message without the code lets nobody book, nor choose another password; a receipt without figures is none.
NEEDED = {"code": "{code}", "receipt": "{receipt}"}


def add_text(**values: Any) -> MessageText:
    """Raises FieldRefused."""
    text = MessageText(**values)
    _refuse_incomplete(text)
    with transaction.atomic():
        text.save(force_insert=True)
    return text


def change_text(*, text: MessageText, changes: dict[str, Any]) -> MessageText:
    """The caller holds its row. Raises FieldRefused."""
    with transaction.atomic():
        save_changes(text, changes)
        _refuse_incomplete(text)
    return text


def _refuse_incomplete(text: MessageText) -> None:
    if not says_enough(text.kind, text.body):
        told = gettext("A text of this kind has to hold %(placeholder)s.") % {"placeholder": NEEDED[text.kind]}
        raise FieldRefused("body", "invalid", told)


def says_enough(kind: str, body: str) -> bool:
    """Whether the body holds what its kind cannot be without."""
    return NEEDED.get(kind, "") in body
