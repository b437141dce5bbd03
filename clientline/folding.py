"""Words as they are compared: without case, accents and punctuation, so that people find what others wrote otherwise.

Müller and Muller are one, so are Łódź and Lodz, O'Neill and ONeill, Straße and Strasse.
"""

import re
import unicodedata

# What no decomposition takes apart, as it is written without the letter.
SINGLE = str.maketrans(
    {"ł": "l", "đ": "d", "ð": "d", "ø": "o", "ı": "i", "ħ": "h", "ŧ": "t", "þ": "th", "æ": "ae", "œ": "oe", "ŋ": "n"}
)
APOSTROPHES = re.compile("['’‘ʼʹ´`′＇]")
WORD = re.compile(r"[^\W_]+")


def fold(text: str) -> str:
    """Case and accents gone: ß is ss, é e, ł l, and ς σ."""
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(SINGLE)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def fold_words(text: str) -> list[str]:
    """The folded words of `text`, in their order; an apostrophe parts none."""
    return WORD.findall(fold(APOSTROPHES.sub("", text)))
