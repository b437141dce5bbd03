import pytest

from clientline.tests.pages import Page, fill_in, form_of, judge, see, standing, tell
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory

LIST = "/admin/organizations/organization/"


def page(organization, name="change"):
    return f"{LIST}{organization.pk}/{name}/"


@pytest.mark.sweep
def test_an_admin_changes_the_own_organization(salon, client):
    client.force_login(salon.admin)
    assert fill_in(client, page(salon.organization), slot_interval="20", email="Desk@Salon.example").status_code == 302
    salon.organization.refresh_from_db()
    assert (salon.organization.slot_interval, salon.organization.email) == (20, "desk@salon.example")
    assert salon.organization.version == 2


@pytest.mark.sweep
def test_forms_and_messages_speak_of_people_and_in_plain_words(salon, client):
    client.force_login(salon.admin)
    form = client.get(page(salon.organization)).content.decode()
    for label in ("Time zone", "Shortest notice (minutes)", "Longest ahead (days)", "Active"):
        assert f">{label}</" in form, label
    assert "Min notice" not in form and "IANA" not in form
    mine = client.get(f"/admin/accounts/user/{salon.admin.pk}/change/").content.decode()
    assert '<span class="label">Active</span>' in mine, "nobody changes that of their own"
    lost = client.get("/admin/accounts/user/999999999/change/", follow=True)
    assert "Person with ID “999999999” doesn’t exist." in lost.content.decode()
    assert "1 entry" in " ".join(client.get("/admin/appointments/timeoff/").content.decode().split())


@pytest.mark.sweep
def test_managers_and_staff_only_look_at_it(salon, client):
    for who in (salon.manager, salon.staff):
        client.force_login(who)
        shown = client.get(page(salon.organization))
        assert shown.status_code == 200
        assert "name" not in Page(shown).fields, who
        assert client.post(page(salon.organization), {"name": "Mine"}).status_code == 403, who
    assert Organization.objects.get(pk=salon.organization.pk).name == "Salon"


@pytest.mark.sweep
def test_a_wrong_value_is_an_error_beside_its_field(salon, client):
    client.force_login(salon.admin)
    wrong = {
        "timezone": ("Mars/Olympus", "Choose an IANA time zone, like Europe/Berlin."),
        "slot_interval": ("1", "Ensure this value is greater than or equal to 5."),
        "no_show_fee": ("NaN", "Write the amount in digits alone, like 39.50, without letters or currency."),
    }
    form = standing(form_of(see(client, page(salon.organization))))
    answer = client.post(page(salon.organization), form | {field: value for field, (value, _) in wrong.items()})
    assert answer.context["adminform"].form.errors == {field: [problem] for field, (_, problem) in wrong.items()}
    shown = Page(answer).fields
    assert [shown.get(field) for field in wrong] == [None, ["1"], ["NaN"]]  # a zone is chosen of many
    taken = form | {"email": "office@clinic.example"}  # looked for once all else is right
    again = form_of(judge(client, page(salon.organization), **taken).context)
    assert again.errors == {"email": ["This is taken already."]}
    assert again["email"].value() == "office@clinic.example"
    assert Organization.objects.get(pk=salon.organization.pk).version == 1


@pytest.mark.sweep
def test_only_operators_add_and_delete_organizations(salon, operator, client):
    for person in (salon.admin, salon.manager, salon.staff):
        client.force_login(person)
        assert client.get(f"{LIST}add/").status_code == 403, person
        assert client.post(page(salon.organization, "delete"), {"post": "yes"}).status_code == 403, person
    client.force_login(operator)
    assert "name" in form_of(see(client, f"{LIST}add/")).fields
    gym = OrganizationFactory(name="Gym")
    assert client.post(page(gym, "delete"), {"post": "yes"}).status_code == 302
    assert not Organization.objects.filter(name="Gym").exists()


@pytest.mark.sweep
def test_an_organization_with_people_cannot_be_deleted(salon, operator, client):
    client.force_login(operator)
    answer = client.post(page(salon.organization, "delete"), {"post": "yes"})
    assert tell(answer) == ["Other rows refer to this one. Deactivate it instead."]
    assert Organization.objects.filter(pk=salon.organization.pk).exists()


def test_what_is_missing_is_said_beside_each_field(salon, operator, client):
    client.force_login(operator)
    told = form_of(judge(client, f"{LIST}add/", timezone="UTC").context).errors
    assert (told["name"], told["email"]) == (["This field is required."],) * 2
