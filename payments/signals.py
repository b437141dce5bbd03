"""What the ledger asks for that takes a provider, which nobody calls in a transaction."""

from django.dispatch import Signal

# rows: payments that were given up, to be expired, or refunds to be carried out; after the commit
provider_needed = Signal()

# row (a payment or refund, as it is now), happened (completed, failed or voided), now; inside the transaction
money_moved = Signal()
