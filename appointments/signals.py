"""What the apps above hear of visits, inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# visit (as it is now), now
visit_cancelled = Signal()
