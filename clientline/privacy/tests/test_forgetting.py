"""Clients whom nobody saw for the time their organization says are listed and erased; everybody else stays."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline.privacy import forgetting
from payments.tests.factories import PaymentFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=5 * 365)


def forget(*arguments):
    output = StringIO()
    call_command("forget", *arguments, "--noinput", stdout=output)
    return output.getvalue()


@pytest.fixture
def old(salon, clinic):
    """A client of each who was added long ago, and never came since."""
    for cast in (salon, clinic):
        cast.old = UserFactory(organization=cast.organization, name="Old One", phone="030 1")
        User.objects.filter(pk=cast.old.pk).update(created_at=timezone.now() - timedelta(days=5 * 365))
    return salon.old


def names(organization, months=36):
    return [each.name for each in forgetting.find_forgettable(organization, months=months, now=NOW)]


@pytest.mark.sweep
def test_who_was_seen_since_by_visit_money_or_sign_in_stays(salon):
    def client(name, *, visit=None, **columns):
        person = UserFactory(organization=salon.organization, name=name)
        User.objects.filter(pk=person.pk).update(created_at=LONG_AGO, **columns)
        if visit:
            start = {"appointment_date": visit, "client": person, "staff": salon.staff, "service": salon.service}
            return AppointmentFactory(**start)
        return person

    boundary = datetime(2023, 11, 30, 12, tzinfo=UTC)
    client("never came")
    client("came before", visit=boundary - timedelta(days=1))
    client("came then", visit=boundary)
    client("will come", visit=NOW + timedelta(days=3))
    client("signed in", last_login=boundary)
    paid = client("paid since", visit=boundary - timedelta(days=2))
    PaymentFactory(appointment=paid)
    cancelled = client("cancelled", visit=boundary + timedelta(days=40))
    Appointment.objects.filter(pk=cancelled.pk).update(status="cancelled", cancelled_at=boundary)
    client("merged into one who comes", merged_into=salon.client, is_active=False)
    UserFactory(organization=salon.organization, name="new", created_at=NOW)
    assert names(salon.organization) == ["never came", "came before", "cancelled"]


def test_months_are_those_of_the_calendar():
    for (year, month, day), months, expected in (
        ((2026, 11, 30), 36, (2023, 11, 30)),
        ((2026, 3, 31), 1, (2026, 2, 28)),
        ((2024, 3, 31), 1, (2024, 2, 29)),
        ((2026, 1, 15), 13, (2024, 12, 15)),
    ):
        found = forgetting.subtract_months(datetime(year, month, day, tzinfo=UTC), months)
        assert found == datetime(*expected, tzinfo=UTC)


def test_a_dry_run_lists_and_changes_nothing_and_a_real_one_erases(salon, clinic, old):
    for arguments in (["--dry-run"], []):
        said = forget("--inactive-for", "36m", f"--organization={salon.organization.pk}", *arguments)
        assert f"{old.pk}  Old One  Salon, not seen for 36 months" in said
        assert str(clinic.old.pk) not in said.split()
        old.refresh_from_db()
        assert old.name == ("Old One" if arguments else f"Erased client {old.pk}")
    assert "0 to forget" in forget("--inactive-for", "3y", f"--organization={salon.organization.pk}")
    clinic.old.refresh_from_db()
    assert clinic.old.name == "Old One"


def test_without_a_period_each_organization_says_for_itself(salon, clinic, old, api):
    assert "0 to forget" in forget()
    home = f"/organizations/{salon.organization.pk}"
    assert api(salon.admin).patch(home, {"forget_after_months": 24}).json()["forget_after_months"] == 24
    assert "Erased 1." in forget()
    clinic.old.refresh_from_db()
    assert clinic.old.name == "Old One"


def test_a_period_or_an_organization_that_is_none_is_refused():
    for period in ("0m", "soon", "36d", "-1m", "101y"):
        with pytest.raises(CommandError, match="like 36m or 3y"):
            pytest.fail(f"{period} is a period: {forget(f'--inactive-for={period}')}")
    with pytest.raises(CommandError, match="There is no such organization"):
        forget("--organization=7")
