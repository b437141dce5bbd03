"""What the calendar has to say when people change."""

from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any

from django.core.management import call_command
from django.db.models import Q
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.acquaintance import WAYS
from accounts.models import User
from accounts.signals import last_day_changing, leaving, left, rejoined, rejoining, role_changing
from appointments.amendments import merging, rezoning
from appointments.models import Appointment, TimeOff
from appointments.working_time import absences, roster, stranding
from clientline.callers import Caller
from clientline.refusals import Protected
from clientline.zones import find_zone
from organizations.models import Organization
from organizations.signals import former_organization_imported, zone_changing


def _find_visitors(user: Caller) -> Q:
    """People who have a visit with the user."""
    return Q(pk__in=Appointment.objects.filter(staff=user.pk).values("client"))


WAYS.append(_find_visitors)


@receiver(role_changing)
def keep_visits_between_client_and_staff(*, person: User, role: str, **kwargs: Any) -> None:
    """A visit is between a client and one of the team: neither may change sides while one refers to them."""
    if "client" in (person.role, role) and Appointment.objects.filter(Q(client=person) | Q(staff=person)).exists():
        raise Protected(_("Visits refer to this person, so they cannot change between client and team."))


@receiver(rejoining)
def count_no_hours_while_gone(*, person: User, today: date, **kwargs: Any) -> None:
    roster.rejoin(person=person, today=today)


@receiver(last_day_changing)
def watch_visits_after_the_last_day(*, person: User, now: datetime, **kwargs: Any) -> AbstractContextManager[None]:
    return stranding.watch_person(person=person, now=now)


@receiver(left)
def strand_visits_of_who_left(*, person: User, now: datetime, **kwargs: Any) -> None:
    person.strands = stranding.strand_visits_of(staff=person.pk, now=now)  # type: ignore[attr-defined]  # read by who answers


@receiver(rejoined)
def find_visits_that_are_stranded_no_longer(*, person: User, now: datetime, **kwargs: Any) -> None:
    stranding.review(organization=person.organization, staff_ids=[person.pk], now=now)


@receiver(leaving)
def keep_people_whom_reports_count(*, person: User, **kwargs: Any) -> None:
    roster.refuse_to_forget(person=person, today=person.organization.find_local_date(timezone.now()))


@receiver(zone_changing)
def take_coming_visits_along(
    *,
    organization: Organization,
    timezone: str,
    coming_visits: str | None,
    by: User | None,
    now: datetime,
    **kwargs: Any,
) -> None:
    zone = find_zone(timezone)
    with stranding.watch(organization=organization, now=now, zone_after=zone) as stranded:
        rezoning.follow_zone(organization, zone, coming_visits, by=by, now=now)
        absences.move_whole_days(organization, zone)
    organization.strands = stranded  # type: ignore[attr-defined]  # read by whoever answers


@receiver(former_organization_imported)
def fill_in_the_times_agreed(*, organization: Organization, **kwargs: Any) -> None:
    rezoning.fill_in_agreed_times(organization)
    stranding.fill_in(organization, timezone.now())


@receiver(former_organization_imported)
def fill_in_who_was_merged(*, organization: Organization, **kwargs: Any) -> None:
    merging.find_former_mergers(organization)


def look_at_coming_visits(*, plan: Any = None, apps: Any = None, **kwargs: Any) -> None:
    """After each `migrate`: whether the rules of time zones are others than at the last look, and what that changes."""
    if plan is not None and _is_as_models_say(apps):  # neither a flush nor a step on the way
        call_command("rezone", if_new_rules=True)


def _is_as_models_say(apps: Any) -> bool:
    """Whether what is looked through is as the models say: a column that is yet to come, or gone, cannot be read."""

    def list_columns(model: Any) -> set[str]:
        return {field.column for field in model._meta.concrete_fields}

    try:
        former = {model: apps.get_model(model._meta.label) for model in (Organization, Appointment, TimeOff)}
    except LookupError:
        return False
    return all(list_columns(model) == list_columns(other) for model, other in former.items())
