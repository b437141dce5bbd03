"""Actions over chosen rows: the policy and the domain judge each row, and the page says what became of it."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.admin import bulk
from clientline.tests.pages import see, tell

VISITS, PEOPLE, SERVICES = "/admin/appointments/appointment/", "/admin/accounts/user/", "/admin/services/service/"


def act(client, url, action, rows, **sent):
    """Choose `rows` and run the action; the messages that follow."""
    chosen = [getattr(row, "pk", row) for row in rows]
    answer = client.post(url, {"action": action, "_selected_action": chosen, "index": "0"} | sent)
    assert (answer.status_code, answer["Location"]) == (302, url)
    told = tell(answer)
    client.cookies.pop("messages", None)  # the list would tell them, which nobody asks for here
    return told


@pytest.fixture
def past(salon):
    start = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=2)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


@pytest.mark.sweep
def test_visits_are_completed_and_one_that_has_not_begun_says_so(salon, client, past):
    client.force_login(salon.manager)
    ahead = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(3)
    )
    told = act(client, VISITS, "complete_visits", [past, ahead])
    assert told[0] == "1 appointment completed."
    assert "Salon client: " in told[1]
    for visit, status in ((past, "completed"), (ahead, "scheduled")):
        visit.refresh_from_db()
        assert visit.status == status
    assert past.version == 2
    assert [(fact.action, fact.by) for fact in past.history.all()] == [("completed", salon.manager)]
    assert LogEntry.objects.get().object_id == str(past.pk)
    assert len(act(client, VISITS, "complete_visits", [past])) == 1  # a second time is refused


def test_rows_out_of_reach_are_untouched_and_counted(salon, clinic, client, past, without_row_security):
    client.force_login(salon.manager)
    told = act(client, PEOPLE, "deactivate", [salon.client, salon.admin, clinic.client])
    assert told == ["1 person deactivated.", "1 of the chosen rows are not yours to change."]
    assert set(User.objects.filter(is_active=False)) == {salon.client}
    assert act(client, PEOPLE, "reactivate", [salon.client]) == ["1 person reactivated."]
    assert not User.objects.filter(is_active=False).exists()


def test_the_rules_of_the_domain_hold_for_many(salon, client):
    second = UserFactory(organization=salon.organization, role="admin", name="Second")
    client.force_login(second)
    told = act(client, PEOPLE, "deactivate", [salon.admin, second])
    assert told == ["1 person deactivated.", f"Second · {second.email}: Nobody changes their own `is_active`."]


def test_services_leave_and_return(salon, client):
    client.force_login(salon.manager)
    assert act(client, SERVICES, "take_off_offer", [salon.service]) == ["1 service deactivated."]
    salon.service.refresh_from_db()
    assert (salon.service.is_active, salon.service.version) == (False, 2)
    assert act(client, SERVICES, "offer_again", [salon.service]) == ["1 service reactivated."]


@pytest.mark.sweep
def test_staff_complete_their_own_and_are_offered_nothing_else(salon, client, past):
    client.force_login(salon.staff)
    assert see(client, PEOPLE)["action_form"] is None
    assert see(client, SERVICES)["action_form"] is None
    assert act(client, VISITS, "complete_visits", [past, salon.strangers_visit]) == ["1 appointment completed."]


def test_too_many_at_once_are_refused_whole(salon, client, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_ROWS", 2)
    client.force_login(salon.admin)
    told = act(client, PEOPLE, "deactivate", [salon.client], select_across="1")
    assert told == ["Choose at most 2 rows at once. Nothing was changed."]
    assert not User.objects.filter(is_active=False).exists()


@pytest.mark.sweep
def test_what_is_no_row_changes_nothing(salon, client):
    client.force_login(salon.admin)
    for pk in ("abc", "", "0", "9" * 30, "\0", "1 OR 1"):
        assert act(client, PEOPLE, "deactivate", [pk]) == ["Choose rows of the list. Nothing was changed."], ascii(pk)


@pytest.mark.sweep
def test_nothing_is_deleted_in_bulk(salon, client):
    client.force_login(salon.admin)
    assert act(client, PEOPLE, "delete_selected", [salon.client], post="yes") == ["No action selected."]
    for url in (PEOPLE, VISITS, SERVICES):
        assert "delete_selected" not in dict(see(client, url)["action_form"].fields["action"].choices), url
