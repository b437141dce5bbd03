"""Tax is contained in what visits cost. Tips and what cash was rounded by bear none."""

from decimal import ROUND_HALF_UP, Decimal

from clientline.currencies import count_decimals


def split_tax(gross: Decimal, rate: Decimal | None, currency: str) -> tuple[Decimal, Decimal]:
    """(net, tax) of an amount that contains tax at this percentage; None: no tax.

    The net is rounded half up to the currency's smallest unit, the tax is the rest.
    """
    if not rate:
        return gross, Decimal("0.00")
    net = (gross * 100 / (100 + rate)).quantize(Decimal(1).scaleb(-count_decimals(currency)), ROUND_HALF_UP)
    return net, gross - net
