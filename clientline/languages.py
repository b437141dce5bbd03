"""The languages that people may choose for their texts, by their tags of BCP 47.

Who signs in reads pages and mails in their own choice, else in their organization's, else in English. The API,
commands, logs and all that is stored speak English whoever asks: nothing activates a language there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext

from clientline import places

Said: TypeAlias = str | Promise  # a text for people, perhaps one that is translated where it is written

OFFERED = {"en": "English", "de": "Deutsch"}
PATTERN = "^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$"


def validate_language(tag: str) -> None:
    """Raises ValidationError for what is not offered; '' is none."""
    if tag and tag not in OFFERED:
        raise ValidationError(gettext("Choose one of: {choices}.").format(choices=", ".join(OFFERED)), code="invalid")


def choose_language(*tags: str) -> str:
    """The first of the tags that is offered, of the person and then of their organization; else English."""
    return next((tag for tag in tags if tag in OFFERED), "en")


@contextmanager
def write_to_keep() -> Iterator[None]:
    """For texts that are stored: they depend neither on the language of whoever makes them nor on the place."""
    with translation.override("en"), places.leave_for_a_while():
        yield
