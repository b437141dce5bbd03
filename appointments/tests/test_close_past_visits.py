from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone

from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline.tests.rehearsals import undone

pytestmark = pytest.mark.clock


@pytest.fixture
def visits(salon):
    """A forgotten visit of ten days ago, one of yesterday, and one that is long cancelled."""
    start = timezone.now().replace(second=0, microsecond=0)
    times = ("appointment_date", "ends_at", "busy_from", "busy_until")
    Appointment.objects.update(**{name: F(name) + timedelta(days=3650) for name in times})  # the others are far ahead

    def visit(days, **fields):
        return AppointmentFactory(
            client=salon.client,
            staff=salon.staff,
            service=salon.service,
            appointment_date=start - timedelta(days=days),
            **fields,
        )

    return visit(10), visit(1), visit(20, status="cancelled", cancelled_at=start)


def statuses(visits):
    return [Appointment.objects.get(pk=visit.pk).status for visit in visits]


def test_long_past_visits_are_listed_by_a_dry_run_closed_as_asked_and_remembered(visits, capsys):
    call_command("close_past_visits", "--older-than", "7", "--as", "completed", "--dry-run")
    printed = capsys.readouterr().out
    assert "Salon: Salon client, Salon staff" in printed
    assert "1 visits would be closed." in printed
    assert statuses(visits) == ["scheduled", "scheduled", "cancelled"]
    for outcome in ("completed", "no_show"):
        with undone():
            call_command("close_past_visits", "--older-than", "7", "--as", outcome)
            assert capsys.readouterr().out == "Closed 1 visits.\n"
            assert statuses(visits) == [outcome, "scheduled", "cancelled"]
            fact = visits[0].history.get()
            assert (fact.action, fact.was, fact.became, fact.by) == (outcome, "scheduled", outcome, None)


def test_absurd_ages_are_refused(db):
    with pytest.raises(CommandError, match="0 to 36500"):
        call_command("close_past_visits", "--older-than", "-1", "--as", "completed")
