from datetime import UTC, datetime, time

import pytest
from django.utils import timezone

from appointments.models import SpecialHours, TimeOff, WorkingHours
from appointments.tests.factories import WorkingHoursFactory
from clientline.tests.pages import Page, errors_of, fill_in, submit, typed
from clientline.tests.rendering import unrendered

WORKING = "/admin/appointments/workinghours/"
SPECIAL = "/admin/appointments/specialhours/"
AWAY = "/admin/appointments/timeoff/"
TUESDAY = {"weekday": "1", "starts": "09:00", "ends": "17:00"}
NOON = {"starts_at_0": "2027-01-11", "starts_at_1": "12:00", "ends_at_0": "2027-01-11", "ends_at_1": "13:00"}


@pytest.mark.sweep
def test_a_manager_sets_somebodys_hours(salon, client):
    client.force_login(salon.manager)
    assert submit(client, f"{WORKING}add/", staff=salon.colleague.pk, **TUESDAY).status_code == 302
    hours = WorkingHours.objects.get(staff=salon.colleague)
    assert (hours.organization, hours.weekday, hours.starts, hours.ends) == (
        salon.organization,
        1,
        time(9),
        time(17),
    )


WRONG = [
    ({"weekday": "0"}, "These hours overlap others of the same person."),
    ({"valid_from": "2027-02-01", "valid_until": "2027-01-31"}, "The last date is not before the first."),
    ({"starts": "09:00:30"}, "Write hours and minutes only."),
    ({"weekday": "7"}, "Select a valid choice. 7 is not one of the available choices."),
]


@pytest.mark.sweep
def test_wrong_hours_are_an_error_of_the_form(salon, client):
    client.force_login(salon.manager)
    sent = typed(client.get(f"{WORKING}add/"), staff=salon.staff.pk, **TUESDAY)
    for wrong, problem in WRONG:
        with unrendered():
            form = client.post(f"{WORKING}add/", sent | wrong).context["adminform"].form
        assert [str(error) for errors in form.errors.values() for error in errors] == [problem]
    assert WorkingHours.objects.filter(staff=salon.staff).count() == 1


@pytest.mark.sweep
def test_staff_change_their_own_hours_and_look_at_others(salon, client):
    theirs = WorkingHoursFactory(staff=salon.colleague)
    client.force_login(salon.staff)
    assert fill_in(client, f"{WORKING}{salon.working_hours.pk}/change/", ends="16:00").status_code == 302
    assert WorkingHours.objects.get(pk=salon.working_hours.pk).ends == time(16)
    assert "ends" not in Page(client.get(f"{WORKING}{theirs.pk}/change/")).fields
    assert client.post(f"{WORKING}{theirs.pk}/change/", TUESDAY).status_code == 403
    assert client.post(f"{WORKING}{theirs.pk}/delete/", {"post": "yes"}).status_code == 403
    answer = fill_in(client, f"{WORKING}add/", staff=salon.colleague.pk, **TUESDAY)
    assert list(answer.context["adminform"].form.errors) == ["staff"]
    assert client.post(f"{WORKING}{salon.working_hours.pk}/delete/", {"post": "yes"}).status_code == 302
    today = salon.organization.find_local_date(timezone.now())
    rows = WorkingHours.objects.filter(organization=salon.organization)
    assert list(rows.holding_from(today)) == [theirs]
    assert [row.ends for row in rows.exclude(pk=theirs.pk)] == [time(17)], "what has been stays"


def test_a_date_without_times_is_closed(salon, client):
    client.force_login(salon.manager)
    assert fill_in(client, f"{SPECIAL}add/", staff=salon.colleague.pk, date="2027-01-11").status_code == 302
    assert SpecialHours.objects.get(staff=salon.colleague).starts is None
    answer = submit(client, f"{SPECIAL}add/", staff=salon.colleague.pk, date="9999-12-31")
    assert errors_of(answer) == ["Choose a date between 2000 and 2100."]


@pytest.mark.sweep
def test_the_organization_is_closed_by_those_who_may(salon, client):
    client.force_login(salon.manager)
    assert fill_in(client, f"{AWAY}add/", **NOON).status_code == 302
    closure = TimeOff.objects.get(staff=None)
    assert (closure.organization, closure.starts_at) == (salon.organization, datetime(2027, 1, 11, 11, tzinfo=UTC))
    client.force_login(salon.staff)
    answer = submit(client, f"{AWAY}add/", **NOON)
    assert answer.context["adminform"].form.errors == {"staff": ["This field is required."]}
    assert client.post(f"{AWAY}{closure.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"{AWAY}add/", typed(answer, staff=salon.staff.pk)).status_code == 302
    assert fill_in(client, f"{AWAY}{salon.time_off.pk}/change/", staff=None).status_code == 200
    assert TimeOff.objects.get(pk=salon.time_off.pk).staff == salon.staff


def test_time_off_is_shown_in_the_organizations_time(salon, clinic, client):
    client.force_login(salon.manager)
    assert Page(client.get(f"{AWAY}{salon.time_off.pk}/change/")).fields["starts_at_1"] == ["10:00"]
    client.force_login(clinic.manager)
    assert Page(client.get(f"{AWAY}{clinic.time_off.pk}/change/")).fields["starts_at_1"] == ["04:00"]


@pytest.mark.sweep
def test_an_operator_cannot_mix_organizations(salon, clinic, operator, client):
    client.force_login(operator)
    answer = fill_in(client, f"{WORKING}add/", organization=clinic.organization.pk, staff=salon.staff.pk, **TUESDAY)
    assert answer.context["adminform"].form.errors == {"staff": ["A row it refers to is gone."]}
