"""The reader of typed money: the right amount or a question, never another amount."""

import re
from decimal import Decimal
from functools import cache

import pytest
from babel import Locale, localedata
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis import strategies as st

from clientline.typed_money import AmountAmbiguous, AmountNotRead, read_amount

pytestmark = pytest.mark.xdist_group("locales")  # which are read once
NARROW, HARD, QUOTE = "\u202f", "\u00a0", "\u2019"


def code_of(text, currency="EUR"):
    with pytest.raises(AmountNotRead) as refusal:
        read_amount(text, currency)
    return refusal.value.code


READ = {
    "39,50": "39.50",
    "39.50": "39.50",
    "39,5": "39.50",
    "39": "39.00",
    ".50": "0.50",
    "0": "0.00",
    "0,05": "0.05",
    "1405": "1405.00",
    "1405,00": "1405.00",
    "1.405,00": "1405.00",
    "1,405.00": "1405.00",
    "1.405,5": "1405.50",
    "1'405.00": "1405.00",
    "1'405,00": "1405.00",
    f"1{QUOTE}405.00": "1405.00",
    "1 405,00": "1405.00",
    f"1{HARD}405,00": "1405.00",
    f"1{NARROW}405.00": "1405.00",
    "1 405": "1405.00",
    "1'405": "1405.00",
    "1,405,000": "1405000.00",
    "1.405.000": "1405000.00",
    "1.405.000,5": "1405000.50",
    "12 345 678,90": "12345678.90",
    f" 39,50{HARD}\n": "39.50",
    "39,5000": "39.50",
    "３９.５０": "39.50",
    "٣٩,٥٠": "39.50",
    "9" * 30: "9" * 30 + ".00",
}

TOO_FINE = "has more decimals than the currency."


def test_an_amount_is_read_as_it_is_typed():
    read = {text: read_amount(text, "EUR") for text in READ}
    assert {text: str(amount) for text, amount in read.items()} == READ
    assert read == {text: Decimal(expected) for text, expected in READ.items()}


@pytest.mark.parametrize(
    ("text", "readings", "question"),
    [
        ("1,400", ("1400.00", "1.400"), "Is “1,400” 1400.00 EUR or 1.400 EUR? Write 1400.00 or 1.40."),
        ("1,405", ("1405.00", "1.405"), f"Is “1,405” 1405.00 EUR? Then write 1405.00. 1.405 EUR {TOO_FINE}"),
        ("1.405", ("1405.00", "1.405"), f"Is “1.405” 1405.00 EUR? Then write 1405.00. 1.405 EUR {TOO_FINE}"),
        ("39,500", ("39500.00", "39.500"), "Is “39,500” 39500.00 EUR or 39.500 EUR? Write 39500.00 or 39.50."),
        ("140.500", ("140500.00", "140.500"), "Is “140.500” 140500.00 EUR or 140.500 EUR? Write 140500.00 or 140.50."),
    ],
)
def test_one_sign_with_three_digits_behind_it_is_asked_back_with_both_readings(text, readings, question):
    with pytest.raises(AmountAmbiguous) as asked:
        read_amount(text, "EUR")
    assert (str(asked.value), asked.value.code) == (question, "ambiguous")
    assert asked.value.readings == tuple(map(Decimal, readings))


REFUSED = {
    "": "required",
    f" {NARROW}\t": "required",
    "9" * 41: "too_long",
    "-5": "signed",
    "\u22125": "signed",
    "+5": "signed",
    "NaN": "invalid",
    "Infinity": "invalid",
    "1e3": "invalid",
    "1_000": "invalid",
    "0x10": "invalid",
    "½": "invalid",
    "5²": "invalid",
    "€39.50": "invalid",
    "39.50 EUR": "invalid",
    "39,-": "invalid",
    "12 + 3": "invalid",
    "(39.50)": "invalid",
    "39\n500": "invalid",
    "39\x0050": "invalid",
    "1\u066b5": "invalid",
    "39·50": "invalid",
    ".": "invalid",
    "39.": "cut_short",
    "1,405,": "cut_short",
    "00": "zeros_in_front",
    "050": "zeros_in_front",
    "01,405": "zeros_in_front",
    "1,00,000": "thousands",
    "1,00,000.00": "thousands",
    "10 00,50": "thousands",
    "39 50": "thousands",
    "1  405": "thousands",
    "1,405'000": "thousands",
    "1 405'000,00": "thousands",
    f"1 405{HARD}000": "thousands",
    "1.405.00": "thousands",
    "1,405,00": "thousands",
    "1..5": "thousands",
    "1,.5": "thousands",
    "0,405,000": "thousands",
    "1405 000": "thousands",
    "0.405": "decimals",
    ",405": "decimals",
    "1405,000": "decimals",
    "1,405.000": "decimals",
    "1.405001": "decimals",
    "1.000000": "decimals",
}


def test_all_else_is_refused_with_its_reason():
    assert {text: code_of(text) for text in REFUSED} == REFUSED


def test_a_currency_without_a_smaller_unit_knows_one_reading():
    assert [read_amount(text, "JPY") for text in ("1,405", "1.405", "4500.00", "4,500.00")] == [1405, 1405, 4500, 4500]
    assert str(read_amount("1,405", "JPY")) == "1405"
    for text in ("10.50", "1405,000", "0.405"):
        with pytest.raises(AmountNotRead, match="JPY has no smaller unit"):
            read_amount(text, "JPY")


def test_a_currency_with_three_decimals_knows_both_and_a_way_to_say_each():
    with pytest.raises(AmountAmbiguous) as asked:
        read_amount("1.405", "KWD")
    assert str(asked.value) == "Is “1.405” 1405.000 KWD or 1.405 KWD? Write 1405.000 or 1.4050."
    assert [str(read_amount(text, "KWD")) for text in ("1405.000", "1.4050", "1,405.000", "0.405", "39,50")] == [
        "1405.000",
        "1.405",
        "1405.000",
        "0.405",
        "39.500",
    ]


def test_without_a_currency_an_amount_has_two_decimals():
    assert str(read_amount("12,5")) == "12.50"
    asked = f"Is “1,405” 1405.00? Then write 1405.00. 1.405 {TOO_FINE}"
    with pytest.raises(AmountAmbiguous, match=re.escape(asked)):
        read_amount("1,405")


# These write signs of their own between digits, and Toki Pona parts in twos: refused.
OTHERS = ("bgn", "ff_Adlm", "ks", "nqo", "tok")


def written(amount, locale):
    own = locale.decimal_formats[None].pattern.split(";")[0]
    return format_decimal(amount, own.replace("0.###", "0.00"), locale)


@cache
def list_locales(everything):
    """Some of them, Hindi and OTHERS: all take a second to read, and `READ` has each of their signs."""
    known = localedata.locale_identifiers()
    names = known if everything else sorted({*known[::9], "hi", *OTHERS})
    return [Locale.parse(name) for name in names]


def refused_locales(amount, everything):
    """Who writes `amount` so that it is refused; whatever is read must be it."""
    refused = set()
    for locale in list_locales(everything):
        try:
            assert (locale, read_amount(written(Decimal(amount), locale), "EUR")) == (locale, Decimal(amount))
        except AmountNotRead:
            refused.add(locale)
    return refused


@pytest.mark.sweep
@pytest.mark.parametrize("amount", ["0.05", "39.50", "405.00", "1405.00", "99999.95"])
def test_what_every_locale_writes_is_read(amount, everything):
    refused = refused_locales(amount, everything)
    assert {str(locale) for locale in refused if not str(locale).startswith(OTHERS)} == set()
    if amount == "1405.00":
        assert {name for name in OTHERS if Locale.parse(name) in refused} == set(OTHERS)


@pytest.mark.sweep
def test_a_large_amount_of_any_locale_is_read_or_refused_never_read_as_another(everything):
    # Groups of two, as in India; and OTHERS.
    assert {locale.decimal_formats[None].grouping for locale in refused_locales("12345678.90", everything)} == {
        (3, 2),
        (3, 3),
        (2, 2),
    }


@pytest.mark.sweep
@given(st.decimals(0, 10**9, places=2), st.sampled_from(["", ",", ".", " ", "'", QUOTE, HARD, NARROW]), st.data())
def test_an_amount_in_any_signs_is_read_back_exactly(amount, thousands, data):
    point = data.draw(st.sampled_from(sorted({",", "."} - {thousands})))
    text = f"{amount:,.2f}".translate({ord(","): thousands, ord("."): point})
    assert read_amount(text, "EUR") == amount


@pytest.mark.sweep
@given(st.text("0123456789.,' ", min_size=1, max_size=12))
def test_no_text_is_read_as_other_digits_than_it_has(text):
    try:
        amount = str(read_amount(text, "EUR"))
    except AmountNotRead:
        return
    digits = re.sub("[^0-9]", "", text)
    assert amount.replace(".", "").strip("0") == digits.strip("0")
