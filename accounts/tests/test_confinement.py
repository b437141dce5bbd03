"""Callers are confined before anything is read for them, and those nobody knows see nothing."""

import pytest
from django.test import RequestFactory

from accounts import middleware
from accounts.models import User
from accounts.tests.factories import token_for
from clientline.tests.pages import submit
from clientline.web.call import Call
from organizations.tenancy import TENANT_ROLE, release
from organizations.tests.watching import watched


def bearing(authorization):
    """A request of whoever sends this header, as the first middleware leaves it."""
    request = RequestFactory(headers={"Authorization": authorization}).get("/users")
    request.call = Call("a-request")
    return request


def walls(person):
    return TENANT_ROLE, str(person.organization_id), str(person.pk)


@pytest.mark.parametrize("door", ["api", pytest.param("admin", marks=pytest.mark.sweep)])
def test_a_request_writes_behind_the_wall_and_in_the_callers_name(salon, api, client, door):
    with watched("services") as written:
        if door == "api":
            assert api(salon.manager).patch(f"/services/{salon.service.pk}", {"price": "7.00"}).status_code == 200
        else:
            client.force_login(salon.manager)
            submit(client, f"/admin/services/service/{salon.service.pk}/change/", price="7.00")
    assert written == [("services", "update", *walls(salon.manager))]


def test_whoever_is_not_known_by_token_sees_no_row_at_all(salon):
    for authorization in ("Bearer cl_00000000_x", "Bearer", "Basic eDp5", ""):
        assert User.objects.count() > 0
        request = bearing(authorization)
        middleware.identify_bearer(request, confined=True)
        assert (request.user.is_authenticated, User.objects.count()) == (False, 0), authorization
        release()


def test_whoever_is_not_known_by_session_sees_no_row_at_all(salon, client):
    request = client.get("/admin/login/").wsgi_request
    assert User.objects.count() > 0
    middleware.identify_session(request, confined=True)
    assert (request.user.is_authenticated, User.objects.count()) == (False, 0)


def test_a_token_confines_to_its_owners_organization_and_only_where_that_is_asked(salon, clinic):
    request = bearing(f"Bearer {token_for(salon.staff)}")
    everybody = User.objects.count()
    middleware.identify_bearer(request, confined=False)
    assert (request.user, User.objects.count()) == (salon.staff, everybody)
    middleware.identify_bearer(request, confined=True)
    assert set(User.objects.values_list("organization", flat=True)) == {salon.organization.pk}
