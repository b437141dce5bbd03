"""Form fields for amounts: typed as text, read by `typed_money`; and the question about a price far from the usual."""

from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import DecimalValidator
from django.utils.translation import gettext

from clientline import wording
from clientline.columns import MONEY_DIGITS, MONEY_PLACES
from clientline.currencies import count_decimals
from clientline.styles import find_decimal_sign
from clientline.typed_money import AmountNotRead, read_amount

COLUMN = {"max_digits": MONEY_DIGITS, "decimal_places": MONEY_PLACES}  # what a money column holds
FAR = 10  # times the usual price, or a part of it


class AmountInput(forms.TextInput):
    """Not type=number: there a browser in English takes 39,50 for 3950, and says so to nobody."""

    def __init__(self, attrs=None):
        super().__init__({"inputmode": "decimal", "autocomplete": "off"} | (attrs or {}))


class FittingValidator(DecimalValidator):
    """Says how many digits may stand before the sign, as the API does.

    Django counts the decimals, too, which were filled in for who typed none.
    """

    def __call__(self, value):
        most = self.max_digits - self.decimal_places
        if abs(value) >= 10**most:
            raise ValidationError(
                self.messages["max_whole_digits"], code="max_whole_digits", params={"max": most, "value": value}
            )
        super().__call__(value)


class AmountField(forms.DecimalField):
    """`find_home` is a function: the organization may depend on what else was chosen. By default there is none, as with
    percents.
    """

    widget = AmountInput

    def __init__(self, **options):
        super().__init__(**options)
        digits = self.max_digits, self.decimal_places
        if None not in digits:
            own = DecimalValidator(*digits)
            self.validators = [FittingValidator(*digits) if each == own else each for each in self.validators]

    @staticmethod
    def find_home():
        return None

    def currency(self):
        home = self.find_home()
        return home.currency if home else ""

    def prepare_value(self, value):
        """The amount with its currency's decimals and its country's sign before them, without thousands; what was typed
        as it was.
        """
        if not isinstance(value, Decimal):
            return value
        # An old price may have the cents of a currency that the organization had before.
        decimals = count_decimals(self.currency()) if value % 1 == 0 else max(count_decimals(self.currency()), 2)
        home = self.find_home()
        return f"{value:.{decimals}f}".replace(".", find_decimal_sign(home.country if home else ""))

    def to_python(self, value):
        if not str("" if value is None else value).strip():
            return None
        try:
            return read_amount(str(value), self.currency())
        except AmountNotRead as error:
            raise ValidationError(str(error), code=error.code) from error


class Confirmation(forms.CharField):
    widget = forms.HiddenInput

    def has_changed(self, initial, data):
        return False  # nobody types it


class PriceForm(forms.Form):
    """Has a `price`. One ten times the usual or a tenth of it is asked back; sent again as it is, it is meant.

    Zero is not asked back: no slip of a sign makes it.
    """

    price_is_meant = Confirmation(required=False, max_length=40)

    def get_usual_price(self):
        """With what the price is compared; None or 0 for nothing."""
        return None

    def clean(self):
        values = super().clean()
        confirmed, price = values.pop("price_is_meant", ""), values.get("price")
        usual = self.get_usual_price()
        if price and usual and not usual / FAR <= price <= usual * FAR and confirmed != str(price):
            self.ask_back(price, usual)
        return values

    def ask_back(self, price, usual):
        self.data = self.data.copy()
        self.data[self.add_prefix("price_is_meant")] = str(price)
        currency = self.fields["price"].currency()
        question = (
            gettext("%(price)s is more than ten times the usual %(usual)s. Send it again if it is meant.")
            if price > usual
            else gettext("%(price)s is less than a tenth of the usual %(usual)s. Send it again if it is meant.")
        )
        said = {"price": wording.write_money(price, currency), "usual": wording.write_money(usual, currency)}
        self.add_error("price", ValidationError(question % said, code="price_far_off"))
