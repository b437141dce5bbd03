"""Who wants no reminders, and what becomes of that and of addresses when records are merged or erased."""

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.dispatch import receiver
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.signals import client_erased, client_merged
from appointments.models import Appointment, AppointmentHistory
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
    """What was sent stays known; to whom, does not."""
    # By their visits: of a join Django makes a list of messages, which PostgreSQL reads once for each message while it
    # knows nothing of the table, as after an import.
    told = Message.objects.filter(appointment__in=Appointment.objects.filter(client=person))
    _forget_address(told)
    _forget_address(select_told_before(person))
    opt_in(client=person)


def select_told_before(person: User) -> QuerySet[Message]:
    """What was told of visits until they became another client's."""
    given = AppointmentHistory.objects.filter(
        organization=person.organization_id, action="client_changed", was=str(person.pk)
    )
    here = given.filter(appointment=OuterRef("appointment"))
    is_before, is_of_that = (Exists(here.filter(**{at: OuterRef("created_at")})) for at in ("at__gt", "at"))
    told = Message.objects.filter(appointment__in=given.values("appointment"))
    return told.filter(Q(is_before) | Q(kind="cancelled") & Q(is_of_that))


def _forget_address(told: QuerySet[Message]) -> None:
    told.exclude(to="").update(to="", provider_id="")
    # Servers repeat the address in what they say.
    tried = told.filter(state__in=("failed", "bounced", "unsure", "planned"))
    tried.exclude(reason="").update(reason=gettext_noop("The client was erased."))
