"""The column of guests in the access table, asked by their pages: what it takes away, no page does."""

import pytest

from accounts.models import User
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.tests.guests import fill_in, make_visit, open_page, read, request, type_code
from organizations import policy

pytestmark = pytest.mark.django_db


@pytest.fixture
def forbid(monkeypatch):
    def take_away(resource, action):
        monkeypatch.setitem(policy.CELLS[resource, action], policy.GUEST, policy.NEVER)

    return take_away


@pytest.fixture
def booked(salon):
    always_at_work(salon.staff)
    open_page(salon)
    salon.link = make_visit(salon, days_ahead(3))
    return salon


def test_what_guests_may_is_little():
    permitted = {cell: scopes[policy.GUEST] for cell, scopes in policy.CELLS.items() if scopes[policy.GUEST] != "–"}
    assert permitted == {
        ("organizations", "list"): "online",
        ("organizations", "retrieve"): "online",
        ("users", "create"): "self",
        ("services", "list"): "online",
        ("services", "retrieve"): "online",
        ("availability", "list"): "online",
        ("appointments", "list"): "link",
        ("appointments", "retrieve"): "link",
        ("appointments", "create"): "own",
        ("appointments", "balance"): "link",
        ("appointments", "reschedule"): "link",
        ("appointments", "cancel"): "link",
    }


def test_pages_and_services_are_shown_as_it_says(booked, client, forbid):
    forbid("services", "list")
    assert "Salon service" not in read(client.get("/b/salon"))
    forbid("organizations", "retrieve")
    assert client.get("/b/salon").status_code == 404


@pytest.mark.sweep
def test_links_open_as_it_says(booked, client, forbid):
    form = fill_in(booked, "cancel", proof="Weber")
    forbid("appointments", "balance")
    assert "To be paid" not in read(client.get(booked.link))
    forbid("appointments", "reschedule")
    assert client.get(f"{booked.link}/move").status_code == 404
    forbid("appointments", "cancel")
    assert client.post(f"{booked.link}/cancel", form).status_code == 404
    forbid("appointments", "retrieve")
    assert client.get(booked.link).status_code == 404
    assert Appointment.objects.get(client__name="Kim Weber").status == "scheduled"


@pytest.mark.sweep
def test_clients_are_made_as_it_says(booked, client, forbid):
    forbid("users", "create")
    asked = request(booked, days_ahead(4), name="New Weber", contact_email="new@example.com")
    assert type_code(client, asked).status_code == 409
    assert not User.objects.filter(name="New Weber").exists()
    make_visit(booked, days_ahead(5))  # who is a client already still is
