"""The access table, asked of the rows themselves: every role and every row. `test_policy.py` asks over requests."""

from itertools import product

from accounts.models import User
from organizations import policy
from organizations.tests.test_policy import (  # noqa: F401 -- a fixture among them
    CELLS,
    HELD,
    ROLES,
    caller,
    cast,
    held,
    rows,
)


def test_each_scope_holds_exactly_its_rows(cast):  # noqa: F811
    for resource, names in HELD.items():
        known = {pk: name for name, pk in rows(cast, resource).items()}
        all_rows = type(getattr(cast.home, names["org"].split()[0])).objects
        actions = ("list", "retrieve", "update", "destroy") if resource != "payments" else ("list", "retrieve")
        for role, action in product(ROLES, actions):
            found = {known[row.pk] for row in all_rows.visible_to(caller(cast, role), resource, action)}
            assert (role, action, found) == (role, action, held(cast, resource, action, role) or set()), resource


def test_who_registered_a_client_elsewhere_as_an_operator_knows_them_no_more(salon, clinic):
    """By the first wall alone: no constraint says that whoever registered somebody is of their organization."""
    clients = [salon.stranger.pk, clinic.stranger.pk]
    User.objects.filter(pk__in=clients).update(created_by=clinic.staff)
    assert list(User.objects.visible_to(clinic.staff, "users").filter(pk__in=clients)) == [clinic.stranger]


def test_the_table_of_the_tests_is_the_table_in_force():
    in_force = {
        (resource, action, role): scope
        for (resource, action), scopes in policy.CELLS.items()
        for role, scope in scopes.items()
    }
    assert in_force == CELLS
