"""The currencies of ISO 4217, in one table: how many decimals an amount has, here and at Stripe.

Amounts are stored with two decimals, so a currency of three is known and cannot be chosen.
"""

from decimal import Decimal

from django.core.exceptions import ValidationError

from clientline.refusals import FieldRefused

# By the number of decimals, which ISO 4217 calls minor units.
CODES = {
    0: """
        BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF
    """.split(),
    2: """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF
        CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG
        HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU
        MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR
        SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED
        VES WST XCD XCG YER ZAR ZMW ZWG
    """.split(),
    3: """
        BHD IQD JOD KWD LYD OMR TND
    """.split(),
}
DECIMALS = {code: decimals for decimals, codes in CODES.items() for code in codes}
# Where Stripe counts in other units than ISO: krónur and Ugandan shillings in hundredths, which have to be whole ones,
# and ariary in whole ones. See docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases".
DECIMALS_AT_STRIPE = DECIMALS | {"ISK": 2, "UGX": 2, "MGA": 0}
# Bulgaria pays in euros, and nobody pays in Uruguay's unit of account. Kept where stored, not chosen anew.
PAST = frozenset({"BGN", "UYI"})

WHOLE = frozenset(CODES[0])
STORABLE = frozenset(DECIMALS).difference(CODES[3])


def validate_currency(code: str) -> None:
    """Raise ValidationError for what an organization cannot choose."""
    if code in CODES[3]:
        raise ValidationError(f"{code} has three decimals; amounts here are stored with two.", code="invalid")
    if code not in STORABLE - PAST:
        raise ValidationError("Choose a currency by its three letters, like EUR.", code="invalid")


def count_decimals(code: str) -> int:
    """How many decimals an amount in this currency has; of no currency, two."""
    return DECIMALS.get(code, 2)


def refuse_fractions(field: str, amount: Decimal | None, currency: str) -> None:
    """Raise FieldRefused, which blames the `field`, for half a yen. None is no amount."""
    if amount is not None and currency in WHOLE and amount % 1:
        raise FieldRefused(field, "invalid", f"{currency} has no smaller unit. Write a whole amount.")


def refuse_unpayable_online(field: str, amount: Decimal, currency: str) -> None:
    """Raise FieldRefused for an amount between two of Stripe's units: another would be asked for than is recorded."""
    if in_stripe_units(amount, currency) % 1:
        raise FieldRefused(field, "invalid", f"Online, {currency} is paid in whole amounts only.")


def in_stripe_units(amount: Decimal, currency: str) -> Decimal:
    """An amount as Stripe counts it; with a fraction where it has no such unit."""
    return amount.scaleb(DECIMALS_AT_STRIPE.get(currency, 2))
