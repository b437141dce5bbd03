"""The words by which people are found: those kept for each of them, and the spans of words that a search asks for.

Text comparison in the C collation is leakproof, so spans are found by an index behind row security, where LIKE and its
like would read the rows of all organizations. Hence prefixes as spans, and telephones' ends as prefixes of numbers
written backwards.
"""

import re
from dataclasses import dataclass
from itertools import chain

from clientline.folding import APOSTROPHE, fold, fold_words, write_out, write_short
from clientline.telephones import find_country_code, keep_digits, write_e164

LONGEST = 100  # characters of a word that count: an entry of an index has its limit
FEWEST_DIGITS = 4  # of a telephone number
FEWEST_BEGUN = 3  # of them where its beginning is typed, without the 0
# What marks digits of telephones, so that they are no words: from the front, and from the end.
FRONT, END = ">", "<"
# Sort behind whatever goes on, and behind nothing but the word itself.
BEHIND_ALL, BEHIND_ITSELF = "\U0010ffff", "\x01"

PARTED_BY_HYPHENS = re.compile(r"[^\W_]+(?:[-‐‑–][^\W_]+)+")
TRUNK_IN_BRACKETS = re.compile(r"\(0\)")
INTERNATIONAL = re.compile(r"\s*(\+|00)")
ADDRESS_OR_APOSTROPHE = re.compile(rf"(\S*@\S*)|{APOSTROPHE.pattern}")
TERM = re.compile(
    r"(?P<address>\S*@\S*)"
    r"|(?P<number>(?<!\w)\+?\s*\(?\d(?:[\d\s()/.+-]*\d)?(?!\w))"
    r"|(?P<word>[^\W_]+)"
)


@dataclass(frozen=True)
class Span:
    """Words from `first` on, before `last`."""

    first: str
    last: str


# A term is found where one of its spans has a word.
Term = tuple[Span, ...]


def make_words(*, name: str, addresses: tuple[str, ...], phone: str, phone_e164: str) -> list[str]:
    """All that is kept for somebody, sorted. The one function that says what; every writer asks it."""
    found = _name_words(name)
    for address in filter(None, addresses):
        found |= {fold(address), *fold_words(address.partition("@")[0])}
    found |= set(_list_phone_words(phone, phone_e164))
    return sorted({word[:LONGEST] for word in found if word})


def _name_words(name: str) -> set[str]:
    words = set(fold_words(name))
    if APOSTROPHE.search(name):
        words |= {part for part in fold_words(APOSTROPHE.sub(" ", name)) if len(part) > 1}
    if "-" in name or not name.isascii():
        words |= {"".join(fold_words(compound)) for compound in PARTED_BY_HYPHENS.findall(name)}
    if not name.isascii():
        words |= set(fold_words(write_out(name)))
    return words.union(write_short(" ".join(words)).split())


def _list_phone_words(phone: str, phone_e164: str) -> list[str]:
    digits = keep_digits(phone_e164) or keep_digits(phone).lstrip("0")
    if len(digits) < FEWEST_DIGITS:
        return []
    national = _drop_country(digits) if phone_e164 else digits
    return [END + digits[::-1], FRONT + national.lstrip("0")]


def _drop_country(digits: str) -> str:
    """What is dialled inside the country, of the digits of an E.164 number."""
    return digits[len(find_country_code(digits)) :]


def read_terms(text: str, country: str) -> list[Term]:
    """What a search asks for, all of it; numbers as they are dialled in `country` ('' where that is not known).

    No term: nothing that anybody could be found by. Each once: of a hundred, PostgreSQL would plan for a second.
    """
    # An apostrophe parts no word; of an address it is a part, and kept as such.
    plain = ADDRESS_OR_APOSTROPHE.sub(r"\1", text)
    return list(dict.fromkeys(chain.from_iterable(_read_term(match, country) for match in TERM.finditer(plain))))


def _read_term(match: re.Match[str], country: str) -> list[Term]:
    if match["address"]:
        return [(_span_prefix(fold(match["address"])),)]
    if match["number"] and len(keep_digits(match["number"])) >= FEWEST_DIGITS:
        return [_read_number(match["number"], country)]
    return [_read_word(word) for word in fold_words(match[0])]


def _read_word(word: str) -> Term:
    """By its beginning; and as a whole without what stands for dots: who types Mueller finds Muller."""
    short = write_short(word)
    return (_span_prefix(word), _span_word(short)) if short != word else (_span_prefix(word),)


def _read_number(text: str, country: str) -> Term:
    """A telephone's end or beginning; digits that stand together may be a word, too."""
    is_international = bool(INTERNATIONAL.match(text))
    digits = keep_digits(TRUNK_IN_BRACKETS.sub("", text) if is_international else text)
    # Without what stands before a number of the country, or with a + or 00 before one of any.
    core = digits.lstrip("0")
    ends = {digits, keep_digits(write_e164(text, country)), core if len(core) >= FEWEST_DIGITS else ""} - {""}
    begin = _drop_country(core).lstrip("0") if is_international else core
    words = fold_words(text)
    found = [END + each[::-1] for each in ends] + [FRONT + begin] * (len(begin) >= FEWEST_BEGUN)
    return tuple(_span_prefix(each) for each in sorted(found + words * (len(words) == 1)))


def _span_prefix(prefix: str) -> Span:
    prefix = prefix[:LONGEST]
    return Span(prefix, prefix + BEHIND_ALL)


def _span_word(word: str) -> Span:
    word = word[:LONGEST]
    return Span(word, word + BEHIND_ITSELF)
