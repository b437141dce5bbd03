"""How often a caller may call: so many requests in a minute, counted by each worker on its own.

That costs no trip to a database, and is meant against runaway programs and floods. It is no exact quota: callers whom
the server's workers serve in turns get as many times the limit as there are workers.
"""

from time import monotonic

WINDOW = 60  # seconds


class Rates:
    def __init__(self):
        self.window, self.counts = 0, {}

    def seconds_to_wait(self, caller, limit):
        """Count a request of `caller`; until when more than `limit` of them are too many, or None. 0: no limit."""
        if not limit:
            return None
        now = monotonic()
        if now - self.window >= WINDOW:
            self.window, self.counts = now, {}
        count = self.counts[caller] = self.counts.get(caller, 0) + 1
        return self.window + WINDOW - now if count > limit else None


rates = Rates()
