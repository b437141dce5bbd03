"""Who joins, changes and leaves an organization, under the rules that keep it governable."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import date, datetime
from typing import Any, cast

from django.contrib.auth import password_validation
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from accounts import contacts, sign_ins
from accounts.models import Session, Token, User
from accounts.person_names import find_fault_of_name
from accounts.signals import clients_created, last_day_changing, leaving, left, rejoined, rejoining, role_changing
from clientline.database.changes import differs, save_changes
from clientline.database.prepared import Written
from clientline.refusals import FieldRefused, Forbidden, Refused
from organizations import policy
from organizations.models import Organization
from organizations.tenancy import attribute

# What people are now, for who is about to refer to them: they cannot change sides, be merged or erased until the
# transaction ends. Nothing else waits for this lock. In id order, so that two never cross.
HOLD = Written("SELECT id, role, is_active FROM users WHERE id = ANY(%s::bigint[]) ORDER BY id FOR KEY SHARE", "people")


class LastAdmin(Refused):
    code = "last_admin"
    detail = gettext_lazy("An organization keeps at least one active admin.")


def register_person(
    *,
    by: User | None,
    organization: Organization,
    name: str,
    role: str,
    email: str = "",
    contact_email: str | None = None,
    password: str | None = None,
    **fields: Any,
) -> User:
    """Save a new person. `by` None is a command. Raises Forbidden, FieldRefused.

    Who cannot sign in needs no `email`. `contact_email` None: of a client, the same.
    """
    if by is not None and role not in policy.find_grantable_roles(by, "create"):
        raise Forbidden(gettext("You may not give the `role` %(role)s.") % {"role": role})
    _refuse_bad_name(name)
    address = contacts.choose_address(email, role=role, signs_in=password is not None)
    if contact_email is None:
        contact_email = email if role == User.Role.CLIENT else ""
    person = User(organization=organization, name=name, email=address, role=role, created_by=by, **fields)
    if person.works_until is not None:
        _refuse_last_day(person.works_until, person.is_of_the_team, organization.find_local_date(timezone.now()))
    person.contact_email = contact_email.lower()
    person.password = _hash_password(password, person)
    with transaction.atomic():
        # In a savepoint: a taken address would otherwise abort the caller's transaction, a founding or an import.
        person.save(force_insert=True)
        if role == User.Role.CLIENT:
            told = {"organization": person.organization_id, "keys": [person.pk], "now": person.created_at}
            clients_created.send(sender=User, **told)
    return person


def change_person(
    *,
    by: User | None,
    person: User,
    changes: dict[str, Any],
    keep: Token | Session | None = None,
    now: datetime | None = None,
) -> User:
    """Save `changes` to a person whose row the caller has locked. Raises Forbidden, FieldRefused, LastAdmin.

    Another address, role, password or standing ends the person's sign-ins but `keep`, that of `by`. Whoever leaves the
    team has today as their last day, or the one planned before; `works_until` plans one. `now` None is this moment.
    """
    # Their own: the caller's must not lose its password below.
    changes = dict(changes)
    password = changes.pop("password", None)
    _refuse_own_standing(by, person, changes, password)
    role = changes.get("role", person.role)
    if role != person.role and by is not None and role not in policy.find_grantable_roles(by, "update"):
        raise Forbidden(gettext("You may not give the `role` %(role)s.") % {"role": role})
    # One that was stored before there was this rule stands in the way of no other change.
    if changes.get("name", person.name) != person.name:
        _refuse_bad_name(changes["name"])
    if changes.get("is_active"):
        changes["merged_into"] = None  # reactivated, it is somebody of their own again
    with transaction.atomic():
        if role != "admin" or not changes.get("is_active", person.is_active):
            _keep_an_admin(person)
        contacts.settle_addresses(person, changes, signs_in=password is not None or person.signs_in)
        if role != person.role:
            # Before the receivers look for what refers to the person: it cannot come in between any more.
            lock_against_references(person)
            role_changing.send(sender=User, person=person, role=role)
        now, was_of_the_team = now or timezone.now(), person.is_of_the_team
        changes |= _settle_last_day(person, changes, now)
        if password is not None:
            changes["password"] = _hash_password(password, person)
        # Before the row is saved: the trigger that ends the sign-ins reads which one stays.
        sign_ins.keep_sign_in(keep)
        with _watch_last_day(person, changes, now):
            save_changes(person, changes)
        if person.is_of_the_team != was_of_the_team:
            (left if was_of_the_team else rejoined).send(sender=User, person=person, now=now)
    return person


def _refuse_bad_name(name: str) -> None:
    if fault := find_fault_of_name(name):
        raise FieldRefused("name", "invalid", fault)


def _settle_last_day(person: User, changes: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The last day of somebody who leaves the team by these `changes`, comes back to it, or gets one ahead.

    Raises FieldRefused.
    """
    today, will_be = person.organization.find_local_date(now), _will_be_of_the_team(person, changes)
    was, wanted = person.works_until, changes.get("works_until", person.works_until)
    if wanted != was:
        _refuse_last_day(wanted, will_be or person.is_of_the_team, today)
    if person.is_of_the_team and not will_be:
        return {"works_until": min(wanted or today, today)}
    had_left = not person.is_of_the_team or (was is not None and was < today and wanted != was)
    if will_be and had_left:
        rejoining.send(sender=User, person=person, today=today)
        return {"works_until": None if wanted == was else wanted}
    return {}


@contextmanager
def _watch_last_day(person: User, changes: dict[str, Any], now: datetime) -> Iterator[None]:
    """Let receivers see what another last day does, also of somebody who leaves by it, while it is saved inside."""
    with ExitStack() as watching:
        if person.is_of_the_team and differs(person, "works_until", changes.get("works_until", person.works_until)):
            for _, watch in last_day_changing.send(sender=User, person=person, now=now):
                watching.enter_context(cast(AbstractContextManager, watch))
        yield


def _will_be_of_the_team(person: User, changes: dict[str, Any]) -> bool:
    role, is_active = (changes.get(name, getattr(person, name)) for name in ("role", "is_active"))
    return is_active and role != User.Role.CLIENT


def _refuse_last_day(wanted: date | None, is_of_the_team: bool, today: date) -> None:
    if not is_of_the_team:
        raise FieldRefused(
            "works_until", "invalid", gettext("Only somebody of the team who is active has a last day ahead.")
        )
    # Reports of the past count hours up to it.
    if wanted is not None and wanted < today:
        raise FieldRefused("works_until", "invalid", gettext("What has been stays: choose today or later."))


def lock_against_references(person: User) -> None:
    """Wait for everybody who holds the person (see HOLD); whoever comes next waits until the transaction ends."""
    User.objects.select_for_update(of=("self",)).get(pk=person.pk)


def _refuse_own_standing(by: User | None, person: User, changes: dict[str, Any], password: str | None) -> None:
    if by is None or by.pk != person.pk:
        return
    for name in ("role", "is_active", "works_until"):
        if name in changes and changes[name] != getattr(person, name):
            raise Forbidden(gettext("Nobody changes their own `%(name)s`.") % {"name": name})
    if password is not None:
        raise Forbidden(gettext("Your own `password` changes at /auth/password."))


def _hash_password(password: str | None, person: User, field: str = "password") -> str:
    """The hash of a password that passes the validators; of None, one that nothing matches. Raises FieldRefused."""
    if password is not None:
        try:
            password_validation.validate_password(password, person)
        except ValidationError as error:
            raise FieldRefused(field, "password_too_weak", " ".join(error.messages)) from error
    return make_password(password)


def _keep_an_admin(person: User) -> None:
    """Refuse to lose the last active admin; also to two requests that each see the other's."""
    if person.role != "admin" or not person.is_active or person.is_superuser:
        return
    # FOR NO KEY UPDATE: a plain FOR UPDATE would block every booking's reference check.
    Organization.objects.select_for_update(no_key=True).get(pk=person.organization_id)
    others = User.objects.filter(
        organization=person.organization_id, role="admin", is_active=True, is_superuser=False
    ).exclude(pk=person.pk)
    if not others.exists():
        raise LastAdmin


def remove_person(*, by: User | None, person: User) -> None:
    """Delete a person nothing refers to. Raises Forbidden, LastAdmin, ProtectedError."""
    if by is not None and by.pk == person.pk:
        raise Forbidden(gettext("Nobody removes themselves."))
    with transaction.atomic():
        _keep_an_admin(person)
        leaving.send(sender=User, person=person)
        person.delete()


def change_own_password(*, person: User, new: str, keep_token: Token | None = None) -> None:
    """Raises FieldRefused when `new` is too weak. Ends the person's sessions and other tokens."""
    password = _hash_password(new, person, "new_password")
    with transaction.atomic():
        # Where no wall stands, nothing else tells the audit whose doing it is.
        attribute(person)
        sign_ins.keep_sign_in(keep_token)
        save_changes(person, {"password": password})
