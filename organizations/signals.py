"""Warnings to the apps above, sent inside the transaction: a receiver refuses by raising."""

from django.dispatch import Signal

# organization (as it is now), currency (to be)
currency_changing = Signal()

# organization (as it is now), timezone (to be, its name), coming_visits (None, KEEP_LOCAL or KEEP_INSTANT), by, now
zone_changing = Signal()

# organization: it came from a file of version 0.1, which lacks columns; sent inside the import's transaction
former_organization_imported = Signal()

# organization (as it is now): it is in another country than before; sent inside the transaction
country_changed = Signal()

# organization: it came from a file, complete but for what is made of its rows; sent inside the import's transaction
organization_imported = Signal()
