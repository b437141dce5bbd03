"""Where an organization is: chosen by names, and what goes with a country is proposed before it is saved."""

import re

import pytest
from django.utils import translation

from clientline.backoffice.platform.place_form import guess_from, list_countries, list_currencies, list_zones
from clientline.tests.pages import fill_in, judge, see, standing
from clientline.tests.rehearsals import undone
from clientline.zones import guess_country, list_known_zones
from organizations.models import Organization

LIST = "/admin/organizations/organization/"


@pytest.fixture
def page(salon, client):
    client.force_login(salon.admin)
    return f"{LIST}{salon.organization.pk}/change/"


def read(salon):
    return Organization.objects.values_list("country", "timezone", "currency").get(pk=salon.organization.pk)


@pytest.mark.django_db
def test_a_country_proposes_its_zone_and_saves_nothing_yet(salon, page, client):
    back = fill_in(client, page, country="AT")
    form = back.context["adminform"].form
    assert form.errors == {"timezone": ["Proposed for the country you chose. Save again, or choose another."]}
    assert (form["timezone"].value(), form["judged_country"].value()) == ("Europe/Vienna", "AT")
    assert read(salon) == ("", "Europe/Berlin", "EUR")


@pytest.mark.sweep
@pytest.mark.django_db
def test_sent_again_it_is_saved_as_it_stands(salon, page, client):
    form = standing(see(client, page)["adminform"].form)
    again = form | {"country": "AT", "judged_country": "AT", "coming_visits": "keep_local"}
    for zone in ("Europe/Vienna", "Europe/Berlin"):
        with undone():
            assert judge(client, page, **again | {"timezone": zone}).status_code == 302
            assert read(salon) == ("AT", zone, "EUR")


@pytest.mark.django_db
def test_a_country_in_whose_zone_it_is_already_asks_nothing(salon, page, client):
    assert fill_in(client, page, country="DE").status_code == 302
    assert read(salon) == ("DE", "Europe/Berlin", "EUR")


@pytest.mark.django_db
def test_a_new_organization_gets_currency_and_language_proposed_too(client, operator):
    client.force_login(operator)
    form = fill_in(client, f"{LIST}add/", country="CH").context["adminform"].form
    assert {name: form[name].value() for name in ("timezone", "currency", "language")} == {
        "timezone": "Europe/Zurich",
        "currency": "CHF",
        "language": "de",
    }


@pytest.mark.sweep
@pytest.mark.django_db
def test_what_cannot_be_chosen_any_more_stays_where_it_is(salon, page, client):
    Organization.objects.filter(pk=salon.organization.pk).update(timezone="CET", currency="BGN")
    assert fill_in(client, page, phone="1").status_code == 302
    assert read(salon) == ("", "CET", "BGN")


@pytest.mark.django_db
def test_regions_are_offered_by_their_names(salon, page, client):
    Organization.objects.filter(pk=salon.organization.pk).update(country="DE")
    text = client.get(page).text
    assert '<option value="BY">Bayern</option>' in text
    assert re.search(r'name="region"[^>]* list="id_region_offered"', text)


def test_names_are_in_the_readers_language():
    with translation.override("de"):
        assert dict(list_countries())["AT"] == "Österreich"
        assert dict(list_currencies())["CHF"] == "CHF – Schweizer Franken"
        assert dict(list_zones("AT"))["Österreich"] == [("Europe/Vienna", "Wien")]
    with translation.override("en"):
        names = [name for _, name in list_countries()]
        assert names.index("Åland Islands") < names.index("Albania")  # as letters, not as numbers of them


def test_the_zones_of_the_country_come_first_and_all_that_are_offered_can_be_chosen():
    with translation.override("en"):
        groups = list_zones("US")
    assert (groups[0][0], groups[0][1][0], groups[-1][0]) == ("United States", ("America/New_York", "New York"), "UTC")
    offered = [zone for _, zones in groups for zone, _ in zones]
    assert len(offered) == len(set(offered)) > 400
    assert set(offered) <= list_known_zones()


@pytest.mark.parametrize(
    ("country", "guessed"),
    [
        ("DE", {"timezone": "Europe/Berlin", "currency": "EUR", "language": "de"}),
        ("GB", {"timezone": "Europe/London", "currency": "GBP", "language": "en"}),
        ("KW", {"timezone": "Asia/Kuwait"}),  # whose money has three decimals
        ("BQ", {"timezone": "America/Kralendijk", "currency": "USD"}),  # of which Babel knows no language
    ],
)
def test_what_goes_with_a_country(country, guessed):
    assert guess_from(country) == guessed
    assert guess_country(guessed["timezone"]) == country


def test_every_country_can_be_chosen_and_what_is_none_proposes_nothing():
    for code, _ in list_countries():
        assert guess_from(code).keys() <= {"timezone", "currency", "language"}, code
    assert [guess_from(code) for code in ("", "-1", "D", "XX")] == [{}] * 4
