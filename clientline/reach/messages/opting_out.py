"""Who wants no reminders, and what becomes of that and of addresses when records are merged or erased."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.signals import client_erased, client_merged
from appointments.models import Appointment
from clientline.reach.messages.handovers import find_former_client, select_handovers, was_told_before
from clientline.reach.messages.models import Message, OptOut


def opt_out(*, client: User, now: datetime) -> None:
    """Repeating it does no harm."""
    OptOut.objects.get_or_create(client=client, defaults={"organization_id": client.organization_id, "created_at": now})


def opt_in(*, client: User) -> None:
    """They get reminders again. Repeating it does no harm."""
    OptOut.objects.filter(client=client).delete()


@receiver(client_merged)
def keep_the_wish(*, kept: User, duplicate: User, now: datetime, **kwargs: Any) -> None:
    """Who said no under one record has said no."""
    if OptOut.objects.filter(client=duplicate).exists():
        opt_out(client=kept, now=now)


@receiver(client_erased)
def forget_addresses(*, person: User, **kwargs: Any) -> None:
    """What was sent stays known; to whom, does not. What other clients of their visits were told is theirs."""
    for told in (_select_told_of_theirs(person), select_told_before(person)):
        _forget_address(told)
    opt_in(client=person)


def _select_told_of_theirs(person: User) -> QuerySet[Message]:
    """What they were told of the visits that they have."""
    # By their visits: of a join Django makes a list of messages, which PostgreSQL reads once for each message while it
    # knows nothing of the table, as after an import.
    told = Message.objects.filter(appointment__in=Appointment.objects.filter(client=person))
    return told.exclude(was_told_before(select_handovers()))


def select_told_before(person: User) -> QuerySet[Message]:
    """What they were told of visits until these became another client's."""
    # First those that were ever theirs, by an index: of a message whose visit they never had, nobody is looked for.
    given = select_handovers(organization=person.organization_id, was=str(person.pk))
    told = Message.objects.filter(appointment__in=given.values("appointment"))
    return told.alias(had=find_former_client()).filter(had=str(person.pk))


def _forget_address(told: QuerySet[Message]) -> None:
    told.exclude(to="").update(to="", provider_id="")
    # Servers repeat the address in what they say.
    tried = told.filter(state__in=("failed", "bounced", "unsure", "planned"))
    tried.exclude(reason="").update(reason=gettext_noop("The client was erased."))
