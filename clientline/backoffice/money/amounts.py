"""Moves that take or give back money: the amount that was typed, and the sentence that says how it was understood."""

from decimal import Decimal

from django.utils.translation import gettext_lazy

from clientline import wording
from clientline.admin.amounts import COLUMN, AmountField
from clientline.backoffice.moves import MoveForm


class AmountForm(MoveForm):
    amount = AmountField(label=gettext_lazy("Amount"), min_value=Decimal("0.01"), **COLUMN)

    def choose(self):
        for field in self.fields.values():
            if isinstance(field, AmountField):
                field.find_home = lambda: self.row.organization

    def get_figures(self):
        return {"amount": wording.write_money(self.cleaned_data["amount"], self.row.organization.currency)}
