"""Warnings to the apps above, sent inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# person, role: somebody turns from a client into one of the team, or back.
role_changing = Signal()
