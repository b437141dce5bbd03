"""Online payments and refunds that the back office has recorded: their provider is asked at once, as by the API."""

from functools import partial

from django.http import HttpResponseRedirect
from django.utils.translation import gettext_lazy

from accounts.middleware import step_out_of_transaction
from clientline import wording
from payments import online
from payments.models import Payment, Refund

NOTES = {
    Payment: {
        "pending": gettext_lazy(
            "The payment of {amount} is recorded. It is pending until the client has paid on its payment page."
        ),
        "failed": gettext_lazy("The payment provider declined the payment of {amount}."),
    },
    Refund: {
        "pending": gettext_lazy(
            "The refund of {amount} is recorded. It is pending until the payment provider confirms it."
        ),
        "failed": gettext_lazy("The payment provider declined the refund of {amount}."),
    },
}
# What became of a checkout that was given up, other than that it is closed.
GIVEN_UP = {
    "pending": gettext_lazy(
        "The checkout of {amount} is given up. Its page is closed once the payment provider answers."
    ),
    "completed": gettext_lazy("The client had paid {amount} already. It goes back by itself."),
    "refunded": gettext_lazy("The client had paid {amount} already. It has gone back."),
}


def settle_and_tell(request, made, *, url):
    """What to tell of a payment or refund that its provider has not completed; None for anything else.

    Whoever sends the form again while the provider is asked is led to `url`.
    """
    if type(made) not in NOTES or made.key is None:
        return None
    between = step_out_of_transaction(request, so_far=partial(HttpResponseRedirect, url))
    online.settle_with_provider(made, between=between)
    row = type(made).objects.get(pk=made.pk)
    given_up = isinstance(row, Payment) and row.given_up_at is not None
    note = (GIVEN_UP if given_up else NOTES[type(made)]).get(row.status)
    return note and note.format(amount=wording.write_money(made.amount, made.organization.currency))
