"""Days that are typed into an address, into the search or into a form are read as the country writes them."""

import pytest

from clientline.admin.inputs import DayAndClockField, DayField
from clientline.tests.rendering import unrendered
from organizations.models import Organization


@pytest.fixture
def asker(salon, client):
    """Asks for a page as the admin of a salon in a country."""
    client.force_login(salon.admin)

    def ask(country, url):
        Organization.objects.filter(pk=salon.organization.pk).update(country=country)
        return client.get(url)

    return ask


@pytest.mark.sweep
@pytest.mark.django_db
def test_a_day_in_an_address(asker):
    for country, typed, day in (
        ("DE", "30.11.2026", "2026-11-30"),
        ("US", "11/30/2026", "2026-11-30"),
        ("US", "11/12/2026", "2026-11-12"),
        ("GB", "11/12/2026", "2026-12-11"),
    ):
        with unrendered():
            assert str(asker(country, f"/admin/?date={typed}").context["day"]) == day, (country, typed)


@pytest.mark.django_db
def test_a_day_that_may_be_two_is_asked_back(asker):
    page = asker("", "/admin/?date=11/12/2026")
    assert "Is “11/12/2026” 11 December 2026 or 12 November 2026? Write 2026-12-11 or 2026-11-12." in page.text
    listed = asker("", "/admin/appointments/appointment/?day=11/12/2026")
    assert "Is “11/12/2026” 11 December 2026 or 12 November 2026?" in listed.text


@pytest.mark.django_db
def test_a_list_of_days_that_were_typed(asker, salon):
    local = salon.visit.appointment_date.astimezone(salon.organization.zone)
    day = f"{local.month}/{local.day}/{local.year}"
    page = asker("US", f"/admin/appointments/appointment/?day={day}")
    assert [each.pk for each in page.context["cl"].result_list] == [salon.visit.pk]
    assert f'value="{local:%Y-%m-%d}"' in page.text  # which the native field shows


@pytest.mark.django_db
def test_the_search_leads_to_the_day(asker):
    found = asker("AT", "/admin/search/?q=30.11.2026")
    assert (found.status_code, found.url) == (302, "/admin/?date=2026-11-30")
    offered = asker("", "/admin/search/?q=11/12/2026").context["others"]
    assert offered == [
        ("/admin/?date=2026-12-11", "Friday, 11 December 2026"),
        ("/admin/?date=2026-11-12", "Thursday, 12 November 2026"),
    ]


@pytest.mark.django_db
def test_a_report_of_days_that_were_typed(asker):
    page = asker("US", "/admin/reports/?from=11/01/2026&to=11/30/2026")
    period = page.context["form"].period
    assert (str(period.first), str(period.last)) == ("2026-11-01", "2026-11-30")
    assert 'value="2026-11-01"' in page.text


def test_a_field_without_a_native_one_reads_what_is_typed():
    assert str(DayField().clean("30.11.2026")) == "2026-11-30"
    assert f"{DayAndClockField().clean(['30.11.2026', '09:30']):%Y-%m-%d %H:%M}" == "2026-11-30 09:30"
