"""What each role sees in the admin, with all walls up and with the first one alone."""

from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
from django.contrib import admin

from accounts.models import User
from appointments.models import TimeOff
from clientline.tests.pages import Page, submit

TEAM = ("admin", "manager", "staff")
EVERYBODY = ("admin", "manager", "staff", "colleague", "client", "stranger")
# page → who sees which rows of the cast
VISIBLE = {
    "organizations/organization": dict.fromkeys(TEAM, ("organization",)),
    "accounts/user": {"admin": EVERYBODY, "manager": EVERYBODY, "staff": ["client", "staff"]},
    "services/service": dict.fromkeys(TEAM, ("service",)),
    "appointments/workinghours": dict.fromkeys(TEAM, ("working_hours",)),
    "appointments/specialhours": dict.fromkeys(TEAM, ("special_hours",)),
    "appointments/timeoff": dict.fromkeys(TEAM, ("time_off",)),
    "appointments/appointment": dict.fromkeys(TEAM, ("visit", "strangers_visit")) | {"staff": ["visit"]},
    "payments/payment": dict.fromkeys(TEAM, ("payment", "strangers_payment")) | {"staff": ["payment"]},
}


@pytest.fixture(params=["all walls", "the first wall alone"])
def walls(request):
    if request.param == "the first wall alone":
        request.getfixturevalue("without_row_security")


def crawl(client):
    """Every page reached by links from the index, as url → text; links with a query only from pages without one."""
    pages, queue = {}, ["/admin/"]
    while queue:
        url = queue.pop()
        answer = client.get(url)
        assert answer.status_code in (200, 302), url
        pages[url] = b"".join(answer).decode()
        if answer.streaming:
            continue  # a file, which has no links
        found = {urldefrag(urljoin(url, link)).url for link in Page(answer).links} - pages.keys() - set(queue)
        queue += [each for each in found if each.startswith("/admin/") and not (urlsplit(url).query and "?" in each)]
    return pages


@pytest.mark.parametrize("who", TEAM)
def test_no_page_names_another_organization(salon, client, walls, who):
    client.force_login(getattr(salon, who))
    pages = crawl(client)
    assert {url for url, text in pages.items() if "Clinic" in text or "clinic.example" in text} == set()
    assert {f"/admin/{page}/" for page in VISIBLE} <= pages.keys()
    assert any("Salon client" in text for text in pages.values())


def test_operators_see_every_organization(salon, operator, client):
    client.force_login(operator)
    for page in VISIBLE:
        text = client.get(f"/admin/{page}/").content.decode()
        assert "Clinic" in text, page
        assert "Salon" in text, page


@pytest.mark.parametrize("who", TEAM)
def test_lists_hold_the_rows_in_scope(salon, client, walls, who):
    client.force_login(getattr(salon, who))
    for page, rows in VISIBLE.items():
        changelist = client.get(f"/admin/{page}/").context["cl"]
        assert set(changelist.result_list) == {getattr(salon, name) for name in rows[who]}, page
        assert "organization" not in changelist.list_display


@pytest.mark.parametrize("who", TEAM)
def test_a_row_out_of_scope_answers_like_one_that_never_was(salon, clinic, client, without_row_security, who):
    client.force_login(getattr(salon, who))
    for page, rows in VISIBLE.items():
        foreign = getattr(clinic, rows["admin"][0]).pk
        for rest in ("change", "history", "delete"):
            for send in (client.get, client.post):
                answers = [send(f"/admin/{page}/{pk}/{rest}/") for pk in (foreign, 2**62)]
                told = [[answer.status_code, answer.get("Location"), sorted(answer.cookies)] for answer in answers]
                assert told[0] == told[1]
                assert told[0][0] in (302, 403)


@pytest.mark.parametrize("who", TEAM)
def test_suggestions_name_nobody_else(salon, client, walls, who):
    client.force_login(getattr(salon, who))
    asked = 0
    for model, model_admin in admin.site._registry.items():
        for field in model_admin.autocomplete_fields:
            where = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}
            answer = client.get("/admin/autocomplete/", where)
            assert answer.status_code in (200, 403)
            assert "Clinic" not in answer.content.decode()
            asked += 1
    assert asked == 13


@pytest.mark.parametrize(
    "where",
    [
        {"app_label": "accounts", "model_name": "user", "field_name": "created_by"},
        {"app_label": "accounts", "model_name": "token", "field_name": "user"},
        {"app_label": "appointments", "model_name": "appointment", "field_name": "cancelled_by"},
        {"app_label": "services", "model_name": "servicestaff", "field_name": "staff"},
        {"app_label": "admin", "model_name": "logentry", "field_name": "user"},
        {"app_label": "nowhere", "model_name": "user", "field_name": "organization"},
        {},
    ],
)
def test_no_other_column_is_suggested(salon, client, where):
    client.force_login(salon.admin)
    assert client.get("/admin/autocomplete/", where).status_code == 403


def test_staff_get_no_suggestions_where_they_may_not_write(salon, client):
    client.force_login(salon.staff)
    where = {"app_label": "services", "model_name": "service", "field_name": "staff"}
    assert client.get("/admin/autocomplete/", where).status_code == 403


def test_filters_name_own_staff_only(salon, client, walls):
    client.force_login(salon.manager)
    for page in ("appointments/appointment", "appointments/workinghours", "appointments/timeoff"):
        (spec,) = [each for each in client.get(f"/admin/{page}/").context["cl"].filter_specs if each.title == "staff"]
        assert [name for _, name in spec.lookup_choices] == [
            "Salon admin",
            "Salon colleague",
            "Salon manager",
            "Salon staff",
        ]


def test_only_operators_filter_by_organization(salon, clinic, operator, client):
    url, query = "/admin/accounts/user/", {"organization__id__exact": salon.organization.pk}
    client.force_login(salon.admin)
    assert client.get(url, query).status_code == 400
    client.force_login(operator)
    assert set(client.get(url, query).context["cl"].result_list) == {getattr(salon, name) for name in EVERYBODY}


def test_a_history_shows_what_members_did_and_not_what_operators_did(salon, operator, client, walls):
    url = f"/admin/accounts/user/{salon.client.pk}"
    client.force_login(operator)
    submit(client, f"{url}/change/", phone="1")
    client.force_login(salon.admin)
    submit(client, f"{url}/change/", name="Renamed")
    history = client.get(f"{url}/history/")
    assert [entry.user for entry in history.context["action_list"]] == [salon.admin]
    assert operator.email not in history.content.decode()
    client.force_login(operator)
    assert [entry.user for entry in client.get(f"{url}/history/").context["action_list"]] == [operator, salon.admin]


def test_nothing_of_another_organization_is_written(salon, clinic, client, walls):
    client.force_login(salon.admin)
    before = {model: list(model.objects.order_by("pk").values()) for model in (User, TimeOff)}
    for url in (f"/admin/accounts/user/{clinic.client.pk}", f"/admin/appointments/timeoff/{clinic.time_off.pk}"):
        for rest in ("change", "delete"):
            client.post(f"{url}/{rest}/", {"post": "yes", "name": "X", "email": "x@x.example", "reason": "X"})
    added = {"starts_at_0": "2027-01-11", "starts_at_1": "9:00", "ends_at_0": "2027-01-11", "ends_at_1": "9:30"}
    crafted = added | {"staff": clinic.staff.pk, "organization": clinic.organization.pk}
    assert client.post("/admin/appointments/timeoff/add/", crafted).status_code == 200
    assert {model: list(model.objects.order_by("pk").values()) for model in before} == before
