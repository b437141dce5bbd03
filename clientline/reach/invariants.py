"""What must hold of what leaves the house, from each of its rooms."""

from clientline.reach.webhooks.invariants import INVARIANTS

__all__ = ["INVARIANTS"]
