"""The sidebar: tasks, not tables, and only what the reader may open; `test_german_pages.py` follows each link."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.utils import translation

from accounts.tests.factories import UserFactory
from clientline.tests.pages import see

FRONT_DESK = ["Today", "Week", "Appointments", "Clients", "Payments", "Who owes"]
SET_UP = ["Services", "Team", "Working hours", "Special hours", "Time off", "Calendar feeds", "Reminders", "Texts"]
SET_UP += ["Organization"]
CLIENTS = "/admin/accounts/user/?kind=clients"
OF_THE_DESK = {"manager": ["Online booking"], "staff": []}


@pytest.mark.parametrize("role", ["manager", "staff"])
def test_everybody_who_works_here_sees_the_tasks_they_may_do(client, salon, role):
    client.force_login(getattr(salon, role))
    groups = see(client, "/admin/")["sidebar"]
    oversight = ("Oversight", ["Messages"] if role == "staff" else ["Reports", "Messages"])
    assert [(label, [link["label"] for link in links]) for label, links in groups] == [
        ("Front desk", FRONT_DESK),
        ("Set-up", SET_UP + OF_THE_DESK[role]),
        oversight,
    ]


def test_the_admin_oversees_it(client, salon):
    client.force_login(salon.admin)
    label, links = see(client, "/admin/password_change/")["sidebar"][-1]
    assert (label, [link["label"] for link in links]) == ("Oversight", ["Reports", "Messages", "Audit"])


def test_the_open_list_is_marked_and_its_neighbour_is_not(client, salon):
    client.force_login(salon.admin)
    page = see(client, "/admin/accounts/user/?kind=clients")
    marked = [link["label"] for _, links in page["sidebar"] for link in links if link["is_current"]]
    assert marked == ["Clients"]


def test_a_stranger_sees_no_sidebar(client, salon):
    assert client.get("/admin/login/").context["sidebar"] == []


def test_every_link_has_a_drawing_for_the_rail(client, salon):
    client.force_login(salon.admin)
    with open(finders.find("clientline/icons.svg")) as file:
        drawn = set(re.findall(r'symbol id="([\w-]+)"', file.read()))
    icons = {link["icon"] for _, links in see(client, "/admin/")["sidebar"] for link in links}
    assert icons <= drawn


def test_no_page_works_out_the_list_of_apps_that_it_does_not_show(salon, client):
    """Django's own asks for four permissions and two addresses of each model, on every page."""
    client.force_login(salon.admin)
    assert see(client, "/admin/password_change/")["available_apps"] == []


@pytest.mark.sweep
def test_what_is_drawn_once_is_what_each_reader_may_open_in_their_language_on_their_page(salon, client):
    german = UserFactory(organization=salon.organization, role="admin", language="de")
    pages = [(salon.admin, "/admin/"), (salon.admin, CLIENTS), (salon.staff, "/admin/"), (german, "/admin/")]
    for person, page in pages:
        client.force_login(person)
        shown = client.get(page)
        with translation.override(person.chosen_language):
            for template in ("admin/nav_sidebar.html", "admin/tabs.html"):
                links = {name: shown.context[name] for name in ("sidebar", "bottom_bar")}
                assert render_to_string(template, links) in shown.content.decode(), (person, page, template)
