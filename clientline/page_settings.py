"""What an organization says of its page for guests: its address, its colour, and which sites may frame it."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

SLUG_PATTERN = "^([a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?)?$"
COLOR_PATTERN = "^(#[0-9a-f]{6})?$"
MOST_ORIGINS = 20
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


def validate_slug(word: str) -> None:
    """Raise ValidationError for what cannot stand in `/b/<slug>`; no word at all may be."""
    if not re.fullmatch(SLUG_PATTERN, word):
        raise ValidationError(
            gettext("Choose up to 60 small letters, digits and hyphens, like corner-barbers."), code="invalid"
        )


def validate_color(color: str) -> None:
    if not re.fullmatch(COLOR_PATTERN, color):
        raise ValidationError(gettext("Choose a colour by six small hexadecimal digits, like #1d4ed8."), code="invalid")


def list_origins(text: str) -> list[str]:
    """The origins in `embed_origins`, which are parted by blanks and lines."""
    return text.split()


def validate_origins(text: str) -> None:
    """Raise ValidationError unless each is an origin of the web alone: they become a part of a header."""
    origins = list_origins(text)
    if len(origins) > MOST_ORIGINS:
        raise ValidationError(gettext("Name at most %(most)s sites.") % {"most": MOST_ORIGINS}, code="invalid")
    for origin in origins:
        if not _is_origin(origin):
            raise ValidationError(gettext("Name sites like https://www.example.com, parted by blanks."), code="invalid")


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    # http for a site on the same machine alone: whoever can change a page on its way could frame ours in it.
    if parts.scheme != "https" and (parts.scheme, parts.hostname) not in (("http", "localhost"), ("http", "127.0.0.1")):
        return False
    host = parts.hostname or ""
    return bool(HOST.fullmatch(host)) and text == f"{parts.scheme}://{host}" + (f":{port}" if port else "")
