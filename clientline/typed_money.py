"""Money as people type it: one reader, whatever their language and browser. It reads; nothing here writes.

Read in EUR: `39,50`, `39.50`, `39,5`, `.50`, `1405`, `1.405,00`, `1,405.00`, `1'405.00`, `1 405,00`, `1,405,000`.
Whether comma or point is the decimal sign follows from the text alone, never from a language: it is the last sign,
stands once, and what parts thousands before it is another. Apostrophes and blanks part thousands only, always in
threes. Digits of every script count, because their value is never in doubt.

Asked back: `1,405` and `1.405`, which are thousands to one half of the world and decimals to the other. A currency
without a smaller unit knows one reading. One with three decimals knows both: `1405.000` and `1.4050` say which.

Refused: all else. Letters, currencies, plus and minus, thousands not in threes (`1,00,000`), a sign without digits
behind it, zeros in front (`050`, perhaps 0.50), and more decimals than the currency has. Zeros behind the last
decimal say nothing (`4500.00` JPY) unless they make up threes: `1405,000` is perhaps a thousand times as much.
"""

import re
from decimal import Decimal

from django.utils.translation import gettext, gettext_lazy

from clientline.currencies import count_decimals
from clientline.languages import Said

LONGEST = 40  # characters
SEPARATORS = ",."
THOUSANDS_ONLY = "'\u2019 \u00a0\u202f"
READABLE = re.compile(f"[0-9{re.escape(SEPARATORS + THOUSANDS_ONLY)}]+")
SIGNED = tuple("+-\u2212\u2010\u2013")
AT_MOST = {
    2: gettext_lazy("Write at most two decimals."),
    3: gettext_lazy("Write at most three decimals."),
}


class AmountNotRead(ValueError):
    """What was typed is no amount. `code` is for programs, the text a sentence for people."""

    code = "invalid"
    sentence: Said = gettext_lazy("Write the amount in digits alone, like 39.50, without letters or currency.")

    def __init__(self, sentence: Said = ""):
        super().__init__(sentence or self.sentence)


class AmountMissing(AmountNotRead):
    code = "required"
    sentence: Said = gettext_lazy("Write an amount.")


class AmountTooLong(AmountNotRead):
    code = "too_long"
    sentence: Said = gettext_lazy("This is too long for an amount.")


class AmountSigned(AmountNotRead):
    code = "signed"
    sentence: Said = gettext_lazy("Write the amount without plus or minus.")


class AmountCutShort(AmountNotRead):
    code = "cut_short"
    sentence: Said = gettext_lazy("Digits are missing behind the last sign.")


class ZerosInFront(AmountNotRead):
    code = "zeros_in_front"
    sentence: Said = gettext_lazy("Write the amount without zeros in front.")


class ThousandsNotInThrees(AmountNotRead):
    code = "thousands"
    sentence: Said = gettext_lazy(
        "Part thousands in threes, like 1,405.00, or write the digits without signs between them."
    )


class TooManyDecimals(AmountNotRead):
    code = "decimals"

    def __init__(self, currency: str):
        decimals = count_decimals(currency)
        whole = gettext("%(currency)s has no smaller unit. Write a whole amount.") % {"currency": currency}
        super().__init__(AT_MOST[decimals] if decimals else whole)


class AmountAmbiguous(AmountNotRead):
    """`readings` are the amounts that may be meant: with thousands, with decimals."""

    code = "ambiguous"

    def __init__(self, text: str, currency: str, readings: tuple[Decimal, Decimal]):
        self.readings = readings
        thousands, decimals = readings
        first, second = (f"{each} {currency}".strip() for each in readings)
        # The second has three decimals, and typed like that it would be asked back again.
        clear = f"{decimals}0" if count_decimals(currency) == 3 else f"{decimals:.2f}"
        either = gettext("Is “%(text)s” %(first)s or %(second)s? Write %(thousands)s or %(decimals)s.")
        # Cut to what fits, it would be another amount than was typed.
        one = gettext(
            "Is “%(text)s” %(first)s? Then write %(thousands)s. %(second)s has more decimals than the currency."
        )
        said = {"text": text, "first": first, "second": second, "thousands": thousands, "decimals": clear}
        super().__init__((either if Decimal(clear) == decimals else one) % said)


def read_amount(text: str, currency: str = "") -> Decimal:
    """The amount that `text` says in this currency, with its decimals; without a currency, with two.

    Never negative, of any size. Raises AmountNotRead: one of the classes above.
    """
    text = text.strip()
    _refuse_unreadable(text)
    digits = _write_in_ascii(text)
    whole, decimals = _join_thousands(digits), _split_decimals(digits)
    if whole and decimals and count_decimals(currency):
        raise AmountAmbiguous(text, currency, (_make_amount(whole, "", currency), Decimal(".".join(decimals))))
    if whole:
        return _make_amount(whole, "", currency)
    if decimals:
        return _make_amount(*decimals, currency)
    raise ThousandsNotInThrees


def _write_in_ascii(text: str) -> str:
    return "".join(str(int(each)) if each.isdecimal() else each for each in text)


def _refuse_unreadable(text: str) -> None:
    if not text:
        raise AmountMissing
    if len(text) > LONGEST:
        raise AmountTooLong
    if text.startswith(SIGNED):
        raise AmountSigned
    digits = _write_in_ascii(text)
    if not READABLE.fullmatch(digits) or not re.search("[0-9]", digits):
        raise AmountNotRead
    if not digits[-1].isdigit():
        raise AmountCutShort
    if re.match("0[0-9]", digits):
        raise ZerosInFront


def _join_thousands(digits: str) -> str:
    """The digits of a whole amount, parted in threes by one and the same sign or by none; "" where it is none."""
    parted = re.fullmatch(rf"[1-9][0-9]{{0,2}}([{SEPARATORS}{THOUSANDS_ONLY}])[0-9]{{3}}(?:\1[0-9]{{3}})*", digits)
    return re.sub("[^0-9]", "", digits) if parted or digits.isdigit() else ""


def _split_decimals(digits: str) -> tuple[str, str] | None:
    """The digits before and behind a decimal sign, which parts no thousands; None where there is none."""
    parted = re.fullmatch(rf"(.*)([{SEPARATORS}])([0-9]+)", digits)
    if not parted or parted[2] in parted[1]:
        return None
    whole = _join_thousands(parted[1] or "0")
    return (whole, parted[3]) if whole else None


def _make_amount(whole: str, decimals: str, currency: str) -> Decimal:
    """Raises TooManyDecimals."""
    fitting, more = decimals[: count_decimals(currency)], decimals[count_decimals(currency) :]
    if more and (more.strip("0") or len(decimals) % 3 == 0):
        raise TooManyDecimals(currency)
    return Decimal(f"{whole}.{fitting:0<{count_decimals(currency)}}".rstrip("."))
