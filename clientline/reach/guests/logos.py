"""The logo on an organization's page: a small picture, kept in the database, known by its first bytes."""

from django.db import transaction
from django.utils.translation import gettext as _

from clientline.reach.guests.models import GuestLogo
from clientline.refusals import FieldRefused
from organizations.models import Organization

LARGEST_BYTES = 200_000
# No SVG: it may hold scripts, and whoever opens it by itself would run them here.
KINDS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def find_kind(image: bytes) -> str:
    """The media type of a picture; '' for what is none that browsers show."""
    if image[:4] == b"RIFF" and image[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for begins, kind in KINDS.items() if image.startswith(begins)), "")


def keep_logo(organization: Organization, image: bytes) -> GuestLogo:
    """Put the picture on the page, in place of the one before. Raises FieldRefused."""
    kind = find_kind(image)
    if not kind:
        raise FieldRefused("logo", "invalid", _("Choose a picture: PNG, JPEG, WebP or GIF."))
    if len(image) > LARGEST_BYTES:
        raise FieldRefused(
            "logo", "too_large", _("The picture is larger than %(most)s kB.") % {"most": LARGEST_BYTES // 1000}
        )
    with transaction.atomic():
        drop_logo(organization)
        return GuestLogo.objects.create(organization=organization, media_type=kind, image=image)


def drop_logo(organization: Organization) -> None:
    GuestLogo.objects.filter(organization=organization).delete()
