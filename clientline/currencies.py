"""The currencies of ISO 4217, in one table: how many decimals an amount has, here and at Stripe, and what cash can pay.

Amounts are stored with two decimals, so a currency of three is known and cannot be chosen.
"""

from decimal import ROUND_HALF_UP, Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

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

# The smallest sum that cash can make up, where that is more than the smallest unit. CLDR's `cashDigits` and
# `cashRounding` (supplementalData, currencyData), which babel 2.19 brings and a test compares.
CASH_STEPS = {
    code: Decimal(step)
    for step, codes in {
        "0.05": "CAD CHF",
        "0.20": "MRU",
        "0.50": "DKK",
        "1": "AMD CRC CZK GYD MNT MUR NOK PKR RSD SEK TWD TZS UZS",
        "5": "HUF",
    }.items()
    for code in codes.split()
}
# Where a country took its coins away and CLDR, which knows no countries here, is silent: by currency, then country.
# Cents of euros, looked up in November 2026: Belgium (since 1 December 2019, vrt.be), Slovakia (since 1 July 2022,
# dataplus.sk), Estonia (since 1 January 2025, eestipank.ee), Lithuania (since May 2025, tvp.info/86480993, which names
# Finland, Ireland, Italy and the Netherlands, too). Also looked up: Australia (1992), New Zealand (2006: also 5 cents),
# Malaysia (Bank Negara, since 1 April 2008), Israel (10 agorot), Singapore (en.wikipedia.org/wiki/Cash_rounding),
# Trinidad and Tobago (Legal Notice 35 of 2018), the Bahamas (their Central Bank, end of 2020), Barbados (its Central
# Bank, since 7 May 2014: barbadostoday.bb/2014/02/06/two-to-one), the eight of the Eastern Caribbean dollar (their
# Central Bank, since 1 July 2015: searchlight.vc, 24 April 2015; thenewtoday.gd, 9 July 2015), South Africa (no 5 cents
# made since 1 April 2012; they may still be spent: onlinecoin.club, Five Cents).
CASH_STEPS_IN = {
    (currency, country): Decimal(step)
    for step, currency, countries in [
        ("0.05", "EUR", "BE EE FI IE IT LT NL SK"),
        ("0.05", "AUD", "AU"),
        ("0.05", "BBD", "BB"),
        ("0.05", "BSD", "BS"),
        ("0.05", "MYR", "MY"),
        ("0.05", "SGD", "SG"),
        ("0.05", "TTD", "TT"),
        ("0.05", "XCD", "AG AI DM GD KN LC MS VC"),
        ("0.10", "ILS", "IL"),
        ("0.10", "NZD", "NZ"),
        ("0.10", "ZAR", "ZA"),
    ]
    for country in countries.split()
}

WHOLE = frozenset(CODES[0])
STORABLE = frozenset(DECIMALS).difference(CODES[3])


def validate_currency(code: str) -> None:
    """Raise ValidationError for what an organization cannot choose."""
    if code in CODES[3]:
        raise ValidationError(
            gettext("%(currency)s has three decimals; amounts here are stored with two.") % {"currency": code},
            code="invalid",
        )
    if code not in STORABLE - PAST:
        raise ValidationError(gettext("Choose a currency by its three letters, like EUR."), code="invalid")


def count_decimals(code: str) -> int:
    """How many decimals an amount in this currency has; of no currency, two."""
    return DECIMALS.get(code, 2)


def find_cash_step(currency: str, country: str = "") -> Decimal:
    """The smallest sum that cash can make up; 0 where it can make up every amount."""
    return CASH_STEPS_IN.get((currency, country)) or CASH_STEPS.get(currency) or Decimal(0)


def round_to_cash(amount: Decimal, step: Decimal) -> Decimal:
    """An amount above or equal to 0 as cash can pay it: half a step up."""
    return (amount / step).quantize(Decimal(1), ROUND_HALF_UP) * step if step else amount


def refuse_fractions(field: str, amount: Decimal | None, currency: str) -> None:
    """Raise FieldRefused, which blames the `field`, for half a yen. None is no amount."""
    if amount is not None and currency in WHOLE and amount % 1:
        raise FieldRefused(
            field,
            "invalid",
            gettext("%(currency)s has no smaller unit. Write a whole amount.") % {"currency": currency},
        )


def refuse_unpayable_online(field: str, amount: Decimal, currency: str) -> None:
    """Raise FieldRefused for an amount between two of Stripe's units: another would be asked for than is recorded."""
    if count_stripe_units(amount, currency) % 1:
        raise FieldRefused(
            field, "invalid", gettext("Online, %(currency)s is paid in whole amounts only.") % {"currency": currency}
        )


def read_stripe_units(units: int, currency: str) -> Decimal:
    """What so many of Stripe's units are."""
    return Decimal(units).scaleb(-DECIMALS_AT_STRIPE.get(currency, 2)).quantize(Decimal("0.01"))


def count_stripe_units(amount: Decimal, currency: str) -> Decimal:
    """An amount as Stripe counts it; with a fraction where it has no such unit."""
    return amount.scaleb(DECIMALS_AT_STRIPE.get(currency, 2))
