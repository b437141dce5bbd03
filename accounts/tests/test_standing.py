"""Roles, the last admin, and who is out."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from rest_framework.test import APIClient

from accounts.models import SIGN_IN_ADDRESS_TAKEN, User
from accounts.tests.factories import PASSWORD, UserFactory
from organizations.tests.factories import OrganizationFactory


def refusal(answer):
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


def test_nobody_gives_a_new_person_a_role_out_of_reach(salon, api):
    for giver, role in ((salon.manager, "admin"), (salon.manager, "manager"), (salon.staff, "staff")):
        answer = api(giver).post("/users", {"name": "New", "email": "new@example.com", "role": role})
        assert refusal(answer) == (403, "permission_denied", f"You may not give the `role` {role}."), giver
    assert not User.objects.filter(email="new@example.com").exists()


def test_a_manager_promotes_nobody_to_their_own_height(salon, api):
    client = api(salon.manager)
    for role in ("admin", "manager"):
        answer = client.patch(f"/users/{salon.colleague.pk}", {"role": role})
        assert refusal(answer) == (403, "permission_denied", f"You may not give the `role` {role}.")
    salon.colleague.refresh_from_db()
    assert salon.colleague.role == "staff"


@pytest.mark.sweep
@pytest.mark.parametrize("role", ["admin", "manager"])
def test_a_manager_cannot_touch_admins_and_other_managers(salon, api, role):
    target, client = UserFactory(organization=salon.organization, role=role), api(salon.manager)
    for change in ({"password": "a-new-password-1"}, {"email": "mine@example.com"}, {"name": "X"}):
        answer = client.patch(f"/users/{target.pk}", change)
        assert refusal(answer) == (404, "not_found", "There is no such thing here."), change
    assert User.objects.filter(pk=target.pk, version=1, password=target.password, email=target.email).exists()


def test_nobody_changes_their_own_role_or_activity(salon, api):
    for person, key, value in (
        (salon.admin, "role", "manager"),
        (salon.admin, "is_active", False),
        (salon.staff, "role", "manager"),
        (salon.client, "is_active", False),
    ):
        expected = (403, "permission_denied", f"Nobody changes their own `{key}`.")
        assert refusal(api(person).patch(f"/users/{person.pk}", {key: value})) == expected, person


def test_own_role_and_activity_may_be_sent_back_unchanged(salon, api):
    body = {"role": "staff", "is_active": True, "phone": "1"}
    answer = api(salon.staff).patch(f"/users/{salon.staff.pk}", body)
    assert (answer.status_code, answer.json()["phone"], answer.json()["version"]) == (200, "1", 2)


def test_nobody_removes_themselves_nor_gives_themselves_a_password_there(salon, api):
    client, path = api(salon.admin), f"/users/{salon.admin.pk}"
    answer = client.patch(path, {"password": "a-new-password-1"})
    assert refusal(answer) == (403, "permission_denied", "Your own `password` changes at /auth/password.")
    assert refusal(client.delete(path)) == (403, "permission_denied", "Nobody removes themselves.")


def test_the_last_active_admin_stays(salon, operator, api):
    UserFactory(organization=salon.organization, role="admin", is_active=False)
    UserFactory(organization=salon.organization, role="admin", is_superuser=True)  # operators do not count
    client, path = api(operator), f"/users/{salon.admin.pk}"
    for change in ({"role": "staff"}, {"is_active": False}):
        expected = (409, "last_admin", "An organization keeps at least one active admin.")
        assert refusal(client.patch(path, change)) == expected, change
    assert refusal(client.delete(path))[:2] == (409, "last_admin")

    UserFactory(organization=salon.organization, role="admin")
    assert client.patch(path, {"role": "staff", "is_active": False}).status_code == 200


def test_people_with_visits_do_not_change_sides(salon, api):
    client = api(salon.admin)
    for person, role in ((salon.client, "staff"), (salon.staff, "client")):
        answer = client.patch(f"/users/{person.pk}", {"role": role})
        assert refusal(answer)[:2] == (409, "protected"), role
    assert client.patch(f"/users/{salon.staff.pk}", {"role": "manager"}).status_code == 200


def test_a_person_others_refer_to_is_protected_and_a_free_one_goes(salon, api):
    newcomer, client = UserFactory(organization=salon.organization), api(salon.admin)
    answer = client.delete(f"/users/{salon.client.pk}")
    detail = "Other rows refer to this one. Deactivate it instead."
    assert refusal(answer) == (409, "protected", detail)
    assert client.delete(f"/users/{newcomer.pk}").status_code == 204
    assert set(User.objects.filter(pk__in=[salon.client.pk, newcomer.pk])) == {salon.client}
    LogEntry.objects.create(  # as of whoever has changed something in the admin
        user=salon.manager, content_type=ContentType.objects.get_for_model(User), action_flag=CHANGE, object_id="1"
    )
    assert refusal(client.delete(f"/users/{salon.manager.pk}"))[:2] == (409, "protected")
    assert LogEntry.objects.count() == 1


def session_of(user):
    client = APIClient()
    client.force_login(user)
    return client


def statuses(*clients):
    return [client.get("/auth/me").status_code for client in clients]


def test_a_deactivated_person_is_out_at_the_next_request_and_old_tokens_stay_dead(salon, api):
    clients = api(salon.staff), session_of(salon.staff)
    assert statuses(*clients) == [200, 200]
    api(salon.admin).patch(f"/users/{salon.staff.pk}", {"is_active": False})
    assert statuses(*clients) == [401, 401]
    api(salon.admin).patch(f"/users/{salon.staff.pk}", {"is_active": True})
    assert statuses(clients[0]) == [401]


@pytest.mark.sweep
def test_everybody_of_a_deactivated_organization_is_out_at_the_next_request(salon, clinic, operator, api):
    clients = api(salon.admin), session_of(salon.client)
    others = api(clinic.admin), session_of(clinic.client)
    assert statuses(*clients, *others) == [200, 200, 200, 200]
    api(operator).patch(f"/organizations/{salon.organization.pk}", {"is_active": False})
    assert statuses(*clients, *others) == [401, 401, 200, 200]


@pytest.mark.sweep
@pytest.mark.parametrize("change", [{"role": "manager"}, {"password": "a-new-password-1"}])
def test_a_new_role_or_password_ends_sessions_and_tokens(salon, api, change):
    clients = api(salon.staff), session_of(salon.staff)
    assert statuses(*clients) == [200, 200]
    assert api(salon.admin).patch(f"/users/{salon.staff.pk}", change).status_code == 200
    assert statuses(*clients) == [401, 401]


def test_a_session_says_by_itself_for_which_password_and_role_it_is(salon):
    """Its rows are deleted besides: what still had one would be refused all the same."""
    person = salon.staff
    said = [person.get_session_auth_hash()]
    person.role = "manager"
    said.append(person.get_session_auth_hash())
    person.set_password("a-new-password-1")
    said.append(person.get_session_auth_hash())
    assert len(set(said)) == 3


def test_a_password_given_by_an_admin_lets_the_person_in(salon, api):
    api(salon.admin).patch(f"/users/{salon.client.pk}", {"password": "a-new-password-1"})
    sign_in = {"email": salon.client.email, "password": PASSWORD}
    assert api().post("/auth/login", sign_in).status_code == 401
    assert api().post("/auth/login", sign_in | {"password": "a-new-password-1"}).status_code == 200


def test_weak_passwords_are_refused(salon, api):
    client = api(salon.admin)
    for password, problem in {
        "short-1": "This password is too short. It must contain at least 10 characters.",
        "1234567890123": "This password is too common. This password is entirely numeric.",
        "Salon client": "The password is too similar to the name.",
    }.items():
        answer = client.patch(f"/users/{salon.client.pk}", {"password": password})
        expected = [{"field": "password", "code": "password_too_weak", "detail": problem}]
        assert (answer.status_code, answer.json()["errors"]) == (400, expected)


@pytest.mark.sweep
def test_an_email_taken_in_another_organization_is_refused_like_one_taken_at_home(salon, clinic, api):
    client = api(salon.admin)
    expected = [{"field": "email", "code": "unique", "detail": SIGN_IN_ADDRESS_TAKEN}]
    for taken in (clinic.client.email, salon.staff.email, clinic.client.email.upper()):
        created = client.post("/users", {"name": "New", "email": taken, "role": "client"})
        changed = client.patch(f"/users/{salon.client.pk}", {"email": taken})
        for answer in (created, changed):
            assert (answer.status_code, answer.json()["errors"]) == (400, expected)


def test_an_organizations_email_is_unique_too(salon, clinic, operator, api):
    taken = OrganizationFactory(email="taken@example.com").email
    answer = api(salon.admin).patch(f"/organizations/{salon.organization.pk}", {"email": taken})
    expected = [{"field": "email", "code": "unique", "detail": "This is taken already."}]
    assert (answer.status_code, answer.json()["errors"]) == (400, expected)
