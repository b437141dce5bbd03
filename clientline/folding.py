"""Words as they are compared: without case, accents and punctuation, so that people find what others wrote otherwise.

Müller, Muller and Mueller are one, so are Łódź and Lodz, O'Neill and ONeill, Straße and Strasse.
"""

import re
import unicodedata

# What no decomposition takes apart, as it is written without the letter.
SINGLE = str.maketrans(
    {"ł": "l", "đ": "d", "ð": "d", "ø": "o", "ı": "i", "ħ": "h", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe", "ŋ": "n"}
)
APOSTROPHE = re.compile("['’‘ʼʹ´`′＇]")
WORD = re.compile(r"[^\W_]+")
WRITTEN_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
TWO_FOR_ONE = re.compile("([aou])e|(a)a")
KEPT = 0x3000  # below it are the letters with cases and accents


class _Folded(dict[int, str]):
    """What each character becomes, made when it first comes: no other letter beside it changes that."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", chr(code).casefold()).translate(SINGLE)
        folded = "".join(each for each in decomposed if not unicodedata.combining(each))
        if code < KEPT:
            self[code] = folded
        return folded


FOLDED = _Folded()


def fold(text: str) -> str:
    """Case and accents gone: ß is ss, é e, ł l, and ς σ."""
    return text.lower() if text.isascii() else text.translate(FOLDED)


def fold_words(text: str) -> list[str]:
    """The folded words of `text`, in their order; an apostrophe parts none."""
    return WORD.findall(fold(APOSTROPHE.sub("", text)))


def write_out(text: str) -> str:
    """With ae, oe, ue for the vowels that have dots, as who lacks the keys writes them."""
    return unicodedata.normalize("NFC", text.casefold()).translate(WRITTEN_OUT)


def write_short(word: str) -> str:
    """The opposite, of a folded word: muller for mueller."""
    return TWO_FOR_ONE.sub(r"\1\2", word)
