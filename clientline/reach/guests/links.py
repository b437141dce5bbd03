"""Links by which whoever holds one manages one visit: random, kept as a digest, and gone once the visit moves."""

import secrets
from datetime import datetime, timedelta

from django.db.models import F
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy

from accounts.person_names import put_family_last
from accounts.tokens import hash_secret
from appointments.models import Appointment
from clientline.folding import fold_words, write_short
from clientline.reach.guests.models import ManageLink
from clientline.refusals import Refused
from clientline.telephones import keep_digits
from organizations.guests import Guest

KEPT = timedelta(days=30)  # after the visit
MOST_WRONG = 10
LAST_DIGITS = 4


class NotTheirs(Refused):
    code = "wrong_proof"
    detail = gettext_lazy("This is neither the family name nor the last four digits of the telephone that we know.")


class LinkBlocked(Refused):
    code = "link_blocked"
    detail = gettext_lazy("Too much was typed that was not right. Please call.")


def issue_link(visit: Appointment, *, now: datetime, secret: str = "") -> str:
    """A secret that opens the visit at `/v/<secret>`, until it moves or is over for 30 days. It is kept nowhere."""
    secret = secret or secrets.token_urlsafe(24)
    ManageLink.objects.create(
        organization_id=visit.organization_id, visit=visit, digest=hash_secret(secret), created_at=now
    )
    return secret


def derive_next(secret: str, form: str) -> str:
    """The secret after a move by a form of the page of this one: sent twice, it leads to the same place.

    Nobody derives it who has but the old link, as from a message that was passed on.
    """
    return salted_hmac("clientline.reach.guests.link", f"{secret} {form}", algorithm="sha256").hexdigest()[:43]


def find_organization_of_link(secret: str) -> int | None:
    """Whose visit a link opens, for who is not confined yet; None where it opens none any more."""
    found = ManageLink.objects.filter(digest=hash_secret(secret)).values_list("organization", flat=True)
    return found.first()


def find_visit_of_link(
    secret: str, *, action: str, now: datetime, lock: bool = False
) -> tuple[ManageLink, Appointment] | None:
    """The link and the visit on which it permits `action`, held with `lock`; None where it opens none any more."""
    rows = ManageLink.objects.filter(digest=hash_secret(secret), visit__ends_at__gt=now - KEPT)
    link = rows.first()
    if link is None:
        return None
    guest = Guest(link.organization_id, visit_id=link.visit_id)
    visits = Appointment.objects.visible_to(guest, "appointments", action)
    if lock:
        # Without what it refers to: who waits for the lock would get the row as it is now, and them as they were.
        visits.select_for_update(no_key=True).first()
        if not rows.exists():  # whoever moved it meanwhile took the link away
            return None
    people = ("organization", "client__organization", "staff__organization", "service__organization")
    visit = visits.select_related(*people).first()
    return (link, visit) if visit else None


def refuse_stranger(link: ManageLink, visit: Appointment, typed: str) -> None:
    """Refuse whoever knows neither name nor number of the client. Raises NotTheirs, LinkBlocked.

    Wrong ones are counted on the link, so the caller commits although it was refused.
    """
    if link.wrong_proofs >= MOST_WRONG:
        raise LinkBlocked
    if not _is_theirs(visit, typed):
        ManageLink.objects.filter(pk=link.pk).update(wrong_proofs=F("wrong_proofs") + 1)
        raise NotTheirs


def _is_theirs(visit: Appointment, typed: str) -> bool:
    return is_family_name(visit.client.name, typed) or _is_end_of_number(visit, typed)


def is_family_name(name: str, typed: str) -> bool:
    """Whether `typed` is how a name ends, in whole words and more than the first; or is all of a single one."""
    words, said = ([write_short(word) for word in fold_words(text)] for text in map(put_family_last, (name, typed)))
    return bool(said) and words[-len(said) :] == said and (len(words) == 1 or len(said) <= len(words))


def _is_end_of_number(visit: Appointment, typed: str) -> bool:
    number = keep_digits(visit.client.phone_e164 or visit.client.phone)
    return len(number) > LAST_DIGITS and keep_digits(typed) == number[-LAST_DIGITS:]
