"""How clients are reached, apart from how people sign in; and who of them looks known already."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import words
from accounts.models import User
from clientline.folding import fold_words
from clientline.made_addresses import MAKE_SQL, is_made, make_address
from clientline.refusals import FieldRefused
from clientline.telephones import write_e164
from organizations.models import Organization

MOST_DUPLICATES = 20  # told

# As the migrations did for the rows they found.
FILL_IN = f"""
    UPDATE users SET
        email = CASE WHEN email LIKE 'erased-%%@erased.invalid' THEN {MAKE_SQL} ELSE email END,
        contact_email = CASE WHEN email LIKE '%%.invalid' THEN '' ELSE email END
    WHERE organization_id = %s AND role = 'client' AND (password = '' OR password LIKE '!%%')
"""  # noqa: S608 -- ours
SET_PHONES = """
    UPDATE users SET phone_e164 = number FROM unnest(%s::bigint[], %s::text[]) AS found (key, number)
    WHERE id = key AND phone_e164 <> number
"""


def choose_address(email: str, *, role: str, signs_in: bool) -> str:
    """The sign-in address to store: `email`, or a made one where a client needs none. Raises FieldRefused."""
    if is_made(email.lower()):
        raise FieldRefused("email", "invalid", _("Write an e-mail address that exists."))
    if not email and (signs_in or role != User.Role.CLIENT):
        raise FieldRefused("email", "required", _("Whoever signs in needs an e-mail address."))
    # In lower case by every door: for the constraint, Eva@ and eva@ would be two people.
    return email.lower() or make_address()


def settle_addresses(person: User, changes: dict[str, Any], *, signs_in: bool) -> None:
    """Put into `changes` the addresses to store. Raises FieldRefused.

    The contact address of a client follows the sign-in address as long as the two are one.
    """
    email, role = changes.get("email", person.sign_in_address), changes.get("role", person.role)
    chosen = choose_address(email, role=role, signs_in=signs_in)
    if "contact_email" in changes:
        changes["contact_email"] = changes["contact_email"].lower()
    elif email and role == User.Role.CLIENT and person.contact_email == person.email:
        changes["contact_email"] = chosen
    if email or person.sign_in_address:
        changes["email"] = chosen
    else:
        changes.pop("email", None)  # it has a made one, and keeps it


def find_duplicates(person: User) -> list[User]:
    """Other clients of the organization who look like this one, oldest record first; saved or not.

    The same telephone number, the same contact address, or the same name, however written, and birthday. A record
    that was merged is none: the one that stays is. Their `organization` is read.
    """
    if person.role != User.Role.CLIENT or not (condition := _look_like(person)):
        return []
    others = User.objects.filter(condition, organization=person.organization_id, role="client", merged_into=None)
    found = others.exclude(pk=person.pk).select_related("organization").order_by("id")
    return list(_leave_out_namesakes(person, found))[:MOST_DUPLICATES]


def _look_like(person: User) -> Q:
    condition = Q()
    if person.phone_e164:
        condition |= Q(phone_e164=person.phone_e164)
    if person.contact_email:
        condition |= Q(contact_email=person.contact_email)
    if person.birthday:
        condition |= Q(birthday=person.birthday)
    return condition


def _leave_out_namesakes(person: User, others: Iterable[User]) -> Iterable[User]:
    """Of those found by their birthday alone, only who has the same name."""
    # Of 400 clients, one more has the same birthday on average: a warning that is mostly wrong is read by nobody.
    name = sorted(fold_words(person.name))
    for other in others:
        by_phone = person.phone_e164 and other.phone_e164 == person.phone_e164
        by_address = person.contact_email and other.contact_email == person.contact_email
        if by_phone or by_address or sorted(fold_words(other.name)) == name:
            yield other


def fill_in_contacts(organization: Organization) -> None:
    """Give people of version 0.1, who came from a file, what the migrations gave those who were here."""
    with connection.cursor() as cursor:
        cursor.execute(FILL_IN, [organization.pk])
    read_phones(organization)


def read_phones(organization: Organization) -> None:
    """Read all telephone numbers of the organization again, as its country dials."""
    for people in words.take_all_columns(organization):
        keys = [key for key, *_ in people]
        numbers = [write_e164(phone, organization.country) if phone else "" for *_, phone, _ in people]
        with connection.cursor() as cursor:
            cursor.execute(SET_PHONES, [keys, numbers])
        words.write_words([(*row[:-1], number) for row, number in zip(people, numbers, strict=True)])
