"""Organizations as operators see them: figures, founding with a first admin, standing."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.models import SIGN_IN_ADDRESS_TAKEN, User
from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory
from clientline.backoffice.platform import admin
from clientline.tests.pages import Page, fill_in, judge, see, standing
from clientline.tests.problems import problem
from organizations import changing
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory

LIST = "/admin/organizations/organization/"
COSTS = 9  # queries of the whole request
GYM = {
    "name": "Gym",
    "email": "office@gym.example",
    "admin_name": "Gina",
    "admin_email": "Gina@gym.example",
    "admin_password": "lift-with-your-legs",
}


def page(organization, name="change"):
    return f"{LIST}{organization.pk}/{name}/"


def shown(client):
    return {row.name: row for row in see(client, LIST)["cl"].result_list}


def test_the_list_shows_people_recent_visits_and_the_last_booking(salon, operator, client):
    now = timezone.now()
    for days in (-31, -29, -1, 1):
        AppointmentFactory(
            client=salon.client,
            staff=salon.staff,
            service=salon.service,
            appointment_date=now + timedelta(days=days),
            created_at=now + timedelta(days=days + 40),
        )
    client.force_login(operator)
    rows = shown(client)
    assert (rows["Salon"].people, rows["Salon"].recent_visits) == (6, 2)
    assert rows["Salon"].last_booking == now + timedelta(days=41)
    assert (rows["Platform"].people, rows["Platform"].recent_visits, rows["Platform"].last_booking) == (1, 0, None)


@pytest.mark.sweep
def test_fifty_organizations_cost_what_two_do(salon, operator, client, django_assert_num_queries):
    client.force_login(operator)
    assert len(shown(client)) == 3
    Organization.objects.bulk_create(OrganizationFactory.build_batch(60))
    with django_assert_num_queries(COSTS):
        assert len(shown(client)) == 50


def test_counting_people_stops(salon, operator, client, monkeypatch):
    monkeypatch.setattr(admin, "MOST", 4)
    client.force_login(operator)
    page = client.get(LIST)
    assert "over 4" in page.content.decode()
    assert {row.name: row.people for row in page.context["cl"].result_list}["Salon"] == 4


@pytest.mark.sweep
def test_an_organization_is_founded_with_its_first_admin(salon, operator, client):
    client.force_login(operator)
    assert fill_in(client, f"{LIST}add/", **GYM, currency="EUR", slot_interval="20").status_code == 302
    gina = User.objects.get(email="gina@gym.example")
    assert (gina.name, gina.role, gina.is_active, gina.check_password("lift-with-your-legs")) == (
        "Gina",
        "admin",
        True,
        True,
    )
    assert (gina.organization.name, gina.organization.currency, gina.organization.slot_interval) == ("Gym", "EUR", 20)
    assert "lift" not in LogEntry.objects.get().change_message


TOO_SHORT = "This password is too short. It must contain at least 10 characters."


@pytest.mark.sweep
def test_what_is_wrong_stands_beside_its_field_and_neither_is_saved(salon, operator, client):
    client.force_login(operator)
    before = User.objects.count(), Organization.objects.count()
    form = standing(see(client, f"{LIST}add/")["adminform"].form) | GYM
    wrong = {
        "admin_email": ("client@clinic.example", SIGN_IN_ADDRESS_TAKEN),
        "email": ("office@clinic.example", "This is taken already."),
        "admin_password": ("mxq7-lort", TOO_SHORT),
        "timezone": ("Mars/Olympus", "Choose an IANA time zone, like Europe/Berlin."),
    }
    for field, (value, said) in wrong.items():
        shown = judge(client, f"{LIST}add/", **form | {field: value}).context["adminform"].form
        assert shown.errors == {field: [said]}
    answer = client.post(f"{LIST}add/", form | {"admin_name": "", "phone": "030 1"})
    assert answer.context["adminform"].form.errors == {"admin_name": ["This field is required."]}
    kept = Page(answer).fields
    assert (kept["admin_name"], kept["admin_email"], kept["phone"]) == ([""], [GYM["admin_email"]], ["030 1"])
    assert (User.objects.count(), Organization.objects.count()) == before


@pytest.mark.sweep
def test_deactivating_says_first_what_happens(salon, operator, client):
    for days in (3000, 3001):
        AppointmentFactory(
            client=salon.client,
            staff=salon.staff,
            service=salon.service,
            appointment_date=timezone.now() + timedelta(days=days),
        )
    client.force_login(operator)
    url = page(salon.organization, "standing")
    shown = Page(client.get(page(salon.organization)))
    assert (url in shown.links, "is_active" in shown.fields) == (True, False)
    assert "visits ahead stay booked" in " ".join(client.get(url).content.decode().split())
    assert Organization.objects.get(pk=salon.organization.pk).is_active
    assert client.post(url, {"deactivate": "1"})["Location"] == page(salon.organization)
    assert not Organization.objects.get(pk=salon.organization.pk).is_active
    assert "nobody of it can sign in" in client.get(page(salon.organization)).content.decode()
    assert client.post(url, {"reactivate": "1"}).status_code == 302
    assert Organization.objects.get(pk=salon.organization.pk).is_active
    assert [entry.change_message for entry in LogEntry.objects.order_by("id")] == ["Deactivated.", "Reactivated."]


def test_operators_cannot_lock_themselves_out(salon, operator, api, client):
    client.force_login(operator)
    url = page(operator.organization, "standing")
    answers = client.get(url), client.post(url, {"deactivate": "1"})
    for body in (" ".join(answer.content.decode().split()) for answer in answers):
        assert str(changing.HasOperators.detail) in body
        assert 'name="deactivate"' not in body
    path = f"/organizations/{operator.organization_id}"
    refused = api(operator).patch(path, {"is_active": False, "phone": "1"})
    assert (problem(refused), refused.json()["detail"]) == ((409, "protected"), changing.HasOperators.detail)
    kept = Organization.objects.get(pk=operator.organization_id)
    assert (kept.is_active, kept.phone) == (True, "")
    assert not LogEntry.objects.exists()


def test_an_organization_whose_operators_are_inactive_can_be_deactivated(salon, operator, api):
    UserFactory(organization=salon.organization, role="admin", is_superuser=True, is_active=False)
    assert api(operator).patch(f"/organizations/{salon.organization.pk}", {"is_active": False}).status_code == 200
    assert not Organization.objects.get(pk=salon.organization.pk).is_active


@pytest.mark.sweep
def test_members_have_neither_figures_nor_these_buttons(salon, clinic, client):
    for who in (salon.admin, salon.manager, salon.staff):
        client.force_login(who)
        for organization in (salon.organization, clinic.organization):
            assert client.post(page(organization, "standing"), {"deactivate": "1"}).status_code == 403
        assert client.get(page(salon.organization, "standing")).status_code == 403
        listed = see(client, LIST)["cl"]
        assert list(listed.result_list) == [salon.organization]
        assert "recent_visits" not in listed.list_display
    client.force_login(salon.admin)
    assert "Act in this organization" not in client.get(page(salon.organization)).text


def test_unknown_organizations_are_404(operator, client):
    client.force_login(operator)
    for unknown in (0, 999_999_999, 10**30):
        assert client.post(f"{LIST}{unknown}/standing/", {"deactivate": "1"}).status_code == 404


def test_an_admin_finds_the_rules_grouped_and_explained(salon, client):
    client.force_login(salon.admin)
    body = client.get(page(salon.organization)).content.decode()
    for text in ("Booking rules", "Cancelling and fees", "The currency stays once payments are on record."):
        assert text in body
