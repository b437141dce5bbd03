"""What each role sees in the admin, with all walls up and with the first one alone."""

import re
from collections import Counter
from datetime import timedelta
from functools import cache
from html import unescape
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from accounts.models import Token, User
from appointments.models import Appointment, TimeOff
from appointments.tests.factories import AppointmentFactory, TimeOffFactory
from clientline.tests.pages import fill_in, judge, see
from payments.tests.factories import PaymentFactory, RefundFactory
from services.models import Service, ServiceStaff

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
    """Where the first wall stands alone, nothing hides a hole in it; with all walls up, nothing else may break."""
    if request.param == "the first wall alone":
        request.getfixturevalue("without_row_security")


SECRETS = re.compile(r"Clinic|clinic\.example|7,?000,?\d\d\d|555-0199")
ARGUMENTS = ("staff", "client", "service", "appointment", "organization", "duplicate", "user")


@pytest.fixture
def busy(salon, clinic):
    """Both have something of everything today; every sum in which the clinic's money were would show it."""
    for cast, amount in ((salon, "45.00"), (clinic, "7000000.00")):
        cast.today = visit_today(cast, amount)
        cast.taken = PaymentFactory(appointment=cast.today, amount=amount, completed=True)
        cast.refund = RefundFactory(payment=cast.taken, reason=f"{cast.organization.name} apologizes")
        now = timezone.now()
        cast.closure = TimeOffFactory(
            staff=None,
            organization=cast.organization,
            starts_at=now,
            ends_at=now + timedelta(hours=1),
            reason=f"{cast.organization.name} closes",
        )
    User.objects.filter(organization=clinic.organization).update(phone="555-0199")


def visit_today(cast, price):
    name, starts = cast.organization.name, timezone.localtime(timezone=cast.organization.zone).replace(hour=12)
    return AppointmentFactory(
        client=cast.client,
        staff=cast.staff,
        service=cast.service,
        appointment_date=starts,
        price=price,
        status="completed",
        notes=f"{name} note",
        internal_notes=f"{name} secret",
    )


def opened(client, url):
    answer = client.get(url)
    assert answer.status_code < 500, url
    return answer, b"".join(answer).decode()


LINK = re.compile(r'<a\s[^>]*?\bhref="([^"]*)"')


def list_links(url, text):
    """Where a page leads to, as `Page` reads it, which reads all that forms have, too."""
    for link in map(unescape, dict.fromkeys(LINK.findall(text))):
        yield (link if link.startswith("/") else urljoin(url, link)).partition("#")[0]


@cache
def shape(url):
    """Addresses of one shape differ only in the values of their query: one of them is enough."""
    parts = urlsplit(url)
    return parts.path, tuple(sorted(dict(parse_qsl(parts.query))))


@cache
def kind(url):
    """Addresses of one kind are pages about different rows."""
    path, names = shape(url)
    return re.sub(r"\d+", "0", path), names


@cache
def is_of_django(url):
    """Whether a list is asked for by Django's own filters and sortings alone, which read only its queryset."""
    names = dict(parse_qsl(urlsplit(url).query))
    return bool(names) and all(name == "o" or name.endswith(("__exact", "__isnull")) for name in names)


# The one list of which the crawl follows those, too.
FILTERED = "/admin/appointments/appointment/"


def crawl(client, *, most=1):
    """(url, text) of every page reached by links from the index: `most` of each kind, and links with a query only from
    pages without one.
    """
    queue, known, kinds = ["/admin/"], {shape("/admin/")}, Counter()
    while queue:
        url = queue.pop()
        answer, text = opened(client, url)
        assert answer.status_code in (200, 302), url
        yield url, text
        if answer.streaming:
            continue  # a file, which has no links
        for found in list_links(url, text):
            asks_too_much = "?" in found and urlsplit(url).query
            asks_again = most == 1 and is_of_django(found) and not found.startswith(FILTERED)
            if found.startswith("/admin/") and shape(found) not in known and not (asks_too_much or asks_again):
                known.add(shape(found))
                kinds[kind(found)] += 1
                queue += [found] if kinds[kind(found)] <= most else []


def patterns(resolver=None, prefix="/admin/"):
    """(name, address with parameters left open) of every page of the admin."""
    for each in resolver or admin.site.get_urls():
        route = re.sub(r"<\w+:(\w+)>", "{}", str(each.pattern))
        if hasattr(each, "url_patterns"):
            yield from patterns(each.url_patterns, prefix + route)
        elif each.name and not route.startswith("^"):  # what is left over, and where a row's or an app's address leads
            yield each.name, prefix + route


def rows_of(cast):
    """The cast's rows by the beginning of their pages' names, and the organization for all other pages."""
    models = {
        f"{row._meta.app_label}_{row._meta.model_name}_": row.pk for row in vars(cast).values() if hasattr(row, "pk")
    }
    return models | {"": cast.organization.pk}


def addresses(cast):
    """Every page of the admin, with the cast's rows."""
    rows = rows_of(cast)
    for name, route in patterns():
        model = next(each for each in sorted(rows, reverse=True) if name.startswith(each))
        yield route.format(*[rows[model]] * route.count("{}"))


def texts(client, urls):
    return {url: opened(client, url)[1] for url in urls if not url.startswith("/admin/logout/")}


# Of rows, by views of Django's own that read nothing of their address: `test_a_row_out_of_scope_answers_…` asks them.
DJANGOS = ("/history/", "/delete/")

# With all walls up, row security would hide most of what these look for; all other tests of the admin have them up.
BARE_FIRST = pytest.mark.parametrize(
    "walls", [pytest.param("all walls", marks=pytest.mark.whole), "the first wall alone"], indirect=True
)


# Of what an admin sees, others see parts: in the gate test_lists_hold_the_rows_in_scope says which, and the tests below
# that no page of staff's own, and no address of a row of elsewhere, names anybody else.
LESSER = [pytest.param(role, marks=pytest.mark.whole) for role in ("manager", "staff")]


@pytest.mark.sweep
@BARE_FIRST
@pytest.mark.parametrize("who", ["admin", *LESSER])
def test_no_page_names_another_organization(salon, busy, client, walls, who, everything):
    """A page of each kind, lists filtered and sorted, and the pages to which no link leads. With --all, all pages."""
    client.force_login(getattr(salon, who))
    pages = dict(crawl(client, most=1000 if everything else 1))
    linked = {kind(url)[0] for url in pages}
    pages |= texts(client, (url for url in addresses(salon) if kind(url)[0] not in linked))
    assert {url: SECRETS.search(text) for url, text in pages.items() if SECRETS.search(text)} == {}
    assert {f"/admin/{page}/" for page in VISIBLE} <= pages.keys()
    assert any("Salon client" in text for text in pages.values())


@BARE_FIRST
def test_what_is_drawn_otherwise_for_staff_names_no_other_organization_either(salon, busy, client, walls):
    client.force_login(salon.staff)
    pages = texts(client, ["/admin/", "/admin/?as_board=1", "/admin/week/", "/admin/day-sheet/", "/admin/owing/"])
    assert {url: SECRETS.search(text) for url, text in pages.items() if SECRETS.search(text)} == {}
    assert all("Salon client" in text for url, text in pages.items() if url != "/admin/owing/")


@pytest.mark.sweep
@BARE_FIRST
@pytest.mark.parametrize("who", TEAM)
def test_no_address_of_another_organizations_rows_names_it(salon, clinic, busy, client, walls, share, who):
    client.force_login(getattr(salon, who))
    query = urlencode({name: getattr(clinic, name, clinic.client).pk for name in ARGUMENTS} | {"q": "c", "_popup": 1})
    known = sorted(f"{url}?{query}" for url in addresses(clinic) if not url.endswith(DJANGOS))
    told = texts(client, share(known))
    assert len(known) > 100
    assert {url: SECRETS.search(text) for url, text in told.items() if SECRETS.search(text)} == {}


@pytest.mark.sweep
def test_the_clinics_own_pages_do_name_it(clinic, busy, client):
    """What the two tests above look for is there to be found."""
    client.force_login(clinic.admin)
    missing = {"Clinic", "clinic.example", "7,000,000", "555-0199"}
    assert any(not missing.difference_update(SECRETS.findall(text)) and not missing for _, text in crawl(client))


@pytest.mark.sweep
def test_operators_see_every_organization(salon, clinic, operator, client):
    client.force_login(operator)
    for page, rows in VISIBLE.items():
        listed = see(client, f"/admin/{page}/")["cl"].result_list
        assert {getattr(cast, name) for cast in (salon, clinic) for name in rows["admin"]} <= set(listed), page


# A manager's scopes are an admin's: test_filters_name_own_staff_only asks lists by a manager, test_policy by each role.
@pytest.mark.sweep
@BARE_FIRST
@pytest.mark.parametrize("who", ["admin", pytest.param("manager", marks=pytest.mark.whole), "staff"])
def test_lists_hold_the_rows_in_scope(salon, client, walls, who):
    client.force_login(getattr(salon, who))
    for page, rows in VISIBLE.items():
        changelist = see(client, f"/admin/{page}/")["cl"]
        assert set(changelist.result_list) == {getattr(salon, name) for name in rows[who]}, page
        assert "organization" not in changelist.list_display


@pytest.mark.sweep
@pytest.mark.parametrize("who", TEAM)
def test_a_row_out_of_scope_answers_like_one_that_never_was(salon, clinic, client, without_row_security, who, share):
    """Each page asked by one of them; `test_lists_hold_the_rows_in_scope` has what each may reach."""
    client.force_login(getattr(salon, who))
    for page, rows in share(VISIBLE.items()):
        foreign = getattr(clinic, rows["admin"][0]).pk
        for rest in ("change", "history", "delete"):
            for send in (client.get,) if rest == "history" else (client.get, client.post):
                answers = [send(f"/admin/{page}/{pk}/{rest}/") for pk in (foreign, 2**62)]
                told = [[answer.status_code, answer.get("Location"), sorted(answer.cookies)] for answer in answers]
                assert told[0] == told[1]
                assert told[0][0] in (302, 403)


def suggestions(model, field):
    return {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field}


@pytest.mark.sweep
@BARE_FIRST
@pytest.mark.parametrize("who", TEAM)
def test_suggestions_name_nobody_else(salon, client, walls, share, who):
    """Each field asked by one of them: one view answers for all."""
    client.force_login(getattr(salon, who))
    admin.autodiscover()  # a worker may have served no page yet
    known = [(model, field) for model, each in admin.site._registry.items() for field in each.autocomplete_fields]
    assert len(known) == 17
    for model, field in share(known):
        answer = client.get("/admin/autocomplete/", suggestions(model, field))
        assert answer.status_code in (200, 403), (model, field)
        assert "Clinic" not in answer.content.decode(), (model, field)


@pytest.mark.sweep
def test_no_other_column_is_suggested(salon, client):
    client.force_login(salon.admin)
    columns = [
        (User, "created_by"),
        (Token, "user"),
        (Appointment, "cancelled_by"),
        (ServiceStaff, "staff"),
        (LogEntry, "user"),
    ]
    nowhere = {"app_label": "nowhere", "model_name": "user", "field_name": "organization"}
    for where in (*(suggestions(*column) for column in columns), nowhere, {}):
        assert client.get("/admin/autocomplete/", where).status_code == 403, where


def test_staff_get_no_suggestions_where_they_may_not_write(salon, client):
    client.force_login(salon.staff)
    assert client.get("/admin/autocomplete/", suggestions(Service, "staff")).status_code == 403


@BARE_FIRST
def test_filters_name_own_staff_only(salon, client, walls):
    client.force_login(salon.manager)
    for page in ("appointments/appointment", "appointments/workinghours", "appointments/timeoff"):
        (spec,) = [each for each in see(client, f"/admin/{page}/")["cl"].filter_specs if each.title == "staff"]
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
    assert set(see(client, url, query)["cl"].result_list) == {getattr(salon, name) for name in EVERYBODY}


@pytest.mark.sweep
@BARE_FIRST
def test_a_history_shows_what_members_did_and_not_what_operators_did(salon, operator, client, walls):
    url = f"/admin/accounts/user/{salon.client.pk}"
    client.force_login(operator)
    assert fill_in(client, f"{url}/change/", phone="1").status_code == 302
    client.force_login(salon.admin)
    assert fill_in(client, f"{url}/change/", name="Renamed").status_code == 302
    history = client.get(f"{url}/history/")
    assert [entry.user for entry in history.context["action_list"]] == [salon.admin]
    assert operator.email not in history.content.decode()
    client.force_login(operator)
    assert [entry.user for entry in see(client, f"{url}/history/")["action_list"]] == [operator, salon.admin]


@BARE_FIRST
def test_nothing_of_another_organization_is_written(salon, clinic, client, walls):
    client.force_login(salon.admin)
    before = {model: list(model.objects.order_by("pk").values()) for model in (User, TimeOff)}
    for url in (f"/admin/accounts/user/{clinic.client.pk}", f"/admin/appointments/timeoff/{clinic.time_off.pk}"):
        for rest in ("change", "delete"):
            client.post(f"{url}/{rest}/", {"post": "yes", "name": "X", "email": "x@x.example", "reason": "X"})
    added = {"starts_at_0": "2027-01-11", "starts_at_1": "9:00", "ends_at_0": "2027-01-11", "ends_at_1": "9:30"}
    crafted = added | {"staff": clinic.staff.pk, "organization": clinic.organization.pk}
    assert judge(client, "/admin/appointments/timeoff/add/", **crafted).status_code == 200
    assert {model: list(model.objects.order_by("pk").values()) for model in before} == before
