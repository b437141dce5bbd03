"""What no column of money holds is refused in the same words by whichever door it comes."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from rest_framework.exceptions import ValidationError as Unsaid

from clientline import columns
from clientline.admin.amounts import COLUMN, AmountField
from clientline.api.fields import MoneyField

TOO_LARGE = ["Ensure that there are no more than 8 digits before the decimal point."]


@pytest.mark.parametrize("amount", ["9" * 9, "9" * 9 + ".99", "9" * 11])
def test_what_the_column_cannot_hold_is_refused_in_the_same_words(amount):
    with pytest.raises(Unsaid) as sent:
        MoneyField().run_validation(amount)
    with pytest.raises(ValidationError) as typed:
        AmountField(**COLUMN).clean(amount)
    assert [str(each) for each in sent.value.detail] == typed.value.messages == TOO_LARGE
    assert [each.code for each in sent.value.detail] == [typed.value.error_list[0].code]


def test_too_many_decimals_are_told_as_such_however_many_digits_there_are():
    with pytest.raises(Unsaid) as sent:
        MoneyField().run_validation("12345678.999")
    assert [str(each) for each in sent.value.detail] == ["Ensure that there are no more than 2 decimal places."]


def test_what_the_column_holds_is_taken_by_each():
    most = "9" * (columns.MONEY_DIGITS - columns.MONEY_PLACES) + "." + "9" * columns.MONEY_PLACES
    assert MoneyField().run_validation(most) == AmountField(**COLUMN).clean(most) == Decimal("99999999.99")
