"""A reader of DATEV's batches of postings, written from the rules alone: it refuses whatever they do not allow.

The one other reader that knows 700/21/13, PyPI's mloda-community-german-ledger 0.11, is not among the pinned packages:
it brings a data platform along (mloda and pyarrow, 200 MB installed) that nothing else here needs. Asked by hand on
2026-11-29, it read twelve months of such files, each with as many postings and the same sum as the movements.
"""

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

FIELD = re.compile(r'("(?:[^"]|"")*"|[^";]*)(;|$)')
AMOUNT = re.compile(r"\d{1,10},\d{2}")
TEXTS_OF_THE_HEAD = {1, 4, 8, 9, 10, 17, 18, 22, 24, 27, 30, 31}
COLUMNS = 125


class Posting(NamedTuple):
    amount: Decimal  # above 0: debited to the account
    account: str
    contra: str
    day: date
    receipt: str


def read_batch(content):
    """(head, names, postings). Raises AssertionError."""
    assert not content.startswith(b"\xef\xbb\xbf")
    text = content.decode("cp1252")
    assert text.endswith("\r\n")
    lines = text.split("\r\n")[:-1]
    assert not any(sign in line for line in lines for sign in "\r\n")
    head, names, *rows = map(split_line, lines)
    assert len(head) == 31
    assert len(names) == len(set(names)) == COLUMNS
    assert [number for number, field in enumerate(head, 1) if field.startswith('"')] <= sorted(TEXTS_OF_THE_HEAD)
    assert head[:5] == ['"EXTF"', "700", "21", '"Buchungsstapel"', "13"]
    begins, first, last = (date.fromisoformat(head[number - 1]) for number in (13, 15, 16))
    assert begins <= first <= last < begins.replace(year=begins.year + 1)
    return head, names, [read_posting(row, first, last, int(head[13])) for row in rows]


def split_line(line):
    fields, at = [], 0
    while True:
        found = FIELD.match(line, at)
        assert found, line[at:]
        fields.append(found[1])
        at = found.end()
        if not found[2]:
            return fields


def read_posting(row, first, last, length):
    assert len(row) == COLUMNS
    assert AMOUNT.fullmatch(row[0]), row[0]
    amount = Decimal(row[0].replace(",", "."))
    assert amount > 0
    assert row[1] in ('"S"', '"H"')
    assert len(row[6]) == len(row[7]) == length
    assert re.fullmatch(r"\d{4}", row[9])
    day = next(
        found
        for year in (first.year, last.year)
        if first <= (found := date(year, int(row[9][2:]), int(row[9][:2]))) <= last
    )
    assert row[13].startswith('"')
    assert len(row[13]) <= 62
    return Posting(amount if row[1] == '"S"' else -amount, row[6], row[7], day, row[10].strip('"'))
