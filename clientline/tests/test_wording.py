"""Figures, days and clocks as the reader's language and the place's country write them."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from types import SimpleNamespace

import pytest
from babel import dates
from django.utils import translation

from clientline import places, wording
from clientline.languages import write_to_keep
from clientline.styles import find_style

DAY, CLOCK = date(2026, 12, 5), time(14, 30)


@pytest.fixture
def write():
    """What a function of `wording` writes in a language, in a country."""

    def write(language, country, function, *told):
        places.enter(SimpleNamespace(zone=UTC, country=country))
        with translation.override(language):
            return function(*told)

    yield write
    places.leave()


def soften(text):
    """With blanks of one kind."""
    return text.replace("\xa0", " ").replace("\u202f", " ")


# As CLDR 47 has them.
def test_days_and_clocks_of_a_place(write):
    for language, country, day, short, long, clock, first in (
        ("en", "", "Sat 5 Dec 2026", "Sat 5 Dec", "Saturday, 5 December 2026", "14:30", "Mon"),
        ("en", "US", "Sat, Dec 5, 2026", "Sat, Dec 5", "Saturday, December 5, 2026", "2:30 PM", "Sun"),
        ("en", "GB", "Sat, 5 Dec 2026", "Sat 5 Dec", "Saturday, 5 December 2026", "14:30", "Mon"),
        ("en", "IE", "Sat 5 Dec 2026", "Sat, 5 Dec", "Saturday 5 December 2026", "14:30", "Mon"),
        ("en", "CA", "Sat, Dec 5, 2026", "Sat, Dec 5", "Saturday, December 5, 2026", "2:30 p.m.", "Sun"),
        ("en", "AU", "Sat 5 Dec 2026", "Sat 5 Dec", "Saturday, 5 December 2026", "2:30 pm", "Mon"),
        ("en", "ZA", "Sat, 05 Dec 2026", "Sat, 05 Dec", "Saturday, 05 December 2026", "14:30", "Sun"),
        ("en", "IN", "Sat, 5 Dec 2026", "Sat, 5 Dec", "Saturday, 5 December 2026", "2:30 PM", "Sun"),
        ("en", "DE", "Sat, 5 Dec 2026", "Sat, 5 Dec", "Saturday, 5 December 2026", "14:30", "Mon"),
        ("en", "BR", "Sat, 5 Dec 2026", "Sat, 5 Dec", "Saturday, 5 December 2026", "14:30", "Sun"),
        ("de", "", "Sa., 5. Dez. 2026", "Sa., 5. Dez.", "Samstag, 5. Dezember 2026", "14:30", "Mo"),
        ("de", "DE", "Sa., 5. Dez. 2026", "Sa., 5. Dez.", "Samstag, 5. Dezember 2026", "14:30", "Mo"),
        ("de", "AT", "Sa., 5. Dez. 2026", "Sa., 5. Dez.", "Samstag, 5. Dezember 2026", "14:30", "Mo"),
        ("de", "CH", "Sa., 5. Dez. 2026", "Sa., 5. Dez.", "Samstag, 5. Dezember 2026", "14:30", "Mo"),
        ("de", "US", "Sa., 5. Dez. 2026", "Sa., 5. Dez.", "Samstag, 5. Dezember 2026", "14:30", "So"),
    ):
        written = [
            write(language, country, function, DAY)
            for function in (wording.write_date, wording.write_short_date, wording.write_long_date)
        ]
        assert written == [day, short, long], (language, country)
        assert soften(write(language, country, wording.write_clock, CLOCK)) == clock, (language, country)
        assert write(language, country, wording.list_weekdays)[0] == first, (language, country)


def test_figures_of_a_place(write):
    for language, country, *expected in (
        ("en", "", "12,345", "0.5", "1,045.50 EUR", "12.5%"),
        ("en", "US", "12,345", "0.5", "€1,045.50", "12.5%"),
        ("en", "GB", "12,345", "0.5", "€1,045.50", "12.5%"),
        ("en", "AU", "12,345", "0.5", "EUR1,045.50", "12.5%"),
        ("en", "ZA", "12 345", "0,5", "€1 045,50", "12,5%"),
        ("en", "IN", "12,345", "0.5", "€1,045.50", "12.5%"),
        ("en", "DE", "12.345", "0,5", "1.045,50 €", "12,5 %"),
        ("de", "DE", "12.345", "0,5", "1.045,50 €", "12,5 %"),
        ("de", "AT", "12.345", "0,5", "€ 1.045,50", "12,5 %"),
        ("de", "CH", "12'345", "0.5", "EUR 1'045.50", "12.5%"),
    ):
        written = [
            write(language, country, wording.write_number, 12345),
            write(language, country, wording.write_number, 0.5, 1),
            write(language, country, wording.write_money, Decimal("1045.5"), "EUR"),
            write(language, country, wording.write_percent, 0.125, 1),
        ]
        assert [soften(each) for each in written] == expected, (language, country)


def test_weeks_begin_as_in_the_country_of_the_place(write):
    assert write("en", "US", wording.find_first_of_week, DAY) == date(2026, 11, 29)
    assert write("en", "GB", wording.find_first_of_week, DAY) == date(2026, 11, 30)
    assert write("en", "US", wording.find_first_of_week, date(2026, 11, 29)) == date(2026, 11, 29)
    assert write("en", "US", wording.order_weekdays) == [6, 0, 1, 2, 3, 4, 5]


def test_a_scale_names_hours_without_minutes_where_clocks_count_to_twelve(write):
    assert [soften(write("en", "US", wording.write_hour, hour)) for hour in (0, 9, 12, 24)] == [
        "12 AM",
        "9 AM",
        "12 PM",
        "12 AM",
    ]
    assert [write("en", "GB", wording.write_hour, hour) for hour in (0, 9, 24)] == ["00:00", "09:00", "24:00"]


def test_programs_of_a_page_get_the_clocks_to_put_minutes_in(write):
    american = [soften(each) for each in write("en", "US", wording.list_clocks)]
    assert (len(american), american[0], american[14]) == (24, "12:{} AM", "2:{} PM")
    assert write("de", "AT", wording.list_clocks)[9] == "09:{}"


def test_a_zero_below_zero_is_remembered_as_none(write):
    assert write("en", "", wording.write_money, Decimal("-0.00"), "EUR") == "0.00 EUR"
    assert write("en", "", wording.write_money, Decimal("0.00"), "EUR") == "0.00 EUR"


def test_what_is_written_again_costs_nothing(write, monkeypatch):
    local = datetime(2026, 12, 5, 14, 30, tzinfo=UTC)
    written = write("en", "NZ", wording.write_local_moment, local)
    monkeypatch.delattr(dates, "parse_pattern")
    assert write("en", "NZ", wording.write_local_moment, local) == written
    with pytest.raises(NameError):
        write("en", "NZ", wording.write_local_moment, local.replace(day=6))


def test_what_is_kept_is_of_no_place(write):
    local = datetime(2026, 12, 5, 14, 30, tzinfo=UTC)

    def keep():
        with write_to_keep():
            return wording.write_local_moment(local), wording.write_shared_moment(local)

    assert write("de", "US", keep) == ("Sat 5 Dec 2026 14:30", "2026-12-05 14:30")
    assert places.find_country() == "US"


def test_a_country_that_nobody_writes_in_has_the_form_of_its_language_in_the_world():
    assert find_style("en", "AQ").write_date(DAY, "yMMMEd") == "Sat, 5 Dec 2026"
    assert find_style("xx", "XX").write_date(DAY, "yMMMEd") == "Sat, 5 Dec 2026"
