"""The one table of currencies: which may be chosen, how many decimals they have, and what Stripe makes of an amount."""

from decimal import Decimal

import pytest
from babel.core import get_global
from django.core.exceptions import ValidationError

from clientline.currencies import (
    CASH_STEPS,
    CASH_STEPS_IN,
    CODES,
    DECIMALS,
    PAST,
    STORABLE,
    WHOLE,
    count_decimals,
    count_stripe_units,
    find_cash_step,
    read_stripe_units,
    refuse_unpayable_online,
    round_to_cash,
    validate_currency,
)
from clientline.refusals import FieldRefused
from clientline.tests.pages import submit
from organizations.models import Organization
from organizations.tests.factories import OrganizationFactory

# Of docs.stripe.com/currencies: in whole units, and in hundredths that have to be whole ones.
WHOLE_AT_STRIPE = set("BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split())
HUNDREDTHS_OF_WHOLE_AT_STRIPE = {"ISK", "UGX"}
LETTERS = "Choose a currency by its three letters, like EUR."


def choosable(code):
    try:
        validate_currency(code)
    except ValidationError as error:
        return error.message
    return True


def test_each_code_stands_once_and_has_three_letters():
    assert sum(map(len, CODES.values())) == len(DECIMALS) == 157
    assert [code for code in DECIMALS if not (len(code) == 3 and code.isascii() and code.isupper())] == []


def test_what_may_be_chosen_and_its_decimals():
    told = {
        "EUR": (2, True),
        "JPY": (0, True),
        "MGA": (2, True),
        "XCG": (2, True),  # the Caribbean guilder, since 2025
        "KWD": (3, "KWD has three decimals; amounts here are stored with two."),
        "ANG": (2, LETTERS),  # the guilder before it
        "BGN": (2, LETTERS),
        "UYI": (0, LETTERS),
        "eur": (2, LETTERS),
        "": (2, LETTERS),
    }
    assert {code: (count_decimals(code), choosable(code)) for code in told} == told


def test_all_may_be_chosen_that_can_be_stored_and_are_not_past():
    assert {code for code in DECIMALS if choosable(code) is True} == STORABLE - PAST
    assert len(STORABLE - PAST) == 148


def in_whole_units(code):
    return count_stripe_units(Decimal(1), code) == 1


def test_stripes_units_are_those_of_its_documents():
    accepted = STORABLE - PAST
    assert {code for code in accepted if in_whole_units(code)} == WHOLE_AT_STRIPE
    assert {code for code in accepted & WHOLE if not in_whole_units(code)} == HUNDREDTHS_OF_WHOLE_AT_STRIPE
    assert {count_stripe_units(Decimal("1"), code) for code in accepted} == {1, 100}


def refused_online(amount, code):
    try:
        refuse_unpayable_online("amount", amount, code)
    except FieldRefused as refusal:
        return refusal.errors
    return None


def test_what_is_paid_online_is_the_same_amount_there_and_back():
    for code in sorted(STORABLE):
        smallest = Decimal(1).scaleb(-count_decimals(code))
        for amount in (smallest, Decimal("10.00"), Decimal("10.00") + smallest, Decimal("99999999.00")):
            units = count_stripe_units(amount, code)
            back = Decimal(int(units)) / (1 if in_whole_units(code) else 100)
            assert (back == amount) is (refused_online(amount, code) is None), (code, amount)


def test_online_half_an_ariary_is_refused_and_a_whole_one_is_not():
    detail = "Online, MGA is paid in whole amounts only."
    assert refused_online(Decimal("10.50"), "MGA") == [{"field": "amount", "code": "invalid", "detail": detail}]
    assert (refused_online(Decimal("10.00"), "MGA"), refused_online(Decimal("10.50"), "EUR")) == (None, None)


@pytest.mark.sweep
@pytest.mark.only(min(PAST))  # above, each is judged by what form and API ask
@pytest.mark.parametrize("past", sorted(PAST))
def test_a_past_currency_stays_where_it_is_stored_and_is_not_chosen_anew(past, operator, api, client):
    organization, other = OrganizationFactory(currency=past), OrganizationFactory(currency="EUR")
    kept = api(operator).patch(f"/organizations/{organization.pk}", {"currency": past, "phone": "1"})
    assert (kept.status_code, kept.json()["currency"], kept.json()["phone"]) == (200, past, "1")
    refused = api(operator).patch(f"/organizations/{other.pk}", {"currency": past})
    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        [{"field": "currency", "code": "invalid", "detail": LETTERS}],
    )
    client.force_login(operator)
    submit(client, f"/admin/organizations/organization/{organization.pk}/change/", phone="2")
    answer = submit(client, f"/admin/organizations/organization/{other.pk}/change/", currency=past)
    assert answer.context["adminform"].form.errors == {"currency": [LETTERS]}
    assert list(
        Organization.objects.filter(pk__in=(organization.pk, other.pk)).order_by("id").values_list("phone", "currency")
    ) == [
        ("2", past),
        ("", "EUR"),
    ]


def test_what_stripe_took_is_read_back_as_the_same_amount():
    for code in sorted(STORABLE):
        smallest = Decimal(1).scaleb(-count_decimals(code))
        for amount in (smallest, Decimal("10.00"), Decimal("99999999.00")):
            if refused_online(amount, code) is None:
                assert read_stripe_units(int(count_stripe_units(amount, code)), code) == amount


def test_coins_are_those_that_cldr_knows():
    """Of each currency as `digits, rounding, cash digits, cash rounding`: the last two where they differ."""
    known = {}
    for code, (*paid, digits, rounding) in get_global("currency_fractions").items():
        if code in STORABLE and paid != [digits, rounding]:
            known[code] = Decimal(rounding or 1).scaleb(-digits)
    assert known == CASH_STEPS


def test_the_smallest_sum_of_cash():
    steps = {
        ("CHF", "CH"): "0.05",
        ("CHF", ""): "0.05",
        ("SEK", "SE"): "1",
        ("DKK", "DK"): "0.50",
        ("HUF", "HU"): "5",
        ("CAD", "CA"): "0.05",
        ("NOK", "NO"): "1",
        ("CZK", "CZ"): "1",
        ("EUR", "FI"): "0.05",
        ("EUR", "DE"): "0",
        ("EUR", ""): "0",
        ("NZD", "NZ"): "0.10",
        ("BBD", "BB"): "0.05",
        ("XCD", "GD"): "0.05",
        ("ZAR", "ZA"): "0.10",
        ("USD", "US"): "0",
        ("JPY", "JP"): "0",
    }
    assert {case: find_cash_step(*case) for case in steps} == {case: Decimal(step) for case, step in steps.items()}


def test_cash_is_rounded_half_up():
    rounded = {
        ("CHF", "12.02"): "12.00",
        ("CHF", "12.03"): "12.05",
        ("CHF", "12.025"): "12.05",
        ("SEK", "12.49"): "12",
        ("SEK", "12.50"): "13",
        ("DKK", "12.24"): "12.00",
        ("DKK", "12.25"): "12.50",
        ("HUF", "1232"): "1230",
        ("HUF", "1233"): "1235",
        ("CAD", "0.02"): "0.00",
        ("EUR", "12.03"): "12.03",
    }
    for (currency, amount), expected in rounded.items():
        assert round_to_cash(Decimal(amount), find_cash_step(currency)) == Decimal(expected), (currency, amount)


def test_coins_that_a_country_took_away_are_of_a_currency_that_may_be_chosen():
    assert {code for code, _ in CASH_STEPS_IN} <= STORABLE - PAST
    assert all(country.isupper() and len(country) == 2 for _, country in CASH_STEPS_IN)
