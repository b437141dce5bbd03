"""Numbers, amounts and days as the reader's language and the place's country write them."""

from datetime import UTC, date
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import translation

from clientline import places, wording


@pytest.fixture
def write():
    """What a function of `wording` writes in a language, in a country."""

    def write(language, country, function, *told):
        places.enter(SimpleNamespace(zone=UTC, country=country))
        with translation.override(language):
            return function(*told).replace("\xa0", " ").replace("\u202f", " ")

    yield write
    places.leave()


@pytest.mark.parametrize(
    ("language", "country", "number", "tick", "money", "day"),
    [
        ("en", "DE", "12,345", "0.5", "1,045.50 EUR", "Tue 1 Dec 2026"),
        ("de", "DE", "12.345", "0,5", "1.045,50 €", "Di., 1. Dez. 2026"),
        ("de", "AT", "12.345", "0,5", "€ 1.045,50", "Di., 1. Dez. 2026"),
        ("de", "CH", "12'345", "0.5", "EUR 1'045.50", "Di., 1. Dez. 2026"),
    ],
)
def test_one_form_for_each_kind(write, language, country, number, tick, money, day):
    assert write(language, country, wording.write_number, 12345) == number
    assert write(language, country, wording.write_number, 0.5, 1) == tick
    assert write(language, country, wording.write_money, Decimal("1045.5"), "EUR") == money
    assert write(language, country, wording.write_date, date(2026, 12, 1)) == day
