"""Folding letter by letter, each looked up, is folding the whole text."""

import unicodedata

from clientline.folding import KEPT, SINGLE, fold


def fold_whole(text):
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(SINGLE)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


def test_each_letter_is_folded_as_within_a_text():
    letters = [chr(code) for code in (*range(0x80, KEPT + 0x200), *range(0xAC00, 0xAD00), *range(0x1D400, 0x1D500))]
    # Between others that decompose, and before marks that a decomposition would put in another order.
    texts = [f"Å{letter}\u0301x\u0327é{letter}" for letter in letters]
    assert [text for text in texts if fold(text) != fold_whole(text)] == []
