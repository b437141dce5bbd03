"""Change forms in the admin know which version they were opened with, and ask again where somebody was faster."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.tests.pages import (
    Page,
    errors_of,
    fill_in,
    form_of,
    see,
    typed,
    typed_into,
)
from clientline.tests.rendering import unrendered
from organizations.models import Organization
from services.models import Service

KEPT = "Save again to store what you typed."


def page(row):
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


@pytest.fixture
def admin(salon, client):
    client.force_login(salon.admin)
    return client


@pytest.fixture
def edited(salon, admin, api):
    """`edited(row, mine, theirs)`: what the admin answers who typed `mine` while somebody patched `theirs`."""

    def edit(row, mine, theirs, path="/services"):
        form = form_of(see(admin, page(row)))
        assert api(salon.admin).patch(f"{path}/{row.pk}", theirs).status_code == 200
        return admin.post(page(row), typed_into(form, **mine))

    return edit


@pytest.mark.sweep
def test_a_form_carries_the_version_it_was_opened_with(salon, admin):
    def shown(url):
        form = see(admin, url)["adminform"].form
        return form["shown_version"].value() if "shown_version" in form.fields else None

    rows = (salon.organization, salon.client, salon.service, salon.visit)
    assert [shown(page(row)) for row in rows] == ["1"] * 4
    assert [shown(url) for url in (page(salon.working_hours), "/admin/services/service/add/")] == [None] * 2
    assert "shown_version" not in Page(admin.get(page(salon.payment))).fields  # whose page has nothing to save


def test_whoever_was_slower_is_told_what_changed_and_keeps_the_input(salon, edited):
    theirs = {"price": "50.00", "description": "For all", "staff": [salon.staff.pk], "is_active": False}
    answer = edited(salon.service, {"name": "Mine"}, theirs)
    assert answer.status_code == 200
    [told] = errors_of(answer)
    assert told.startswith("This has been changed meanwhile by Salon admin. ")
    assert told.endswith(KEPT)
    for change in (
        "Price is “50.00” now.",
        "Description is “For all” now.",
        "Staff is “Salon staff” now.",
        "Active is “no” now.",
    ):
        assert change in told
    assert "Name" not in told
    now = Page(answer).fields
    assert (now["name"], now["price"], now["description"]) == (["Mine"], ["50.00"], "For all")
    assert (now["staff"], "is_active" in now) == ([str(salon.staff.pk)], False)
    assert Service.objects.get(pk=salon.service.pk).version == 2


@pytest.mark.sweep
def test_saving_again_saves_what_was_typed_and_nothing_else(salon, admin, edited):
    told = edited(salon.service, {"name": "Mine", "price": "60.00"}, {"price": "50.00", "duration": 45})
    assert "Price is “50.00” now." in errors_of(told)[0]
    assert admin.post(page(salon.service), typed(told)).status_code == 302
    service = Service.objects.get(pk=salon.service.pk)
    assert (service.name, str(service.price), service.duration, service.version) == ("Mine", "60.00", 45, 3)


def test_what_others_changed_can_be_changed_back(salon, admin, edited):
    told = edited(salon.service, {"name": "Mine"}, {"price": "50.00", "is_active": False})
    assert admin.post(page(salon.service), typed(told, price="45.00", is_active="on")).status_code == 302
    service = Service.objects.get(pk=salon.service.pk)
    assert (service.name, str(service.price), service.is_active, service.version) == ("Mine", "45.00", True, 3)


@pytest.mark.sweep
def test_whoever_is_overtaken_twice_is_told_twice(salon, admin, api, edited):
    told = edited(salon.service, {"name": "Mine"}, {"duration": 45})
    api(salon.admin).patch(f"/services/{salon.service.pk}", {"duration": 50})
    told = admin.post(page(salon.service), typed(told))
    assert "Duration is “50” now." in errors_of(told)[0]
    assert admin.post(page(salon.service), typed(told)).status_code == 302
    assert Service.objects.get(pk=salon.service.pk).version == 4


@pytest.mark.sweep
def test_a_change_that_the_form_does_not_show_is_told_without_its_name(salon, admin, api):
    visit = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(9)
    )
    form = form_of(see(admin, page(visit)))
    assert api(salon.client).post(f"/appointments/{visit.pk}/cancel").status_code == 200
    told = admin.post(page(visit), typed_into(form, notes="Mine"))
    assert errors_of(told) == [f"This has been changed meanwhile by Salon client. {KEPT}"]
    assert form_of(told.context)["notes"].value() == "Mine"
    visit.refresh_from_db()
    assert (visit.notes, visit.status, visit.version) == ("", "cancelled", 2)


@pytest.mark.sweep
def test_people_and_organizations_are_guarded_as_well(salon, edited):
    told = edited(salon.colleague, {"phone": "030"}, {"role": "manager", "phone": "040"}, "/users")
    theirs = {"timezone": "Europe/Vienna", "coming_visits": "keep_local"}
    home = edited(salon.organization, {"name": "Mine"}, theirs, "/organizations")
    assert "Role is “Manager” now." in errors_of(told)[0]
    assert "Phone is “040” now." in errors_of(told)[0]
    assert "Time zone is “Europe/Vienna” now." in errors_of(home)[0]
    assert User.objects.get(pk=salon.colleague.pk).phone == "040"
    assert Organization.objects.get(pk=salon.organization.pk).name == "Salon"


@pytest.mark.races
def test_of_two_who_save_at_once_one_is_told(transactional_db, salon, client):
    client.force_login(salon.admin)
    cookies, forms = client.cookies, [client.get(page(salon.service)) for _ in range(2)]

    def save(name, form):
        browser = Client()
        browser.cookies = cookies
        try:
            return browser.post(page(salon.service), typed(form, name=name))
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as editors:
        answers = list(editors.map(save, ["Anna's", "Bruno's"], forms))
    saved, told = sorted(answers, key=lambda answer: -answer.status_code)
    assert (saved.status_code, told.status_code) == (302, 200)
    service = Service.objects.get(pk=salon.service.pk)
    assert f"Name is “{service.name}” now." in errors_of(told)[0]
    assert (service.version, {service.name, *Page(told).fields["name"]}) == (2, {"Anna's", "Bruno's"})


@pytest.mark.sweep
def test_nobody_is_told_about_a_version_that_is_the_present_one(salon, admin):
    assert fill_in(admin, page(salon.service), name="First").status_code == 302
    assert fill_in(admin, page(salon.service), name="Second").status_code == 302
    assert Service.objects.get(pk=salon.service.pk).version == 3


@pytest.mark.sweep
def test_a_version_that_is_none_saves_nothing(salon, admin):
    form = typed_into(form_of(see(admin, page(salon.service))), name="Mine")
    for sent in ("9" * 10_000, "-1", "1.0", "x", "é", "<b>", '"1"', "\x00"):
        with unrendered():
            answer = admin.post(page(salon.service), form | {"shown_version": sent})
        assert answer.status_code == 200, ascii(sent)
        assert answer.context["adminform"].form.errors, ascii(sent)
    assert Service.objects.get(pk=salon.service.pk).version == 1


def test_what_is_told_is_text_and_no_markup(salon, edited):
    answer = edited(salon.service, {"name": "Mine"}, {"description": "<script>alert(1)</script>"})
    assert "<script>alert(1)" not in answer.content.decode()
    assert "&lt;script&gt;alert(1)" in answer.content.decode()


def test_another_organizations_row_is_not_compared(clinic, admin):
    answer = admin.post(page(clinic.service), {"name": "Mine", "shown_version": "7"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    with connection.cursor() as cursor:
        cursor.execute("SELECT version FROM services WHERE id = %s", [clinic.service.pk])
        assert cursor.fetchone() == (1,)
