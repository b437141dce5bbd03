"""Names of people: what is one, and how it is read, “Weber, Kim” as Kim Weber."""

import re
import unicodedata

from django.utils.translation import gettext

# In capitals where the same letters are a name: Md is Mohammed's short one, Sa a family's.
SUFFIX = re.compile(r"((?i:jr|sr|ii|iii|iv|ph\.?d|dds|esq|ll\.m|m\.a|m\.sc|b\.a|b\.sc|mba)|MD|M\.D)\.?")
FIRM = re.compile(r"((?i:gmbh|mbh|gbr|ohg|ag|kg|ug|eg|e\.k|e\.v|partg|inc|llc|ltd|sl|sarl|s\.a|s\.l)|SA)\.?")
TITLE = re.compile(
    r"(?i:(dr|prof|mr|mrs|ms|mx|miss|sir|herr|frau|mme|dipl\.-?\w+)\.?"
    r"|(hr|fr|med|dent|vet|rer|nat|phil|jur|pol|oec|habil|h\.c|mag|ing|priv|doz)\.)"
)

# Letters and signs in Unicode's eyes that are drawn as nothing: fillers of Hangul, the blank pattern of Braille.
BLANK = frozenset("\u115f\u1160\u3164\uffa0\u2800")
# They would turn around what stands behind the name, too, on pages, in mails and files. The marks for one place
# (U+200E, U+200F, U+061C) and joiners are not among them: names are written with these.
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def find_fault_of_name(name: str) -> str:
    """What is wrong with a name that anybody types or a file holds; '' of one that people can read."""
    if not any(_is_seen(each) for each in name):
        return gettext("Write a name that can be seen.")
    if TURNING & set(name):
        return gettext("Leave out the hidden signs that turn the direction of writing around.")
    return ""


def _is_seen(sign: str) -> bool:
    return unicodedata.category(sign)[0] in "LNPS" and sign not in BLANK


def put_given_first(name: str) -> str:
    """The name on one line as it is said, “Weber, Dr. Kim” as Dr. Kim Weber; a firm's, and one of an unknown order, as
    it is.
    """
    parts = [" ".join(part.split()) for part in name.split(",")]
    told = [part for part in parts if part]
    titles = [part for part in told[1:] if _is_all(TITLE, part)]
    suffixes = [part for part in told[1:] if _is_all(SUFFIX, part)]
    names = told[:1] + [part for part in told[1:] if part not in titles + suffixes]
    if _is_firm(told) or len(names) > 2:
        return ", ".join(told)
    return ", ".join([" ".join([*titles, *_turn(names)]), *suffixes])


def _turn(names: list[str]) -> list[str]:
    """The family behind the given names, and what “Smith, John Jr.” ends in behind that."""
    if len(names) < 2:
        return names
    given, behind = _split_suffixes(names[1].split())
    return [*given, names[0], *behind]


def _split_suffixes(words: list[str]) -> tuple[list[str], list[str]]:
    """The words of a name, one at least, and those behind it that are none."""
    end = len(words)
    while end > 1 and _is_suffix(words[end - 1]):
        end -= 1
    return words[:end], words[end:]


def _is_suffix(word: str) -> bool:
    return bool(SUFFIX.fullmatch(word.strip(",")))


def _is_all(kind: re.Pattern[str], part: str) -> bool:
    return all(kind.fullmatch(word) for word in part.split())


def _is_firm(parts: list[str]) -> bool:
    """Whether a part ends in a legal form; all of the first one is a family's name, as Ag or Eg may be."""
    ends = [part.split() for part in parts]
    return any(FIRM.fullmatch(words[-1]) and (at or len(words) > 1) for at, words in enumerate(ends))


def find_first_name(name: str) -> str:
    """The first word of the given names, behind titles that are not all there is; '' of a name without a word."""
    words = [word.strip(",") for word in _split_suffixes(put_given_first(name).split())[0]]
    at = next((at for at, word in enumerate(words) if not TITLE.fullmatch(word)), 0)
    # Of “Dr. Weber” no given name is told, and a family name is none.
    return "".join(words[:1] if at == len(words) - 1 else words[at : at + 1])


def put_family_last(name: str) -> str:
    """The name with its family name behind the others, and nothing behind that."""
    family, _, behind = put_given_first(name).partition(",")
    words = [*(word for word in behind.split() if not _is_suffix(word)), *family.split()]
    return " ".join(_split_suffixes(words)[0])
