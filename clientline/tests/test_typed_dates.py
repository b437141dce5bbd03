"""The reader of typed days: the right day or a question, never another day."""

from datetime import UTC, date
from types import SimpleNamespace

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from clientline import places
from clientline.styles import find_style, list_short_dates
from clientline.typed_dates import DateAmbiguous, DateNotRead, find_order, read_date, write_example
from clientline.zones import list_countries

LAST = date(2026, 11, 30)


def test_where_there_is_one_reading_no_country_is_needed():
    for typed in (
        ("2026-11-30", ""),
        ("2026/11/30", "US"),
        ("30.11.2026", ""),
        ("30.11.2026", "US"),
        ("30. 11. 2026", "DE"),
        ("30/11/2026", ""),
        ("30/11/2026", "US"),
        ("30-11-2026", "NL"),
        ("11/30/2026", ""),
        ("11/30/2026", "GB"),
        (" 30.11.2026 ", "AT"),
    ):
        assert read_date(*typed) == LAST, typed


def test_what_may_be_two_days_is_the_one_of_the_country():
    days = dict.fromkeys(("US", "PR"), date(2026, 11, 12))
    days |= dict.fromkeys(("GB", "IE", "AU", "IN", "DE", "AT", "CH"), date(2026, 12, 11))
    assert {country: read_date("11/12/2026", country) for country in days} == days


def test_points_are_never_american():
    assert read_date("11.12.2026", "US") == date(2026, 12, 11)


def read_or_refuse(text, country):
    """The day, or why there is none."""
    try:
        return read_date(text, country)
    except (DateAmbiguous, DateNotRead) as refusal:
        return refusal


def test_it_is_asked_back_where_the_country_does_not_say():
    asked = "Is “11/12/2026” 11 December 2026 or 12 November 2026? Write 2026-12-11 or 2026-11-12."
    for country in ("", "CA", "ZA", "SE", "JP", "XX"):
        question = read_or_refuse("11/12/2026", country)
        assert (type(question), str(question)) == (DateAmbiguous, asked), country
        assert question.readings == (date(2026, 12, 11), date(2026, 11, 12)), country
        assert read_date("11/11/2026", country) == date(2026, 11, 11), country


def test_all_else_is_refused_with_an_example_of_the_place():
    texts = "|30.11.|30.11.26|30.11.2026.1|31/11-2026|30 November 2026|１１/30/2026x|tomorrow|2026-11"
    for text in texts.split("|"):
        refusal = read_or_refuse(text, "US")
        assert (type(refusal), str(refusal)) == (DateNotRead, "Write a date like 12/31/2026."), text
        assert refusal.code == "invalid", text


def test_no_day_is_made_of_none():
    for text in ("31.11.2026", "2026-02-29", "31/13/2026", "0.1.2026", "1.1.0000"):
        refusal = read_or_refuse(text, "DE")
        assert (type(refusal), "no such day" in str(refusal)) == (DateNotRead, True), text


def test_the_question_is_put_in_the_forms_of_the_place():
    places.enter(SimpleNamespace(zone=UTC, country="CA"))
    with translation.override("en"), pytest.raises(DateAmbiguous, match="Is “1/2/2026” February 1, 2026 or January 2"):
        read_date("1/2/2026", "CA")
    places.leave()


def test_an_example_is_what_the_country_types():
    examples = {"US": "12/31/2026", "GB": "31/12/2026", "DE": "31.12.2026", "CA": "2026-12-31"}
    assert {country: write_example(country) for country in examples} == examples
    assert {read_date(example, country) for country, example in examples.items()} == {date(2026, 12, 31)}


@pytest.mark.sweep
@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.sampled_from(sorted(list_countries())))
def test_what_a_country_writes_in_figures_is_read_as_that_day(day, country):
    style = find_style("en", country)
    for pattern in list_short_dates(country):
        typed = style.write_by_pattern(day, pattern.replace("yy", "y").replace("GGGGG", "").strip())
        try:
            assert read_date(typed, country) == day
        except DateAmbiguous as question:
            assert day in question.readings and find_order(country) == ""
        except DateNotRead:
            assert not typed.replace(" ", "").replace(".", "/").replace("-", "/").replace("/", "").isdigit()
