"""The access table, asked over real requests: every role, action and row."""

import json
from itertools import product
from types import SimpleNamespace

import pytest

from appointments.tests.factories import always_at_work, days_ahead
from clientline.tests.problems import problem
from organizations.tests.further_rows import RECEIVER, add_further

pytestmark = pytest.mark.sweep

SOON = [days_ahead(days, hour=11).isoformat() for days in (10, 11, 12)]  # the cast's visits are at nine

ROLES = ("admin", "manager", "staff", "client", "operator")
COLUMNS = (*ROLES[:-1], "guest", "operator")  # guests have no door here: clientline/reach/tests asks what they may

# resource | actions | admin | manager | staff | client | guest | operator
ACCESS = """
organizations | list, retrieve                          | org | org         | org      | org    | online | all
organizations | update                                  | org | –           | –        | –      | –      | all
organizations | guest_page                              | org | org         | –        | –      | –      | all
organizations | create, destroy                         | –   | –           | –        | –      | –      | all
users         | list, retrieve, balance                 | org | org         | known    | self   | –      | all
users         | create                                  | org | below       | clients  | –      | self   | all
users         | update                                  | org | below, self | self     | self   | –      | all
users         | client_notes                            | org | org         | known    | –      | –      | all
users         | bookable_online                         | org | org         | –        | –      | –      | all
users         | destroy                                 | org | –           | –        | –      | –      | all
users         | import                                  | org | org         | –        | –      | –      | all
users         | export                                  | org | below       | –        | self   | –      | all
users         | erase                                   | org | –           | –        | –      | –      | all
services      | list, retrieve                          | org | org         | org      | active | online | all
services      | create, update, destroy                 | org | org         | –        | –      | –      | all
working_hours | list, retrieve                          | org | org         | org      | –      | –      | all
special_hours | list, retrieve                          | org | org         | org      | –      | –      | all
time_off      | list, retrieve                          | org | org         | org      | –      | –      | all
working_hours | create, update, destroy                 | org | org         | self     | –      | –      | all
special_hours | create, update, destroy                 | org | org         | self     | –      | –      | all
time_off      | create, update, destroy                 | org | org         | self     | –      | –      | all
time_off      | close                                   | org | org         | –        | –      | –      | all
availability  | list                                    | org | org         | org      | org    | online | all
appointments  | list, retrieve                          | org | org         | team     | own    | link   | all
appointments  | create                                  | org | org         | team     | own    | own    | all
appointments  | update, internal_notes, duration, price | org | org         | team     | –      | –      | all
appointments  | history                                 | org | org         | team     | own    | –      | all
appointments  | balance, reschedule, cancel             | org | org         | team     | own    | link   | all
appointments  | complete, no_show, bend_rules           | org | org         | team     | –      | –      | all
appointments  | correct, overbook, waive_fee, reprice   | org | org         | –        | –      | –      | all
appointments  | arrive, change, undo                    | org | org         | team     | –      | –      | all
appointments  | reopen                                  | org | org         | –        | –      | –      | all
appointments  | destroy                                 | –   | –           | –        | –      | –      | –
payments      | list, retrieve                          | org | org         | assigned | own    | –      | all
payments      | receipt                                 | org | org         | assigned | own    | –      | all
payments      | create, complete, fail, give_up         | org | org         | assigned | –      | –      | all
payments      | void                                    | org | org         | taken    | –      | –      | all
payments      | refund                                  | org | org         | –        | –      | –      | all
payments      | destroy                                 | –   | –           | –        | –      | –      | –
feeds         | list, retrieve, create, destroy         | self | self       | self     | self   | –      | self
messages      | list, retrieve, preview                 | org | org         | assigned | own    | –      | all
messages      | send_again                              | org | org         | assigned | –      | –      | all
message_rules | list, retrieve                          | org | org         | org      | –      | –      | all
message_texts | list, retrieve                          | org | org         | org      | –      | –      | all
message_rules | create, update, destroy                 | org | org         | –        | –      | –      | all
message_texts | create, update, destroy                 | org | org         | –        | –      | –      | all
reports       | list, export                            | org | org         | –        | –      | –      | all
webhooks      | list, retrieve                          | org | –           | –        | –      | –      | all
webhooks      | create, update, destroy, rotate         | org | –           | –        | –      | –      | all
webhooks      | test, send_again                        | org | –           | –        | –      | –      | all
audit         | list                                    | org | –           | –        | –      | –      | all
"""

CELLS = {
    (resource, action, role): scope
    for resource, actions, *scopes in (
        [cell.strip() for cell in line.split("|")] for line in ACCESS.strip().splitlines()
    )
    for action in actions.split(", ")
    for role, scope in zip(COLUMNS, scopes, strict=True)
}

# The rows of the cast that each scope holds.
HELD = {
    "organizations": {"org": "organization"},
    "users": {
        "org": "admin manager staff colleague client stranger newcomer",
        "below": "staff colleague client stranger newcomer",
        "below, self": "manager staff colleague client stranger newcomer",
        "known": "staff client newcomer",
    },
    "services": {"org": "service retired", "active": "service"},
    "working_hours": {"org": "working_hours colleagues_working_hours", "self": "working_hours"},
    "special_hours": {"org": "special_hours colleagues_special_hours", "self": "special_hours"},
    "time_off": {"org": "time_off colleagues_time_off closure", "self": "time_off"},
    "appointments": {
        "org": "visit strangers_visit",
        "team": "visit",
        "own": "visit",
    },  # a calendar of the team's: below
    "payments": {"org": "payment strangers_payment", "assigned": "payment", "own": "payment"},
    "webhooks": {"org": "webhook"},
}
PATHS = {name: f"/{name.replace('_', '-')}" for name in HELD}

# Rows that others refer to answer 409 to whoever may destroy them; the other rows vanish.
REFERRED = ("organization", "platform", "admin", "staff", "colleague", "client", "stranger", "service")


@pytest.fixture
def cast(salon, clinic, operator, without_row_security, share):
    """Both organizations with more rows that only some scopes hold; `client` and `newcomer` are known to `staff`.
    Of the two operators, `resident` has the first organization for a home, and still is none of its people.

    Row security is off: it would hide a scope that reaches into the other organization.
    """
    resident = add_further(salon, clinic)
    return SimpleNamespace(home=salon, away=clinic, operator=operator, resident=resident, share=share)


def caller(cast, role):
    return cast.operator if role == "operator" else getattr(cast.home, role)


def rows(cast, resource):
    """All rows of the resource by name: ours, the other organization's as `away.staff`, the operators' own."""
    names = HELD[resource]["org"].split()
    ours = {name: getattr(cast.home, name).pk for name in names}
    theirs = {f"away.{name}": getattr(cast.away, name).pk for name in names}
    operators = {
        "organizations": {"platform": cast.operator.organization_id},
        "users": {"operator": cast.operator.pk, "resident": cast.resident.pk},
    }
    return ours | theirs | operators.get(resource, {})


def is_plain(resource, action, role):
    """Whether the role's scope tells our rows not apart. An admin asks for each of them nevertheless."""
    return role != "admin" and CELLS[resource, action, role] in ("–", "org", "all")


def cells_asked(cast, actions, role):
    """(resource, action), all by an admin and where the scope tells rows apart, else a third."""
    cells = [cell for cell in product(PATHS, actions) if cell != ("payments", "update")]
    plain = [cell for cell in cells if is_plain(*cell, role)]
    left = set(plain) - set(cast.share(plain, ROLES.index(role)))
    return [cell for cell in cells if cell not in left]


def asked(cast, resource, names, turn):
    """A third of the rows in scope, and a third of all others; `test_scopes.py` asks for each, without requests."""
    known = rows(cast, resource)
    inside = [name for name in known if name in (names or ())]
    outside = [name for name in known if name not in inside]
    return {name: known[name] for side in (inside, outside) for name in cast.share(side, turn) or side[:1]}


def held(cast, resource, action, role):
    """The names of the rows that the table lets the role reach, or None where it never may."""
    scope = CELLS[resource, action, role]
    if scope == "–":
        return None
    if scope == "all":
        return set(rows(cast, resource))
    if (resource, scope) == ("users", "self"):
        return {role}
    return set(HELD[resource][scope].split())


def test_lists_hold_exactly_the_rows_in_scope(cast, api):
    clients = {role: api(caller(cast, role)) for role in ROLES}
    for role, resource in product(ROLES, PATHS):
        answer = clients[role].get(PATHS[resource], {"limit": "1000"})
        names = held(cast, resource, "list", role)
        if names is None:
            assert (role, resource, problem(answer)) == (role, resource, (403, "permission_denied"))
            continue
        known = {pk: name for name, pk in rows(cast, resource).items()}
        listed = sorted(known[row["id"]] for row in answer.json()["results"])
        assert (role, resource, listed) == (role, resource, sorted(names))


def expected_status(names, name, allowed):
    """403 for what is never permitted, 404 for a row out of scope."""
    if names is None:
        return 403
    return allowed if name in names else 404


def test_rows_in_scope_are_shown_and_changed_and_others_are_not_found(cast, api):
    seen, expected = {}, {}
    for turn, role in enumerate(ROLES):
        client = api(caller(cast, role))
        for resource, action in cells_asked(cast, ("retrieve", "update"), role):
            method = {"retrieve": client.get, "update": client.patch}[action]
            names = held(cast, resource, action, role)
            for name, pk in asked(cast, resource, names, turn).items():
                seen[role, resource, action, name] = method(f"{PATHS[resource]}/{pk}").status_code
                expected[role, resource, action, name] = expected_status(names, name, 200)
    assert seen == expected


# In the gate `test_scopes.py` says what managers and operators may destroy.
@pytest.mark.only("admin", "staff", "client")
@pytest.mark.parametrize("role", ROLES)
def test_rows_in_scope_can_be_destroyed_unless_others_refer_to_them(cast, api, role):
    client = api(caller(cast, role))
    seen, expected = {}, {}
    for resource, _ in cells_asked(cast, ["destroy"], role):
        names = held(cast, resource, "destroy", role)
        for name, pk in asked(cast, resource, names, ROLES.index(role)).items():
            seen[resource, name] = client.delete(f"{PATHS[resource]}/{pk}").status_code
            gone = 409 if name.removeprefix("away.") in REFERRED else 204
            expected[resource, name] = expected_status(names, name, gone)
            if resource in ("appointments", "payments"):
                expected[resource, name] = 405  # nobody destroys these: there is no such method
            elif (resource, name) in (("users", "admin"), ("users", "operator")) and name == role:
                expected[resource, name] = 403  # nobody removes themselves
    assert seen == expected


def cells_about_rows(role):
    actions = ("retrieve", "update", "destroy")
    cells = {(resource, action): scope for (resource, action, of), scope in CELLS.items() if of == role}
    return {cell: scope for cell, scope in cells.items() if cell[1] in actions and cell != ("payments", "update")}


def test_what_is_never_permitted_is_403_and_what_is_missing_404_for_any_id(cast, api):
    seen, expected = {}, {}
    for turn, role in enumerate(ROLES):
        client = api(caller(cast, role))
        for (resource, action), scope in cast.share(cells_about_rows(role).items(), turn):
            method = {"retrieve": client.get, "update": client.patch, "destroy": client.delete}[action]
            seen[role, resource, action] = method(f"/{resource.replace('_', '-')}/9223372036854775807").status_code
            expected[role, resource, action] = 403 if scope == "–" else 404
            if action == "destroy" and resource in ("appointments", "payments"):
                expected[role, resource, action] = 405
    assert seen == expected


def test_a_row_out_of_scope_and_one_that_does_not_exist_answer_the_same_bytes(cast, api):
    for turn, role in enumerate(("admin", "manager", "staff", "client")):
        assert_answers_tell_nothing(cast, api(caller(cast, role)), turn)


def assert_answers_tell_nothing(cast, client, turn):
    for place, (resource, path) in enumerate(PATHS.items(), start=turn):
        foreign = rows(cast, resource)[f"away.{HELD[resource]['org'].split()[0]}"]
        for method in cast.share((client.get, client.patch, client.put, client.delete), place):
            answers = [method(f"{path}/{pk}") for pk in (foreign, 987654321)]
            bodies = [json.loads(answer.content) for answer in answers]
            assert [body.pop("instance") for body in bodies] == [f"{path}/{foreign}", f"{path}/987654321"]
            assert bodies[0] == bodies[1]
            headers = [dict(answer.headers) for answer in answers]
            for each in headers:
                del each["X-Request-ID"], each["Content-Length"]
            assert headers[0] == headers[1]


# What is sent to create a row (`@name` is a row of the cast), and the answer in each scope; 403 where none is.
CREATION = [
    ("organizations", {"name": "New", "email": "new@new.example"}, {"all": 201}),
    ("users", {"name": "New", "email": "1@new.example", "role": "admin"}, {"org": 201, "all": 201}),
    ("users", {"name": "New", "email": "2@new.example", "role": "manager"}, {"org": 201, "all": 201}),
    ("users", {"name": "New", "email": "3@new.example", "role": "staff"}, {"org": 201, "below": 201, "all": 201}),
    (
        "users",
        {"name": "New", "email": "4@new.example", "role": "client"},
        {"org": 201, "below": 201, "clients": 201, "all": 201},
    ),
    ("services", {"name": "New"}, {"org": 201, "all": 201}),
    ("webhooks", {"url": RECEIVER, "events": ["client.erased"]}, {"org": 201, "all": 201}),
    (
        "working_hours",
        {"staff": "@staff", "weekday": 5, "starts": "09:00", "ends": "12:00"},
        {"org": 201, "self": 201, "all": 201},
    ),
    (
        "working_hours",
        {"staff": "@colleague", "weekday": 5, "starts": "09:00", "ends": "12:00"},
        {"org": 201, "self": 400, "all": 201},
    ),
    ("special_hours", {"staff": "@staff", "date": "2026-05-01"}, {"org": 201, "self": 201, "all": 201}),
    ("special_hours", {"staff": "@colleague", "date": "2026-05-01"}, {"org": 201, "self": 400, "all": 201}),
    (
        "time_off",
        {"staff": "@staff", "starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-02T09:00:00Z"},
        {"org": 201, "self": 201, "all": 201},
    ),
    (
        "time_off",
        {"staff": "@colleague", "starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-02T09:00:00Z"},
        {"org": 201, "self": 400, "all": 201},
    ),
    (
        "payments",
        {"appointment": "@visit", "amount": "1.00", "allow_overpayment": True},
        {"org": 201, "assigned": 201, "all": 201},
    ),
    (
        "payments",
        {"appointment": "@strangers_visit", "amount": "1.00", "allow_overpayment": True},
        {"org": 201, "assigned": 400, "all": 201},
    ),
]


BOOKINGS = [
    (
        "appointments",
        {"client": "@client", "staff": "@staff", "service": "@service", "appointment_date": SOON[0]},
        {"org": 201, "team": 201, "own": 201, "all": 201},
    ),
    (
        "appointments",
        {"client": "@client", "staff": "@colleague", "service": "@service", "appointment_date": SOON[0]},
        {"org": 201, "team": 400, "own": 201, "all": 201},
    ),
    (
        "appointments",
        {"client": "@stranger", "staff": "@staff", "service": "@service", "appointment_date": SOON[1]},
        {"org": 201, "team": 400, "own": 400, "all": 201},
    ),
    (
        "appointments",
        {"staff": "@staff", "service": "@service", "appointment_date": SOON[2]},
        {"org": 400, "team": 400, "own": 201, "all": 400},
    ),
]


def filled(body, cast, resource, role):
    """The body with the ids of the cast; an operator also names the organization."""
    body = {
        key: getattr(cast.home, value[1:]).pk if str(value).startswith("@") else value for key, value in body.items()
    }
    names_organization = role == "operator" and resource not in ("organizations", "payments")
    return body | ({"organization": cast.home.organization.pk} if names_organization else {})


def assert_created_in_scope(cast, client, role, bodies):
    """All by an admin and where the scope tells rows apart, else a third."""
    alike = [(resource, body) for resource, body, _ in bodies if is_plain(resource, "create", role)]
    for resource, body, answers in bodies:
        if (resource, body) in alike and (resource, body) not in cast.share(alike):
            continue
        answer = client.post(PATHS[resource], filled(body, cast, resource, role))
        expected = answers.get(CELLS[resource, "create", role], 403)
        assert answer.status_code == expected, (resource, body, answer.json())


@pytest.mark.parametrize("role", ROLES)
def test_rows_are_created_in_scope_only(cast, api, role):
    client = api(caller(cast, role))
    assert_created_in_scope(cast, client, role, CREATION)
    always_at_work(cast.home.staff, cast.home.colleague)  # clients are held to the hours
    assert_created_in_scope(cast, client, role, BOOKINGS)


def test_only_who_may_close_the_organization_takes_time_off_without_naming_staff(cast, api):
    body = {"starts_at": "2026-05-01T09:00:00Z", "ends_at": "2026-05-02T09:00:00Z"}
    for role in ROLES:
        answer = api(caller(cast, role)).post("/time-off", filled(body, cast, "time_off", role))
        assert (role, answer.status_code) == (role, 403 if CELLS["time_off", "close", role] == "–" else 201)


def test_some_keys_of_a_booking_are_refused_by_name_to_who_may_not_send_them(cast, api):
    body = {"client": "@client", "staff": "@staff", "service": "@service"}
    keys = {"internal_notes": "x", "duration": 45, "price": "1.00"}
    for day, (role, key) in enumerate(product(ROLES, keys), start=10):
        sent = body | {key: keys[key], "appointment_date": f"2026-05-{day}T09:00:00Z"}
        answer = api(caller(cast, role)).post("/appointments", filled(sent, cast, "appointments", role))
        if CELLS["appointments", key, role] == "–":
            assert (role, answer.status_code, answer.json()["code"]) == (role, 403, "permission_denied")
            assert answer.json()["detail"] == f"You may not send `{key}`."
        else:
            assert answer.status_code == 201, (role, answer.json())


def test_strangers_get_401_everywhere(cast, api):
    client = api()
    for place, (resource, path) in enumerate(PATHS.items()):
        known = f"{path}/{next(iter(rows(cast, resource).values()))}"
        for method in cast.share(("get", "post", "put", "patch", "delete"), place):
            for url in (path, known, f"{path}/987654321"):
                answer = getattr(client, method)(url)
                assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
                assert answer["WWW-Authenticate"] == "Bearer"
