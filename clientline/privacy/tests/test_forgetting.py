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


@pytest.mark.parametrize(
    ("moment", "months", "expected"),
    [
        (datetime(2026, 11, 30, tzinfo=UTC), 36, datetime(2023, 11, 30, tzinfo=UTC)),
        (datetime(2026, 3, 31, tzinfo=UTC), 1, datetime(2026, 2, 28, tzinfo=UTC)),
        (datetime(2024, 3, 31, tzinfo=UTC), 1, datetime(2024, 2, 29, tzinfo=UTC)),
        (datetime(2026, 1, 15, tzinfo=UTC), 13, datetime(2024, 12, 15, tzinfo=UTC)),
    ],
)
def test_months_are_those_of_the_calendar(moment, months, expected):
    assert forgetting.subtract_months(moment, months) == expected


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


@pytest.mark.parametrize("period", ["0m", "soon", "36d", "-1m", "101y"])
def test_a_period_that_is_none_is_refused(db, period):
    with pytest.raises(CommandError, match="like 36m or 3y"):
        forget(f"--inactive-for={period}")


def test_an_organization_that_is_not_there_is_said(db):
    with pytest.raises(CommandError, match="There is no such organization"):
        forget("--organization=7")
