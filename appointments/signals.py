"""What the apps above hear of visits, inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# visit (as it is now), now
visit_cancelled = Signal()

# visits (as they are now, of one organization), happened (booked, moved, cancelled, completed, no_show, corrected,
# rezoned, arrived, changed, repriced, reopened or undone), now
visits_changed = Signal()

# visit (as it is), client (to be)
client_of_visit_changing = Signal()

# visit (as it is again), since (when the move happened that was undone), now
visit_undone = Signal()
