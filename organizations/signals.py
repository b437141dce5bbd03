"""Warnings to the apps above, sent inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# organization (as it is now), currency (to be)
currency_changing = Signal()
