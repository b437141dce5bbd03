"""What a telephone number is, however it was typed: one form for each, E.164.

phonenumbers reads letters as keys of a telephone ("+43 664 1234567 Eva" becomes +436641234567382, a valid number) and
takes an extension it does not know for digits of the number, so both are cut off before it is asked. A number of one
town, typed without its area code, it takes for a number of another town (5500003 in Germany becomes +495500003).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from clientline.late_imports import import_when_used

if TYPE_CHECKING:
    import phonenumbers
else:
    phonenumbers = import_when_used("phonenumbers")

LABEL = re.compile(
    r"\W*(tel(efono?|ephone|éfono|ef)?|phone|mob(ile?|iltelefon|iel)?|handy|cell|privat|fon|kom)\b[\s.:]*",
    re.IGNORECASE,
)
EXTENSION = re.compile(r"(?:extension|ext|x|app|apparat|dw|durchwahl|poste|wew)[\s.:]*(\d{1,7})\b", re.IGNORECASE)
# Between several numbers in one field. The stroke also stands within one: 030/123456.
PARTED = re.compile(r"[,;/\n]|\b(?:oder|or|et|und|and|y|lub)\b", re.IGNORECASE)
# What a spreadsheet makes of a number that it took for a sum: its last digits are lost.
ROUNDED = re.compile(r"[+-]?\d+([.,]\d+)?E[+-]?\d+", re.IGNORECASE)
ASCII_DIGITS = re.compile(r"[0-9]+")
LETTER = re.compile(r"[^\W\d_]")
INTERNATIONAL = re.compile(r"\+[1-9][0-9 ().-]*[0-9]")
NATIONAL = re.compile(r"0[1-9][0-9 ./-]*[0-9]")
SHORTEST, LONGEST_NATIONAL = 5, 14  # digits behind a country's code; beyond these phonenumbers is asked
KINDS = (
    "mobile", "fixed_line", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan",
    "voicemail",
)  # fmt: skip
LONGEST_READ = 250  # characters: what phonenumbers takes


@dataclass(frozen=True)
class Telephone:
    """`e164` is '' where no valid number can be read; `rest` is what was typed besides the first number."""

    e164: str = ""
    extension: str = ""
    rest: str = ""

    @property
    def takes_messages(self) -> bool:
        """Whether a text message reaches somebody: behind an extension nobody reads it."""
        return bool(self.e164) and not self.extension


def read_telephone(text: str, country: str) -> Telephone:
    """The first number in `text`, as it is dialled in `country` (ISO 3166; '' reads those with a leading + only)."""
    text = LABEL.sub("", text.strip().lstrip("'’"), count=1).strip() if text else ""
    if not text or len(text) > LONGEST_READ or ROUNDED.fullmatch(text):
        return Telephone(rest=text)
    return _take_first(text, country) or _read_one(text, country)


def write_e164(text: str, country: str) -> str:
    """The number in `text` as E.164, like +491705500003; '' where none can be read."""
    return read_telephone(text, country).e164


def keep_digits(text: str) -> str:
    """The digits alone, in ASCII, whichever script they were typed in."""
    if text.isascii():
        return "".join(ASCII_DIGITS.findall(text))
    return "".join(str(int(each)) for each in text if each.isdecimal())


def _take_first(text: str, country: str) -> Telephone | None:
    """The first of several numbers; None where what stands before the first stroke or comma is not one."""
    mark = PARTED.search(text)
    if not mark or not mark.start():
        return None
    first = _read_one(text[: mark.start()], country)
    if not first.e164:
        return None
    return Telephone(first.e164, first.extension, f"{first.rest} {text[mark.end() :]}".strip())


def _read_one(text: str, country: str) -> Telephone:
    letter = LETTER.search(text)
    number, tail = (text[: letter.start()], text[letter.start() :]) if letter else (text, "")
    extension = EXTENSION.match(tail)
    return Telephone(
        e164=_parse(number, country),
        extension=extension[1] if extension else "",
        rest=(tail[extension.end() :] if extension else tail).strip(),
    )


def _parse(text: str, country: str) -> str:
    if e164 := _take_as_it_stands(text, country):
        return e164
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_valid_number(number) or _may_lack_its_area(text, number, country):
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _may_lack_its_area(text: str, number: "phonenumbers.PhoneNumber", country: str) -> bool:
    """Whether it may be a number of the caller's own town: no 0 before it, on a line, where these differ in length.

    Where all are equally long, or for a mobile, only the 0 was lost, as spreadsheets do.
    """
    is_bare = country and keep_digits(text) == str(number.national_number)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country) if is_bare else None
    if metadata is None or metadata.national_prefix != "0":
        return False
    is_line = phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.FIXED_LINE
    lines, all_kinds = metadata.fixed_line, metadata.general_desc
    lengths = (lines and lines.possible_length) or (all_kinds and all_kinds.possible_length) or ()
    return is_line and len(lengths) > 1


def _take_as_it_stands(text: str, country: str) -> str:
    """What phonenumbers would make of a whole number with its + or its 0, in a tenth of the time; '' where it is asked.

    That is where a 0 or another prefix may stand behind the country's code, which it takes out, where countries share
    a code, and where the number is none.
    """
    if INTERNATIONAL.fullmatch(text):
        digits = keep_digits(text)
        code = find_country_code(digits)
        national = digits[len(code) :]
    elif country and NATIONAL.fullmatch(text):
        code, national = _find_code_behind_0(country), keep_digits(text)[1:]
    else:
        return ""
    plan = _find_plan(code)
    return f"+{code}{national}" if plan and plan.holds(national) else ""


@dataclass(frozen=True)
class _Plan:
    """The numbers behind a country's code, as phonenumbers' metadata have them."""

    code: int
    prefix: re.Pattern[str]  # what may stand before a number and is none of it, a 0 in any case
    # With the lengths of each, none for any. Nothing where countries share the code: then phonenumbers is asked.
    kinds: tuple[tuple[re.Pattern[str], frozenset[int]], ...]

    def holds(self, national: str) -> bool:
        """Whether it is a valid number as it stands."""
        length = len(national)
        if self.prefix.match(national) or not SHORTEST <= length <= LONGEST_NATIONAL:
            return False
        if not self.kinds:
            number = phonenumbers.PhoneNumber(country_code=self.code, national_number=int(national))
            return phonenumbers.is_valid_number(number)
        return any((not lengths or length in lengths) and kind.fullmatch(national) for kind, lengths in self.kinds)


def find_country_code(digits: str) -> str:
    """The country's code with which the digits of an international number begin; '' for none."""
    return _find_code(digits[:3])


@lru_cache(maxsize=1_000)
def _find_code(digits: str) -> str:
    codes = (digits[:length] for length in range(1, len(digits) + 1))
    return next((code for code in codes if int(code) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE), "")


@cache
def _find_code_behind_0(country: str) -> str:
    """The code of a country where a number has a 0 before it and an international one 00, and nothing else; or ''."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    if metadata is None or (metadata.national_prefix_for_parsing, metadata.international_prefix) != ("0", "00"):
        return ""
    return str(metadata.country_code)


@cache
def _find_plan(code: str) -> _Plan | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code or 0), ())
    if not regions:
        return None
    metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(int(code), regions[0])
    if metadata is None:
        return None
    prefix = re.compile("|".join(filter(None, ("0", metadata.national_prefix_for_parsing))))
    return _Plan(int(code), prefix, tuple(_list_kinds(metadata)) if len(regions) == 1 else ())


def _list_kinds(metadata: "phonenumbers.PhoneMetadata") -> Iterator[tuple[re.Pattern[str], frozenset[int]]]:
    """What makes a number valid, the commonest first."""
    every = metadata.general_desc
    for kind in (getattr(metadata, name) for name in KINDS):
        if every and kind and kind.national_number_pattern:
            # Of every kind, the general description has to match, too.
            both = re.compile(f"(?=(?:{every.national_number_pattern})$)(?:{kind.national_number_pattern})")
            yield both, frozenset(kind.possible_length or every.possible_length or ())
