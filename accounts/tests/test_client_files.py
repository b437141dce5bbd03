"""Client files of other products: whose columns are guessed, who is in them, what is wrong with which line."""

from datetime import date
from itertools import product

import pytest

from accounts.client_files import vcards
from accounts.client_files.dates import NotRead, WithoutYear, guess_order, read_birthday
from accounts.client_files.entries import Entry, Fault, read_entries
from accounts.client_files.headings import _ALIASES, FIELDS, find_faults, fold_heading, guess_fields
from accounts.client_files.tables import read_table
from accounts.tests.client_layouts import LAYOUTS
from clientline.web.sheets import Unreadable

TODAY = date(2026, 11, 29)


def entries_of(content, country=""):
    if vcards.is_vcards(content):
        table, fields = vcards.read_vcards(content), vcards.FIELDS
    else:
        table = read_table(content)
        fields = guess_fields(table.headings)
    born = [row.cells[fields.index("birthday")] for row in table.rows] if "birthday" in fields else []
    return read_entries(table, fields, order=guess_order(born, country), today=TODAY)


def test_the_layouts_of_other_products_are_read_as_they_come():
    for name, (content, people) in LAYOUTS.items():
        found = entries_of(content)
        assert (found.faults, found.good) == ([], people), name


@pytest.mark.parametrize("above", [[], [("Clients of 2026",), ("", "")]], ids=["", "below a title"])
def test_any_spreadsheets_csv_is_read(above):
    lines = [
        *above,
        (" E-Mail", "Shoe size", "NAME "),
        ("zoe@example.com", "38", "Zoë"),
        ("", "", ""),
        ("x@y.example",),
    ]
    good = [Entry(2 + len(above), "Zoë", "zoe@example.com")]
    faults = [Fault(4 + len(above), "NAME", "The name is missing.")]
    for how in product(",;\t", ("\n", "\r\n", "\r"), ("utf-8", "utf-8-sig", "utf-16", "cp1252")):
        separator, newline, encoding = how
        found = entries_of(newline.join(separator.join(line) for line in lines).encode(encoding))
        assert (found.good, found.faults) == (good, faults), how


def test_each_heading_means_one_thing():
    known = {(fold_heading(alias), field) for field, aliases in _ALIASES.items() for alias in aliases.split(";")}
    assert len({heading for heading, _ in known}) == len(known)
    assert {field for _, field in known} == set(FIELDS)


def test_a_part_of_a_heading_means_nothing():
    headings = ["E-mail 1 - Label", "Emergency phone", "Company Name", "Name Prefix", "Email opt-out", "Phone type"]
    assert guess_fields(headings) == [""] * 6


def test_of_what_a_person_has_once_the_first_column_is_taken():
    assert guess_fields(["Name", "Display Name", "Phone", "Mobile", "Tel"]) == ["name", "", "phone", "mobile", "phone"]


def test_a_choice_of_columns_is_judged():
    judged = {
        ("name", "email"): [],
        ("last_name",): [],
        ("email", "phone"): ["Choose the column that holds the names."],
        ("name", "birthday", "birthday"): ["Two columns are said to hold “Birthday”. Choose one."],
        ("name", "notes", "notes", "phone", "phone", "email", "email"): [],
    }
    assert {fields: find_faults(list(fields)) for fields in judged} == judged


def test_a_faulty_line_is_named_and_the_others_are_read():
    for cells, *fault in (
        ("Ann,nobody,,", "Email", "This is no e-mail address.", "nobody"),
        ("Ann,a\0b@example.com,,", "Email", "This is no e-mail address.", "a\0b@example.com"),
        ("A\0nn,,,", "Name", "Null characters are not allowed.", "A\0nn"),
        (",ann@example.com,,", "Name", "The name is missing.", ""),
        ("\u2060,,,", "Name", "Write a name that can be seen.", "\u2060"),
        (
            "A\u202enn,,,",
            "Name",
            "Leave out the hidden signs that turn the direction of writing around.",
            "A\u202enn",
        ),
        (f"{'A' * 201},,,", "Name", "This is longer than 200 characters.", "A" * 60),
        (f"Ann,,{'1' * 41},", "Phone", "This is longer than 40 characters.", "1" * 41),
        (
            "Ann,,4.91701E+11,",
            "Phone",
            "A spreadsheet shortened this number. Format the column as text.",
            "4.91701E+11",
        ),
        (
            'Ann,,"4,91701E+11",',
            "Phone",
            "A spreadsheet shortened this number. Format the column as text.",
            "4,91701E+11",
        ),
        ("Ann,,,31.2.1990", "Birthday", "There is no such day.", "31.2.1990"),
        ("Ann,,,soon", "Birthday", "This is no date.", "soon"),
        ("Ann,,,2030-01-01", "Birthday", "Nobody has this birthday.", "2030-01-01"),
        ("Ann,,,,1", "", "There are more cells than headings. Put a text with separators in quotes.", ""),
    ):
        found = entries_of(f"Name,Email,Phone,Birthday\nOne,,,\n{cells}\nTwo,,,\n".encode())
        assert found.faults == [Fault(3, *fault)], cells
        assert [entry.name for entry in found.good] == ["One", "Two"], cells


def test_names_are_turned_around_where_a_comma_says_so():
    names = {
        '"Stone, Ada"': "Ada Stone",
        '"Stone, Jr."': "Stone, Jr.",
        '"Stone GmbH, Berlin, Mitte"': "Stone GmbH, Berlin, Mitte",
        '"Stone, Ada, Jr."': "Ada Stone, Jr.",
        '"Stone, Ada & Partner GbR"': "Stone, Ada & Partner GbR",
        '"Stone,"': "Stone",
        "  Ada   Stone ": "Ada Stone",
    }
    assert {name: entries_of(f"Name;Email\n{name};\n".encode()).good[0].name for name in names} == names


def refusal_of(content):
    with pytest.raises(Unreadable) as refused:
        pytest.fail(f"{content[:40]} is read as {read_table(content)}")
    return str(refused.value)


def test_a_file_whose_encoding_is_not_known_is_refused():
    names = {"cp1251": "Пётр Иванов", "cp1250": "Łukasz Śliwa", "iso8859-2": "Łukasz Śliwa"}
    for encoding in ("cp1250", "mac_roman", "cp1251", "iso8859-2", "cp437", "utf-16-le"):
        content = f"name,email\n{names.get(encoding, 'Zoë Müller')},a@example.com\n".encode(encoding)
        assert "CSV UTF-8" in refusal_of(content), encoding


def test_what_western_windows_writes_is_read():
    for text in ("Zoë Müller, Straße 5°, “tea” – O´Neill’s, Nº 3", "Åse Ørsted", "Œuvre Šime Žak", "¿Qué? ½ £5"):
        assert read_table(f"name;notes\nAnn;{text}\n".encode("cp1252")).rows[0].cells[1] == text


@pytest.mark.sweep
def test_what_is_no_list_of_clients_is_refused_with_what_to_do():
    for content, told in (
        (b"", "It says: nothing."),
        (b"\n\n", "It says: nothing."),
        (b"name,email\n", "no line below its headings"),
        (b"PK\x03\x04" + b"\0" * 100, "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\x81\x8d" + bytes(range(256)), "This is no text."),
        (b"\xff\xfe\xd8", "This is no text."),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (b"name\n" + b"x\n" * 50_001, "more than 50,000 lines"),
    ):
        assert told in refusal_of(content)


def test_where_the_reading_stopped_is_named_too():
    for line in ('"Ann,ann@example.com', f"{'x' * 200_000},a@b.example", 'Ann "x,"y" z,1'):
        found = entries_of(f"name,email\nOne,nobody\n{line}\nTwo,nobody\n".encode())
        assert [fault.line for fault in found.faults] == [2, 3], line[:40]
        assert "were not read" in found.faults[1].reason, line[:40]


def test_lines_are_counted_as_an_editor_does():
    found = entries_of(b'name,email\n"Ann\nLee",ann@example.com\n\nBob,nobody\n')
    assert [(entry.line, entry.name) for entry in found.good] == [(2, "Ann Lee")]
    assert [(fault.line, fault.column) for fault in found.faults] == [(5, "email")]


# Birthdays


def test_a_whole_column_decides_whether_the_month_comes_first():
    orders = {
        ("4/5/1990", "15/4/1990", "US"): "day",
        ("4/5/1990", "4/15/1990", "DE"): "month",
        ("4.5.1990", "US"): "day",
        ("4/5/1990", "US"): "month",
        ("4/5/1990", "GB"): "day",
        ("4/5/1990", ""): "day",
        ("DE",): "day",
    }
    assert {(*column, country): guess_order(column, country) for *column, country in orders} == orders


def read_birthdays(texts):
    return {text: read_birthday(text, order="day", today=TODAY) for text in texts}


SPELLINGS = (
    "1990-04-15|1990/4/15|19900415|15.04.1990|15. 4. 90|15/4/90|15-04-1990|Apr 15, 1990|April 15th 1990|15. April 1990"
    "|15 avril 1990|15 de abril de 1990|15 kwietnia 1990|1990-04-15T00:00:00Z|15/04/1990 00:00".split("|")
)


def test_a_birthday_is_read_in_many_spellings():
    assert read_birthdays(SPELLINGS) == dict.fromkeys(SPELLINGS, date(1990, 4, 15))


def test_what_stands_for_no_birthday_is_none():
    nothing = ["", "  ", "0/0/00", "00.00.0000", "-"]
    assert read_birthdays(nothing) == dict.fromkeys(nothing)


def test_two_digits_are_the_last_such_year():
    years = {"29/11/26": 2026, "30/11/26": 1926, "01/01/27": 1927, "1/1/00": 2000}
    assert {text: born.year for text, born in read_birthdays(years).items()} == years


def test_what_is_no_birthday_is_refused():
    for text in ("32978", "15 April", "15/15/1990", "29.2.1991", "31.12.1899", "30.11.2026", "x", "٣/٣/١٩٩٠x"):
        with pytest.raises(NotRead):
            pytest.fail(f"{text} is read as {read_birthday(text, order='day', today=TODAY)}")


def test_a_birthday_without_its_year_tells_day_and_month():
    for text in ("--0415", "--04-15"):
        with pytest.raises(WithoutYear) as told:
            read_birthday(text, order="month", today=TODAY)
        assert (told.value.day, told.value.month) == (15, 4)
