"""What others hear of receivers, inside the transaction."""

from django.dispatch import Signal

# endpoint (as it is now): nobody but its receiver's conduct did it
endpoint_disabled = Signal()
