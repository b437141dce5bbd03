"""What the apps above hear of visits, inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# visit (as it is now), now
visit_cancelled = Signal()

# visits (as they are now, of one organization), happened (booked, moved, cancelled, completed, no_show, corrected or
# rezoned), now
visits_changed = Signal()
