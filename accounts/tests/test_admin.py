import pytest
from django.contrib.admin.models import LogEntry

from accounts.models import SIGN_IN_ADDRESS_TAKEN, Token, User
from accounts.tests.factories import PASSWORD, UserFactory, token_for
from clientline.tests.pages import (
    Page,
    errors_of,
    faults_of,
    fill_in,
    form_of,
    judge,
    see,
    submit,
    tell,
    typed,
    typed_into,
)

ADD = "/admin/accounts/user/add/"
NEW = {"name": "Nina", "email": "Nina@Salon.example", "role": "client"}


def page(person, name="change"):
    return f"/admin/accounts/user/{person.pk}/{name}/"


def test_people_sign_in_to_the_admin_with_email_and_password(salon, client):
    form = client.get("/admin/login/?next=/admin/accounts/user/")
    assert '<label for="id_username">Email</label>' in form.content.decode()
    answer = client.post("/admin/login/", typed(form, username="Manager@salon.example", password=PASSWORD))
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/")
    index = client.get("/admin/")
    assert index.status_code == 200
    assert "<strong>Salon manager</strong>" in index.content.decode()
    salon.manager.refresh_from_db()
    assert salon.manager.last_login is not None


def test_clients_cannot_sign_in_to_the_admin(salon, client):
    answer = judge(client, "/admin/login/", username=salon.client.email, password=PASSWORD)
    assert answer.context["form"].non_field_errors() == [
        "Please enter the correct email and password for a staff account."
    ]
    assert "_auth_user_id" not in client.session


def test_a_clients_session_does_not_open_the_admin(salon, client):
    client.force_login(salon.client)
    answer = client.get("/admin/accounts/user/")
    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/accounts/user/")
    assert client.get("/admin/login/").status_code == 200


def test_the_deactivated_are_out_at_the_next_request(salon, client):
    client.force_login(salon.staff)
    assert client.get("/admin/").status_code == 200
    User.objects.filter(pk=salon.staff.pk).update(is_active=False)
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_signing_out_ends_the_session(salon, client):
    client.force_login(salon.staff)
    assert client.post("/admin/logout/").status_code == 200
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"


def test_changing_the_own_password_keeps_the_session_and_ends_tokens(salon, client):
    client.force_login(salon.staff)
    token_for(salon.staff)
    new = {"old_password": PASSWORD, "new_password1": "another-good-battery", "new_password2": "another-good-battery"}
    answer = client.post("/admin/password_change/", new)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/password_change/done/")
    salon.staff.refresh_from_db()
    assert salon.staff.check_password("another-good-battery")
    assert not Token.objects.filter(user=salon.staff).exists()
    assert client.get("/admin/password_change/done/").status_code == 200


def test_a_wrong_current_password_changes_nothing(salon, client):
    client.force_login(salon.staff)
    new = {"old_password": "guessed", "new_password1": "another-good-battery", "new_password2": "another-good-battery"}
    assert errors_of(client.post("/admin/password_change/", new)) == ["This is not your password."]
    salon.staff.refresh_from_db()
    assert salon.staff.check_password(PASSWORD)


def test_an_admin_registers_somebody_who_can_sign_in(salon, client):
    client.force_login(salon.admin)
    answer = fill_in(client, ADD, **NEW | {"role": "staff", "new_password": "another-good-battery"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/")
    nina = User.objects.get(email="nina@salon.example")
    assert (nina.name, nina.role, nina.organization, nina.created_by) == (
        "Nina",
        "staff",
        salon.organization,
        salon.admin,
    )
    assert nina.check_password("another-good-battery")
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.object_repr, entry.is_addition()) == (
        salon.admin,
        str(nina.pk),
        f"person {nina.pk}",
        True,
    )


def test_without_a_password_a_new_person_cannot_sign_in(salon, client):
    client.force_login(salon.staff)
    assert client.post(ADD, NEW).status_code == 302
    nina = User.objects.get(email="nina@salon.example")
    assert not nina.has_usable_password()
    assert see(client, page(nina))["original"] == nina, "staff know the clients they registered"


def test_a_weak_password_is_an_error_beside_its_field_and_saves_nothing(salon, client):
    client.force_login(salon.admin)
    answer = submit(client, ADD, **NEW | {"new_password": "nina"})
    form = answer.context["adminform"].form
    assert list(form.errors) == ["new_password"]
    assert "This password is too short." in form.errors["new_password"][0]
    kept = Page(answer).fields
    assert (kept["name"], kept["role"], kept["new_password"]) == (["Nina"], ["client"], [""])
    assert not User.objects.filter(email="nina@salon.example").exists()
    assert not LogEntry.objects.exists()


# Without row security, only what is elsewhere could be told in another way.
@pytest.mark.parametrize(
    ("walls", "taken"),
    [
        ("with", "client@salon.example"),
        pytest.param("with", "client@clinic.example", marks=pytest.mark.sweep),
        pytest.param("without", "client@clinic.example", marks=pytest.mark.sweep),
    ],
)
def test_a_sign_in_address_that_is_taken_leads_to_who_has_it_here_and_to_nobody_elsewhere(
    salon, client, request, walls, taken
):
    if walls == "without":
        request.getfixturevalue("without_row_security")
    client.force_login(salon.admin)
    answer = judge(client, ADD, **NEW | {"email": taken})
    here = f'This address signs in <a href="{page(salon.client)}">Salon client</a>.'
    told = {"client@salon.example": here, "client@clinic.example": SIGN_IN_ADDRESS_TAKEN}
    assert answer.context["adminform"].form.errors == {"email": [told[taken]]}
    assert not User.objects.filter(name="Nina").exists()
    assert not LogEntry.objects.exists()


def test_the_form_offers_the_roles_one_may_give(salon, client):
    offered = {}
    for who in ("admin", "manager", "staff"):
        client.force_login(getattr(salon, who))
        field = see(client, ADD)["adminform"].form.fields["role"]
        offered[who] = [value for value, _ in field.choices]
    assert offered == {
        "admin": ["", "admin", "manager", "staff", "client"],
        "manager": ["", "staff", "client"],
        "staff": ["", "client"],
    }


def test_nobody_gives_a_role_out_of_reach(salon, client):
    problem = "Select a valid choice. admin is not one of the available choices."
    for who in (salon.manager, salon.staff):
        client.force_login(who)
        answer = judge(client, ADD, **NEW | {"role": "admin"})
        assert answer.context["adminform"].form.errors == {"role": [problem]}, who
    assert not User.objects.filter(name="Nina").exists()


@pytest.mark.sweep
def test_managers_see_admins_but_cannot_touch_them(salon, client):
    client.force_login(salon.manager)
    shown = client.get(page(salon.admin))
    assert shown.status_code == 200
    assert "name" not in Page(shown).fields
    assert "password" not in shown.content.decode().split('id="content"')[1]
    for target in (salon.admin, UserFactory(organization=salon.organization, role="manager")):
        taken_over = client.post(page(target), {"name": "X", "email": "x@salon.example", "new_password": "y" * 12})
        assert taken_over.status_code == 403
        assert client.post(page(target, "delete"), {"post": "yes"}).status_code == 403
    salon.admin.refresh_from_db()
    assert (salon.admin.name, salon.admin.check_password(PASSWORD)) == ("Salon admin", True)


@pytest.mark.sweep
def test_no_page_shows_a_password_hash(salon, client, operator, share):
    shown = (salon.client, salon.admin, salon.manager, salon.staff)
    for turn, who in enumerate((salon.admin, salon.manager, salon.staff, operator)):
        client.force_login(who)
        for person in share(shown[turn:] + shown[:turn], 2):  # everybody is looked at by somebody
            body = client.get(page(person)).content.decode()
            assert person.password not in body, who
            assert "pbkdf2" not in body, who


@pytest.mark.sweep
def test_an_admin_sets_a_new_password_for_somebody(salon, client):
    token_for(salon.staff)
    client.force_login(salon.admin)
    assert fill_in(client, page(salon.staff), new_password="another-good-battery").status_code == 302
    salon.staff.refresh_from_db()
    assert salon.staff.check_password("another-good-battery")
    assert not Token.objects.filter(user=salon.staff).exists()
    assert "another-good-battery" not in LogEntry.objects.get().change_message


@pytest.mark.sweep
def test_nobody_changes_their_own_role_or_standing_or_password_there(salon, client):
    client.force_login(salon.admin)
    form = client.get(page(salon.admin))
    assert "new_password" not in Page(form).fields
    sent = typed(form, role="client", is_active=None, phone="1")
    assert client.post(page(salon.admin), sent).status_code == 302
    salon.admin.refresh_from_db()
    assert (salon.admin.role, salon.admin.is_active, salon.admin.phone) == ("admin", True, "1")
    answer = fill_in(client, page(salon.admin), new_password="another-good-battery")
    assert faults_of(answer) == ["Your own `password` changes at /auth/password."]


# In the gate `test_standing.py` says that the last admin stays active, too.
@pytest.mark.sweep
@pytest.mark.parametrize("change", [{"role": "staff"}, pytest.param({"is_active": None}, marks=pytest.mark.whole)])
def test_the_last_admin_cannot_be_demoted_or_deactivated(salon, operator, client, change):
    client.force_login(operator)
    answer = fill_in(client, page(salon.admin), **change)
    assert faults_of(answer) == ["An organization keeps at least one active admin."]
    salon.admin.refresh_from_db()
    assert (salon.admin.role, salon.admin.is_active) == ("admin", True)
    assert not LogEntry.objects.exists()


def test_nobody_can_be_made_an_operator(salon, operator, client):
    client.force_login(operator)
    form = form_of(see(client, page(salon.admin)))
    assert "is_superuser" not in form.fields
    assert client.post(page(salon.admin), typed_into(form, is_superuser="on")).status_code == 302
    assert not User.objects.get(pk=salon.admin.pk).is_superuser


def test_a_person_with_visits_cannot_be_deleted(salon, client):
    client.force_login(salon.admin)
    answer = client.post(page(salon.client, "delete"), {"post": "yes"})
    assert (answer.status_code, answer["Location"]) == (302, page(salon.client))
    assert tell(answer) == ["Other rows refer to this one. Deactivate it instead."]
    assert User.objects.filter(pk=salon.client.pk).exists()
    assert not LogEntry.objects.exists()


def test_nobody_deletes_themselves(salon, client):
    UserFactory(organization=salon.organization, role="admin")
    client.force_login(salon.admin)
    assert tell(client.post(page(salon.admin, "delete"), {"post": "yes"})) == ["Nobody removes themselves."]
    assert User.objects.filter(pk=salon.admin.pk).exists()


def test_an_admin_deletes_a_person_nothing_refers_to(salon, client):
    newcomer = UserFactory(organization=salon.organization, name="Newcomer")
    client.force_login(salon.admin)
    assert "Newcomer" in client.get(page(newcomer, "delete")).content.decode()
    assert client.post(page(newcomer, "delete"), {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=newcomer.pk).exists()
    assert LogEntry.objects.get().is_deletion()


def test_staff_change_their_own_name_and_nobody_elses(salon, client):
    client.force_login(salon.staff)
    assert fill_in(client, page(salon.staff), name="Sam").status_code == 302
    assert faults_of(fill_in(client, page(salon.staff), name="\u200b")) == ["Write a name that can be seen."]
    assert client.post(page(salon.client), {"name": "Sam", "email": "c@salon.example"}).status_code == 403
    assert User.objects.get(pk=salon.staff.pk).name == "Sam"
    assert User.objects.get(pk=salon.client.pk).name == "Salon client"


@pytest.mark.sweep
def test_only_operators_choose_the_organization(salon, clinic, operator, client):
    client.force_login(salon.admin)
    assert client.post(ADD, NEW | {"organization": clinic.organization.pk}).status_code == 302
    assert User.objects.get(name="Nina").organization == salon.organization
    client.force_login(operator)
    added = judge(client, ADD, **NEW | {"name": "Otto", "email": "otto@clinic.example"})
    assert added.context["adminform"].form.errors == {"organization": ["This field is required."]}
    added = NEW | {"name": "Otto", "email": "otto@clinic.example", "organization": clinic.organization.pk}
    assert client.post(ADD, added).status_code == 302
    otto = User.objects.get(name="Otto")
    assert otto.organization == clinic.organization
    assert fill_in(client, page(otto), organization=salon.organization.pk).status_code == 302
    otto.refresh_from_db()
    assert otto.organization == clinic.organization


@pytest.mark.sweep
def test_two_editors_of_different_fields_do_not_undo_each_other(salon, client):
    client.force_login(salon.admin)
    form = typed_into(form_of(see(client, page(salon.client))), phone="0123")
    User.objects.filter(pk=salon.client.pk).update(name="Renamed meanwhile")
    assert client.post(page(salon.client), form).status_code == 302
    person = User.objects.get(pk=salon.client.pk)
    assert (person.name, person.phone, person.version) == ("Renamed meanwhile", "0123", 2)
