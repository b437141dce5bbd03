import pytest
from django.contrib.admin.models import LogEntry

from clientline.tests.pages import (
    Page,
    errors_of,
    fill_in,
    form_of,
    judge,
    see,
    standing,
    submit,
    tell,
    typed_into,
)
from services.models import Service

ADD = "/admin/services/service/add/"
NEW = {"name": "Haircut", "duration": "30", "price": "45.00"}


def page(service, name="change"):
    return f"/admin/services/service/{service.pk}/{name}/"


def test_a_manager_offers_a_service_of_named_staff(salon, client):
    client.force_login(salon.manager)
    assert fill_in(client, ADD, **NEW, staff=[salon.staff.pk, salon.colleague.pk]).status_code == 302
    service = Service.objects.get(name="Haircut")
    assert service.organization == salon.organization
    assert set(service.staff.all()) == {salon.staff, salon.colleague}
    assert LogEntry.objects.get().object_repr == "Haircut"


@pytest.mark.sweep
def test_naming_other_staff_replaces_them_and_counts_as_one_change(salon, client):
    client.force_login(salon.manager)
    salon.service.staff.add(salon.staff, through_defaults={"organization": salon.organization})
    shown = form_of(see(client, page(salon.service)))
    assert shown["staff"].value() == [salon.staff.pk]
    client.post(page(salon.service), typed_into(shown, staff=[salon.colleague.pk], price="50.00"))
    salon.service.refresh_from_db()
    assert set(salon.service.staff.all()) == {salon.colleague}
    assert (str(salon.service.price), salon.service.version) == ("50.00", 2)
    fill_in(client, page(salon.service), staff=[])
    assert not salon.service.staff.exists()


@pytest.mark.sweep
@pytest.mark.only("the first wall alone")  # which has nothing behind it that could hide a hole
@pytest.mark.parametrize("walls", ["all walls", "the first wall alone"])
def test_only_own_staff_can_be_named(salon, clinic, client, request, walls):
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    client.force_login(salon.manager)
    sent = standing(form_of(see(client, page(salon.service))))
    for pk in (clinic.staff.pk, salon.client.pk, 10**25, "abc"):
        form = form_of(judge(client, page(salon.service), **sent | {"staff": [pk]}).context)
        assert salon.service.staff.exists() is False, pk
        # Not that it is gone, which the database says once it is asked to save: the form never offered it.
        [(field, [error])] = form.errors.as_data().items()
        assert (field, error.code) == ("staff", "invalid_pk_value" if pk == "abc" else "invalid_choice"), pk


@pytest.mark.sweep
def test_an_operator_cannot_mix_organizations(salon, clinic, operator, client):
    client.force_login(operator)
    answer = fill_in(client, ADD, **NEW, organization=salon.organization.pk, staff=[clinic.staff.pk])
    assert answer.context["adminform"].form.errors == {"staff": ["A row it refers to is gone."]}
    assert not Service.objects.filter(name="Haircut").exists()


def test_a_rule_of_the_database_is_an_error_of_the_form(salon, client):
    client.force_login(salon.manager)
    answer = submit(client, ADD, **NEW | {"duration": "1440", "buffer_before": "1"})
    assert errors_of(answer) == ["Duration and buffers together are at most 1440 minutes."]
    assert Page(answer).fields["duration"] == ["1440"]
    assert not Service.objects.filter(name="Haircut").exists()
    assert not LogEntry.objects.exists()


def test_staff_only_look_at_services(salon, client):
    client.force_login(salon.staff)
    assert "name" not in Page(client.get(page(salon.service))).fields
    assert client.get(ADD).status_code == 403
    assert client.post(page(salon.service), NEW).status_code == 403
    assert client.post(page(salon.service, "delete"), {"post": "yes"}).status_code == 403
    assert Service.objects.get(pk=salon.service.pk).name == "Salon service"


def test_a_booked_service_cannot_be_deleted(salon, client):
    client.force_login(salon.manager)
    answer = client.post(page(salon.service, "delete"), {"post": "yes"})
    assert tell(answer) == ["Other rows refer to this one. Deactivate it instead."]
    assert Service.objects.filter(pk=salon.service.pk).exists()
