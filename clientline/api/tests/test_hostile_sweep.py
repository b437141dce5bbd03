"""What breaks plain Django, by cause and role, sent to every endpoint, method and admin page that the resolver knows.

The answers are an organization's admin's, who may do the most there; others may be refused for what they are.

Left to tests of their own are causes that take two requests at once: `appointments/tests/test_races.py`,
`organizations/tests/test_last_admin.py`.
"""

import re
from contextlib import nullcontext
from functools import cache

import pytest
from django.urls import URLPattern, get_resolver
from django.views.generic import RedirectView
from rest_framework.views import APIView

from clientline.admin.tests.test_admin_hostile import counts
from clientline.admin.tests.test_admin_isolation import VISIBLE
from clientline.api.parsers import StrictJSONParser
from clientline.reach.models import MessageRule, MessageText
from clientline.reach.webhooks.tests.rows import add_webhook
from clientline.tests.pages import Page
from clientline.tests.problems import problem
from clientline.tests.rehearsals import undone
from clientline.tests.test_documentation import ROWS
from organizations.models import Audit

pytestmark = pytest.mark.sweep

GUESTS = ("/b/", "/b-colors/", "/b-logos/", "/v/", "/u/")  # clientline/reach/tests/test_hostile_guests.py
METHODS = ("get", "post", "put", "patch", "delete")
WRITES = {"post", "put", "patch"}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
FAR = b'{"appointment_date": "9999-12-31T23:59:59Z", "starts_at": "9999-12-31T23:59:59Z", "date": "9999-12-31"}'
# cause → body, which the fields of an endpoint refuse
BODIES = {
    "half an id": b'{"client": 1.5, "service": 1.5, "appointment": 1.5}',
    "an id beyond bigint": b'{"client": 9223372036854775808, "amount": 9223372036854775808}',
    "the end of time": FAR,
    "an unknown key": b'{"__class__": {}}',
}
# cause → body, its type, the answer of the one reader of all bodies, and of what stands before it
UNREADABLE = {
    "an infinite id": (b'{"client": 1e400}', JSON, 400),
    "100,000 brackets": (b"[" * 100_000, JSON, 400),
    "half a character": (b'{"status": "\\ud800", "role": "\\ud800"}', JSON, 400),
    "a NUL": (b'{"notes": "\\u0000"}', JSON, 400),
    "a form": (b"notes=null", FORM, 415),
    "a list": (b"[]", JSON, 400),
    "null": (b"null", JSON, 400),
    "a text": (b'"x"', JSON, 400),
    "another charset": (b"{}", f"{JSON}; charset=utf-16", 415),
    "too much": (b'{"notes": "' + b"x" * 300_000 + b'"}', JSON, 413),
}
FURTHER_ROWS = {"/message-rules": "message_rule", "/message-texts": "message_text"}
REFUSALS = {400, 401, 403, 404, 405, 409, 413, 415}
# These answer before they read a body, or read none.
ANSWERED_BEFORE = {
    "/auth/logout": 204,
    "/organizations": 403,
    "/messages/1/send-again": 404,
    "/messages/notices/twilio/1": 404,
    "/payments/callbacks/x": 404,
    "/payments/simulator/x": 404,
}
# cause → query, which every list refuses
QUERIES = {
    "a part of a date": "created_at__year=0",
    "a part of a date beyond all dates": "appointment_date__year=1e30",
    "a regular expression": "notes__regex=(",
    "a crafted cursor": "cursor=WyJpZCIsZmFsc2UsMWU0MDBd",
    "an endless page": f"limit=1{'0' * 23}",
    "the end of time": "from=9999-12-31&to=9999-12-31&start_from=9999-12-31T23:59:59Z",
    "an id beyond bigint": f"staff={2**63}&client={2**63}&service={2**63}&appointment={2**63}",
}
NUL = ({"QUERY_STRING": "search=%00"}, {"HTTP_COOKIE": 'clientline_session="\\000"'})
# cause → query of an admin list, which finds nothing out and breaks nothing
CHANGELISTS = {
    "a regular expression": "notes__regex=(",
    "a guess at a password": "password__startswith=s",
    "a guess at somebody else's password": "client__password__startswith=s",
    "the last year": "created_at__year=9999",
    "a month of the last year": "appointment_date__year=9999&appointment_date__month=13",
}
PARAMETERS = ("client", "staff", "service", "appointment", "organization", "day", "week", "date", "from", "to", "at")
READ_NONE = ("/history/", "/delete/", "/change/")  # of each row, by views of Django's own
SENT_ELSEWHERE = ("/add/", "/logout/", *READ_NONE)
# For each parameter of a page, and for each field of its form.
ODD = {
    "the end of time": ("9999-12-31", "9999-12-31"),
    "the first day, a NUL": ("0001-01-01", "\0"),
    "digits without end": ("9" * 30, "9" * 5000),
}


def walk(patterns, prefix="/"):
    for each in patterns:
        path = prefix + str(each.pattern)
        if isinstance(each, URLPattern):
            yield path, each.callback
        else:
            yield from walk(each.url_patterns, path)


@cache
def routes(admin):
    """Every path of the API, or of the admin, with its view, unless it only redirects."""
    return [
        (path, view)
        for path, view in walk(get_resolver().url_patterns)
        if "(?P" not in path
        and getattr(view, "view_class", None) is not RedirectView
        and path.startswith("/admin/") == admin
        and not path.startswith(GUESTS)
    ]


def methods(view):
    """The methods that a viewset's route or a view's class has."""
    kind = getattr(view, "cls", None) or view.view_class
    offered = getattr(view, "actions", None) or dir(kind)
    return [method for method in METHODS if method in offered and method in kind.http_method_names]


def filled(path, row):
    """The path with the row's id where one belongs, and x for any other name."""
    path = re.sub(r"<\w*:?(?:pk|payment|object_id)>", str(row.pk) if row else "1", path)
    return re.sub(r"<int:\w+>", "1", re.sub(r"<(?!int:)[^>]*>", "x", path))


def endpoints(cast):
    """Every (method, path, view) of the API; ids are those of the cast."""
    for path, view in routes(admin=False):
        row = (ROWS | FURTHER_ROWS).get("/" + path.split("/")[1])
        path = path.replace("<id:webhook>", str(cast.webhook.pk))
        row = "delivery" if "/deliveries/" in path else row
        for method in methods(view):
            yield method, filled(path, row and getattr(cast, row)), view


def pages(cast):
    """The address of every page of the admin; ids are those of the cast."""
    for path, _ in routes(admin=True):
        model = "/".join(path.split("/")[2:4])
        yield filled(path, getattr(cast, VISIBLE[model]["admin"][0]) if model in VISIBLE else None)


def rows():
    """How many rows there are of each model; a refusal that is audited is the only thing a refusal leaves."""
    return counts() | {Audit: None}


@pytest.fixture
def salon(salon):
    told = {"organization": salon.organization}
    salon.message_rule = MessageRule.objects.create(**told, minutes_before=60)
    salon.message_text = MessageText.objects.create(**told, kind="reminder", subject="Soon", body="See you soon")
    return add_webhook(salon)


@pytest.fixture(params=["admin", "manager", "staff", "client", "operator", "nobody"])
def role(request):
    """Who asks the API; nobody has no token."""
    return request.param


@pytest.fixture(params=["admin", "manager", "staff", "operator"])
def reader(request):
    """Who is signed in to the admin."""
    return request.param


@pytest.fixture
def asked(salon, share):
    """The addresses of the admin's pages whose turn it is: of an admin's three cases each asks a third of them."""
    return share(pages(salon))


def person(salon, operator, role):
    return operator if role == "operator" else getattr(salon, role, None)


def accepted(role, *statuses):
    """The answers that this role may get where an organization's admin gets one of these."""
    return {*statuses} if role == "admin" else {*statuses, *REFUSALS}


@pytest.fixture
def send(salon, operator, api, role):
    """`send(method, path, body)` as the role, which stays signed in; a 500 is answered, not raised."""
    client = api(person(salon, operator, role))
    client.raise_request_exception = False

    def send(method, path, body=b"", content_type=JSON, **environ):
        with undone() if path == "/auth/logout" else nullcontext():
            return client.generic(method.upper(), path, body, content_type, **environ)

    return send


@pytest.fixture
def browse(salon, operator, client, reader):
    """`browse(method, path, data)` as the reader; what it changes is undone, as some forms take any value."""
    client.force_login(person(salon, operator, reader))
    client.raise_request_exception = False

    def browse(method, path, *data, **environ):
        with undone():
            return getattr(client, method)(path, *data, **environ)

    return browse


@pytest.fixture
def fewer(share, role):
    """`fewer(values)`: those whose turn it is, of an admin's a third, and a third of those of anybody else's.

    For what is refused before it matters who asks. A second argument says whose turn it is, as in `share`.
    """
    return share if role == "admin" else lambda values, *place: share(share(values, *place), *place)


def is_list(view):
    return getattr(view, "actions", {}).get("get") == "list"


# The API


def list_writes(cast):
    return [(method, path) for method, path, _ in endpoints(cast) if method in WRITES]


def assert_is_refused(answer, role, expected, asked):
    assert answer.status_code in accepted(role, expected), (*asked, answer.status_code)
    assert answer.status_code < 400 or problem(answer)


@pytest.mark.pairs("admin")
@pytest.mark.parametrize("cause", BODIES)
def test_every_endpoint_refuses_the_body(salon, send, fewer, role, cause):
    before = rows()
    for method, path in fewer(list_writes(salon)):
        answer = send(method, path, BODIES[cause])
        assert_is_refused(answer, role, ANSWERED_BEFORE.get(path, 400), (method, path))
    assert rows() == before


@pytest.mark.only("admin")  # who asks cannot matter: every endpoint has the same reader, as the next test says
def test_every_endpoint_refuses_a_body_that_cannot_be_read(salon, send, share, role, everything):
    before, writes = rows(), list_writes(salon)
    for place, (cause, (body, content_type, status)) in enumerate(UNREADABLE.items()):
        for method, path in writes if everything else writes[place :: len(UNREADABLE)]:
            expected = status if status == 413 else ANSWERED_BEFORE.get(path, status)
            assert_is_refused(send(method, path, body, content_type), role, expected, (cause, method, path))
    assert rows() == before


def test_every_endpoint_has_the_same_reader_of_bodies():
    views = {path: view.cls for path, view in routes(admin=False) if hasattr(view, "cls")}
    others = {path for path, view in views.items() if view.parser_classes != [StrictJSONParser]}
    others |= {path for path, view in views.items() if view.get_parsers is not APIView.get_parsers}
    assert (len(views) > 80, others) == (True, set())


def list_reads(cast, *, lists):
    return [path for method, path, view in endpoints(cast) if method == "get" and is_list(view) == lists]


def test_every_list_refuses_the_query(salon, send, fewer, role):
    for place, query in enumerate(QUERIES.values()):
        for path in fewer(list_reads(salon, lists=True), place):
            assert_is_refused(send("get", f"{path}?{query}"), role, 400, (path, query))


@pytest.mark.only("admin")  # others ask the lists, above
def test_odd_queries_break_nothing_that_is_no_list(salon, send, role, everything):
    """But for the document of the API, which is made without its query, and takes long to make."""
    paths = [path for path in list_reads(salon, lists=False) if path != "/openapi.json"]
    for query in QUERIES.values() if everything else ["&".join(QUERIES.values())]:
        for path in paths:
            answer = send("get", f"{path}?{query}")
            assert answer.status_code in accepted(role, 200, 400, 404), (path, answer.status_code)
            assert answer.status_code == 200 or problem(answer)


@pytest.mark.only("admin")  # it is refused before anybody asks who sent it
def test_every_endpoint_refuses_a_nul(salon, share, send, role):
    for place, nul in enumerate(NUL):
        for method, path, _ in share(endpoints(salon), place):
            assert (method, path, *problem(send(method, path, **nul))) == (method, path, 400, "validation_error")


@pytest.mark.only("admin")  # by a client in test_a_method_a_path_does_not_have_is_405_for_every_role
def test_every_endpoint_refuses_a_method_that_it_does_not_have(salon, send, share, role):
    offered = {}
    for method, path, view in endpoints(salon):
        if hasattr(view, "cls"):  # the others are pages
            offered.setdefault(path, set()).add(method)
    for place, path in enumerate(share(offered)):
        for method in share(sorted({*METHODS, "trace", "nonsense"} - offered[path]), place):
            answer = problem(send(method, path, b"{}"))
            assert answer[0] in accepted(role, 405), (method, path, answer)


@pytest.mark.whole  # test_rows_in_scope_can_be_destroyed_unless_others_refer_to_them, by each role
def test_no_row_that_others_refer_to_is_deleted(salon, send, role):
    paths = {name: path for path, name in ROWS.items()}
    for row, status in (("organization", 403), ("client", 409), ("service", 409)):
        answer = problem(send("delete", f"{paths[row]}/{getattr(salon, row).pk}"))
        assert answer[0] in accepted(role, status), (row, answer)


# The admin


@pytest.mark.only("admin")  # it is refused before anybody asks who sent it
def test_every_page_refuses_a_nul(asked, browse, share):
    for place, path in enumerate(share(asked)):
        for nul in share(NUL, place % 2):
            assert (path, browse("get", path, **nul).status_code) == (path, 400)
            assert (path, browse("post", path, **nul).status_code) == (path, 400)


@pytest.mark.only("admin")  # one class judges all lists; a manager asks one in test_only_declared_filters_are_obeyed
def test_every_admin_list_refuses_the_query(salon, browse, share, reader):
    for place, query in enumerate(CHANGELISTS.values()):
        for page in share(VISIBLE, place):
            path = f"/admin/{page}/"
            status = browse("get", f"{path}?{query}").status_code
            assert status in accepted(reader, 302, 400), (path, query, status)


@pytest.mark.only("admin", *ODD)  # what others may reach of these pages is in test_admin_isolation
@pytest.mark.parametrize("odd", ODD)
def test_odd_parameters_and_values_break_no_page_of_the_admin(asked, browse, odd, everything):
    """The forms of lists, and those that add and change rows, are sent in test_admin_hostile, and compared there."""
    parameter, value = ODD[odd]
    query = "&".join(f"{name}={parameter}" for name in PARAMETERS)
    for path in asked:
        if not everything and path.endswith(READ_NONE):
            continue
        page = browse("get", f"{path}?{query}")
        assert (path, page.status_code < 500) == (path, True)
        if page.status_code != 400 and not path.endswith(SENT_ELSEWHERE):
            nonsense = {} if page.streaming else dict.fromkeys(Page(page).fields, value)
            assert (path, browse("post", path, nonsense).status_code < 500) == (path, True)
