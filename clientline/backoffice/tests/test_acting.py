"""Operators act in one organization at a time: its rows, its clock, its name above every page."""

import pytest
from django.utils import timezone

from clientline.backoffice.platform.acting import KEY, find_chosen_organization
from clientline.tests.pages import Page, see, typed
from clientline.web.call import Call
from services.models import Service

VISITS = "/admin/appointments/appointment/"


def act_in(client, organization):
    return client.post(f"/admin/act/{organization.pk}/")


@pytest.mark.sweep
def test_an_operator_chooses_and_leaves_an_organization(salon, operator, client):
    client.force_login(operator)
    assert set(see(client, VISITS)["cl"].list_display) >= {"organization"}
    assert act_in(client, salon.organization)["Location"] == "/admin/"
    page = client.get(VISITS)
    assert set(page.context["cl"].result_list) == {salon.visit, salon.strangers_visit}
    assert "organization" not in page.context["cl"].list_display
    assert "You are acting in <strong>Salon</strong>" in page.content.decode()
    assert client.post("/admin/leave/")["Location"] == "/admin/organizations/organization/"
    assert len(see(client, VISITS)["cl"].result_list) == 4


def test_no_arrow_says_that_a_list_is_sorted_as_it_is_not(salon, operator, client):
    client.force_login(operator)
    by_id, dated = client.get(VISITS), client.get(VISITS, {"o": "1"})
    act_in(client, salon.organization)
    shown = [page.content.decode().count("sorted descending") for page in (by_id, client.get(VISITS))]
    assert shown == [0, 1]
    assert "sorted ascending" in dated.content.decode()


@pytest.mark.sweep
def test_acting_closes_the_pages_of_the_others(salon, clinic, operator, client):
    client.force_login(operator)
    act_in(client, salon.organization)
    assert see(client, f"{VISITS}{salon.visit.pk}/change/")["original"] == salon.visit
    assert client.get(f"{VISITS}{clinic.visit.pk}/change/").status_code == 302  # Django's answer to unknown ids
    url = f"/admin/organizations/organization/{clinic.organization.pk}/change/"
    assert see(client, url)["original"] == clinic.organization
    suggested = client.get(
        "/admin/autocomplete/", {"app_label": "appointments", "model_name": "appointment", "field_name": "client"}
    )
    assert {each["id"] for each in suggested.json()["results"]} == {str(salon.client.pk), str(salon.stranger.pk)}


def test_what_is_added_while_acting_belongs_there(salon, operator, client):
    client.force_login(operator)
    act_in(client, salon.organization)
    form = client.get("/admin/services/service/add/")
    assert "organization" not in Page(form).fields
    assert client.post("/admin/services/service/add/", typed(form, name="Wax")).status_code == 302
    assert Service.objects.get(name="Wax").organization == salon.organization


def test_times_are_read_on_the_clock_of_the_organization(salon, operator, client):
    client.force_login(operator)
    act_in(client, salon.organization)
    berlin = timezone.localtime(salon.visit.appointment_date, salon.organization.zone)
    assert f"{berlin:%a} {berlin.day} {berlin:%b %Y %H:%M}" in client.get(VISITS).content.decode()


def test_an_organization_that_is_gone_is_as_none(operator, rf):
    request = rf.get("/admin/")
    request.call, request.user, request.session = Call("a-request"), operator, {KEY: 999_999_999}
    assert find_chosen_organization(request) is None


def test_nobody_else_acts_elsewhere(salon, clinic, client):
    for who in (salon.staff, salon.manager, salon.admin):
        client.force_login(who)
        assert act_in(client, clinic.organization).status_code == 403
        session = client.session
        session[KEY] = clinic.organization.pk
        session.save()
        assert client.get(f"/admin/services/service/{clinic.service.pk}/change/").status_code == 302
    assert "You are acting" not in client.get(VISITS).content.decode()
    people = [person for person, _, _ in see(client, "/admin/week-hours/")["people"]]
    assert {person.organization for person in people} == {salon.organization}


@pytest.mark.sweep
def test_odd_organizations_and_plain_links_choose_nothing(operator, client):
    client.force_login(operator)
    for unknown in (0, 999_999_999, 10**30):
        assert client.post(f"/admin/act/{unknown}/").status_code == 404
    assert client.get(f"/admin/act/{operator.organization_id}/").status_code == 405
    assert client.get("/admin/leave/").status_code == 405
