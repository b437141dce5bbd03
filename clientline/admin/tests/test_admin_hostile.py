"""Nonsense in addresses and forms of the admin is answered, never with a 500, and never saved."""

from itertools import cycle, islice, product

import pytest
from django.apps import apps
from django.db import connection

from clientline.admin.tests.test_admin_isolation import VISIBLE
from clientline.tests.pages import Page

pytestmark = pytest.mark.sweep

PAGES = list(VISIBLE)
CHANGELIST = {
    "_changelist_filters=x": 400,
    "client=%00": 400,
    "p=abc": 200,
    "p=-1": 200,
    "p=9999999999999999999999": 200,
    "o=zzz": 200,
    "o=-": 200,
    f"o={'9' * 5000}": 200,
    f"q={'x' * 5000}": 200,
    f"q={'a+' * 2050}": 200,  # more words than the server's limit for an address lets in
    "q=%27%22%5C%25_%ED%A0%80": 200,
    "e=1": 200,
    "all=": 200,
    "_facets=True": 200,
    "_popup=1": 200,
    "_to_field=id": 200,
    "_to_field=nonsense": 400,
    "day=nonsense": None,
    "status__exact=nonsense": None,
    "is_active__exact=nonsense": None,
    "staff__id__exact=abc": None,
    "staff__id__exact=99999999999999999999": None,
    "staff__id__exact=": None,
    "staff__isnull=nonsense": None,
    "a=1&" * 1100: 400,
}
IDS = [
    "99999999999999999999",
    "9" * 4400,  # more digits than Python reads, in each field of the largest form
    "-1",
    "0",
    "1.5",
    "1e3",
    "abc",
    "None",
    "_",
    "_5F_",
    "%20",
    "%ff",
    "%E2%80%A9",
    "..%2f..",
    "a/b",
    "'",
]
VALUES = [
    "abc",
    "",
    "\0",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "-1",
    "9" * 4400,  # more digits than Python reads, in each field of the largest form
    "1e400",
    "[]",
    ["1", "abc"],
]


@pytest.fixture
def quiet(client):
    """The client answers 500 where it would raise, so that every answer can be compared."""
    client.raise_request_exception = False
    return client


def test_nonsense_in_the_address_of_a_list(salon, quiet, share):
    quiet.force_login(salon.admin)
    for place, (query, expected) in enumerate(CHANGELIST.items()):
        for page in share(["accounts/user", "appointments/timeoff", "appointments/appointment"], place):
            status = quiet.get(f"/admin/{page}/?{query}").status_code
            assert status in ([expected] if expected else (200, 302, 400)), (page, query, status)


def test_nonsense_for_an_id(salon, quiet, share):
    """Each is sent to a change, and to one of the other pages of a row."""
    quiet.force_login(salon.admin)
    for place, pk in enumerate(IDS):
        others = share(["history/", "delete/", ""], place)
        for page, rest in product(share(["accounts/user", "appointments/timeoff", "payments/payment"], place), others):
            urls = (f"/admin/{page}/{pk}/change/", f"/admin/{page}/{pk}/{rest}")
            told = [quiet.get(urls[0]).status_code, *(quiet.post(url).status_code for url in urls)]
            assert set(told) <= {302, 403, 404}, (page, pk, rest, told)


def test_an_id_with_nul_is_refused(salon, quiet):
    quiet.force_login(salon.admin)
    assert quiet.get("/admin/accounts/user/1%00/change/").status_code == 400


def test_nonsense_in_the_address_of_a_form_fills_in_nothing(salon, quiet, share):
    queries = ("client=%ff", "client=abc", "starts_at=nonsense", "organization=1", "_popup=%ff")
    quiet.force_login(salon.manager)
    for place, query in enumerate([*queries, "_changelist_filters=%ff%26%3d=("]):
        for page in share(["appointments/appointment", "appointments/timeoff", "payments/payment"], place):
            answer = quiet.get(f"/admin/{page}/add/?{query}")
            assert answer.status_code == 200, (page, query)
            fields = {name: value for name, value in Page(answer).fields.items() if name in ("client", "starts_at_0")}
            assert fields in ({}, {"client": [""]}, {"starts_at_0": [""]}), (page, query)


def counts():
    """How many rows there are of each model, asked at once."""
    models = [model for model in apps.get_models() if model._meta.app_label != "sessions"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"(SELECT count(*) FROM {model._meta.db_table})" for model in models))
        return dict(zip(models, cursor.fetchone(), strict=True))


def nonsense(fields, turn):
    """Another value in each field: in one turn a form has all that it has fields for, after all turns each field."""
    return dict(zip(fields, islice(cycle(VALUES), turn, None), strict=False))


@pytest.fixture
def turns(everything):
    """`turns(place)`: of the values of a form the one whose turn it is, with --all each."""
    return lambda place: range(len(VALUES)) if everything else [place]


def test_nonsense_in_a_form_is_said_and_not_saved(salon, operator, quiet, turns):
    quiet.force_login(operator)  # whose forms have every field
    before = counts()
    for place, page in enumerate(PAGES):
        fields = Page(quiet.get(f"/admin/{page}/add/")).fields
        for turn in turns(place):
            answer = quiet.post(f"/admin/{page}/add/", nonsense(fields, turn))
            assert (page, turn, answer.status_code) == (page, turn, 200)
            assert Page(answer).errors, (page, turn)
    assert counts() == before


def test_nonsense_for_the_present_row_is_answered(salon, quiet, turns):
    quiet.force_login(salon.admin)
    for place, page in enumerate(PAGES):
        url = f"/admin/{page}/{getattr(salon, VISIBLE[page]['admin'][0]).pk}/change/"
        fields = Page(quiet.get(url)).fields
        for turn in turns(place):
            assert quiet.post(url, nonsense(fields, turn)).status_code in (200, 302, 403), (page, turn)


def test_actions_do_nothing(salon, clinic, quiet, share):
    quiet.force_login(salon.admin)
    before = counts()
    for place, selected in enumerate((clinic.visit.pk, "abc", "9" * 30, "\0")):
        for page in share(PAGES, place) if place else PAGES:
            sent = {"action": "delete_selected", "_selected_action": [selected], "post": "yes", "index": "abc"}
            assert quiet.post(f"/admin/{page}/", sent).status_code in (200, 302)
    assert counts() == before


SUGGESTIONS = {
    "term=%00": 400,
    f"term={'x' * 5000}": 200,
    "term=%ff%27": 200,
    "page=abc": 404,
    "page=0": 404,
    "page=99999999999999999999": 404,
}


def test_nonsense_in_suggestions(salon, quiet):
    quiet.force_login(salon.admin)
    url = "/admin/autocomplete/?app_label=appointments&model_name=appointment&field_name=client"
    assert {query: quiet.get(f"{url}&{query}").status_code for query in SUGGESTIONS} == SUGGESTIONS


OTHER_ADDRESSES = {
    "/admin": 302,
    "/admin/accounts/user": 404,
    "/admin/nothing/": 404,
    "/admin/auth/group/": 404,
    "/admin/accounts/token/": 404,
    "/admin/r/1/1/": 404,
    "/admin/r/2/2/": 404,  # a permission of Django's, of which requests may know nothing
    "/admin/r/abc/def/": 404,
    "/admin/r/99999999999999999999/1/": 404,
    "/admin/jsi18n/": 200,
}


def test_other_addresses(salon, quiet):
    quiet.force_login(salon.admin)
    assert {path: quiet.get(path).status_code for path in OTHER_ADDRESSES} == OTHER_ADDRESSES


def test_admin_without_a_slash_leads_to_the_admin(db, client):
    assert client.get("/admin")["Location"] == "/admin/"


def test_nonsense_at_the_door(salon, quiet):
    for value in ("\0", "9" * 5000, "x@" + "y" * 300, "'"):
        answer = quiet.post("/admin/login/", {"username": value, "password": value, "next": value})
        assert answer.status_code == 200, ascii(value)
        assert answer.context["form"].errors, ascii(value)
