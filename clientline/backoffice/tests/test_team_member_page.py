"""A colleague's page: hours, time off, services, and the visits that count on them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment, TimeOff
from appointments.tests.factories import AppointmentFactory, TimeOffFactory, always_at_work
from clientline.backoffice.people import team_member
from clientline.tests.pages import Page, errors_of, judge, see, standing, submit, tell, typed
from services.models import ServiceStaff
from services.tests.factories import ServiceFactory

pytestmark = pytest.mark.clock

COSTS = 15  # queries of the whole request


def page(person):
    return f"/admin/accounts/user/{person.pk}/change/"


def visit_in(salon, days):
    start = timezone.now() + timedelta(days=days)
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=start)


@pytest.fixture
def ahead(salon):
    Appointment.objects.filter(pk=salon.visit.pk).update(status="cancelled", cancelled_at=timezone.now())
    TimeOff.objects.filter(pk=salon.time_off.pk).delete()
    visit_in(salon, -1)
    return [visit_in(salon, 1), visit_in(salon, 2)]


def test_the_page_shows_when_they_work_and_who_counts_on_them(salon, client, ahead):
    now = timezone.now()
    away = TimeOffFactory(staff=salon.staff, starts_at=now + timedelta(days=1), ends_at=now + timedelta(days=2))
    closed = TimeOffFactory(
        staff=None, organization=salon.organization, starts_at=now, ends_at=now + timedelta(hours=1), reason="Training"
    )
    TimeOffFactory(staff=salon.colleague, starts_at=now, ends_at=now + timedelta(days=2))
    others = ServiceFactory(organization=salon.organization, name="Only the colleague")
    ServiceStaff.objects.create(organization=salon.organization, service=others, staff=salon.colleague)
    client.force_login(salon.manager)
    answer = client.get(page(salon.staff))
    shown = answer.context
    assert shown["week"][:2] == [("Monday", "09:00–17:00"), ("Tuesday", "")]
    assert list(shown["away"]) == [closed, away]
    assert list(shown["services"]) == [salon.service]
    assert shown["ahead"] == 2
    assert f"/admin/week-hours/?staff={salon.staff.pk}" in Page(answer).links
    assert "need" not in answer.content.decode().split('id="content"')[1]


@pytest.mark.sweep
def test_the_visits_of_a_deactivated_colleague_are_listed_as_in_need(salon, client, ahead):
    client.force_login(salon.manager)
    asked = submit(client, page(salon.staff), is_active=None, name="Anna")
    told = "Nothing is saved yet: it would leave 2 visits to come without their person."
    assert (errors_of(asked), asked.context["hit"].visits) == ([told], ahead)
    assert User.objects.get(pk=salon.staff.pk).is_active
    answer = client.post(page(salon.staff), typed(asked, anyway=asked.context["hit"].token))
    assert answer.status_code == 302
    answer = client.get(page(salon.staff))
    assert list(answer.context["orphaned"]) == ahead
    assert answer.context["original"].name == "Anna"
    assert "2 visits ahead need somebody else" in answer.content.decode()
    for visit in ahead:
        assert f"/admin/appointments/appointment/{visit.pk}/change/" in Page(answer).links


def test_the_button_asks_before_it_strands_visits(salon, client, ahead):
    client.force_login(salon.manager)
    path = f"/admin/accounts/user/{salon.staff.pk}/standing/"
    asked = client.post(path, {"deactivate": "1"})
    assert "it would leave 2 visits to come without their person" in asked.content.decode()
    assert User.objects.get(pk=salon.staff.pk).is_active
    assert client.post(path, {"deactivate": "1", "anyway": "another"}).status_code == 200
    assert client.post(path, {"deactivate": "1", "anyway": asked.context["hit"].token}).status_code == 302
    assert not User.objects.get(pk=salon.staff.pk).is_active


def test_chosen_people_are_deactivated_but_for_those_whom_visits_count_on(salon, client, ahead):
    client.force_login(salon.admin)
    chosen = [salon.staff.pk, salon.manager.pk]
    told = tell(client.post("/admin/accounts/user/?kind=team", {"action": "deactivate", "_selected_action": chosen}))
    assert told[0] == "1 person deactivated."
    assert told[1].endswith("Nothing is saved yet: it would leave 2 visits to come without their person.")
    standing = dict(User.objects.filter(pk__in=chosen).values_list("pk", "is_active"))
    assert standing == {salon.staff.pk: True, salon.manager.pk: False}


@pytest.mark.sweep
def test_a_last_day_is_planned_once_its_visits_were_shown(salon, client, ahead):
    client.force_login(salon.manager)
    always_at_work(salon.staff)
    last = salon.organization.find_local_date(timezone.now())
    form = standing(see(client, page(salon.staff))["adminform"].form) | {"works_until": str(last)}
    asked = judge(client, page(salon.staff), **form)
    assert asked.context["hit"].visits == ahead
    assert judge(client, page(salon.staff), **form, anyway=asked.context["hit"].token).status_code == 302
    assert User.objects.get(pk=salon.staff.pk).works_until == last
    assert see(client, page(salon.staff))["orphaned"] == ahead
    for person in (salon.manager, salon.client):  # nobody plans their own, nor a client's
        assert "works_until" not in see(client, page(person))["adminform"].form.fields


@pytest.mark.sweep
def test_it_costs_so_many_queries_however_many_visits_it_shows(
    salon, client, ahead, monkeypatch, django_assert_num_queries
):
    User.objects.filter(pk=salon.staff.pk).update(is_active=False)
    client.force_login(salon.manager)
    see(client, page(salon.staff))
    monkeypatch.setattr(team_member, "SHOWN_ORPHANS", 3)
    for days in (3, 4):
        visit_in(salon, days)
    with django_assert_num_queries(COSTS):
        shown = client.get(page(salon.staff)).context
    assert (len(shown["orphaned"]), shown["ahead"]) == (3, 4)


def test_staff_see_their_own_page(salon, client, ahead):
    client.force_login(salon.staff)
    assert see(client, page(salon.staff))["ahead"] == 2
    assert client.get(page(salon.colleague)).status_code == 302  # Django's answer to unknown ids
