"""Warnings to the apps above, sent inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# person (as they are now), role (to be)
role_changing = Signal()

# person
leaving = Signal()

# person (with their last day, if there was one), today: they come back to the team
rejoining = Signal()

# person, now: somebody of the team gets another last day; what a receiver answers is a context manager in which that
# is saved
last_day_changing = Signal()

# person, now: they left the team, or came back; sent once the row is saved
left = Signal()
rejoined = Signal()

# organization (its id), keys (of the clients who were just saved), now
clients_created = Signal()

# kept, duplicate (whose row leads to it from now on), now
client_merged = Signal()

# person (a record without words by now), now
client_erased = Signal()
