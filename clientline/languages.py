"""The languages that an organization may choose for its texts, by their tags of BCP 47."""

from django.core.exceptions import ValidationError

# Stored already, so that pages and messages find the choice made when they speak it; so far all speak English.
OFFERED = {"en": "English", "de": "German"}
PATTERN = "^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$"


def validate_language(tag):
    if tag and tag not in OFFERED:
        raise ValidationError(f"Choose one of: {', '.join(OFFERED)}.", code="invalid")


def choose_language(*tags: str) -> str:
    """The first of the tags that is offered, of the person and then of their organization; else English."""
    return next((tag for tag in tags if tag in OFFERED), "en")
