"""Whose request is next: no organization keeps the others waiting, however much it asks.

While several organizations ask a worker, each has its share of the worker's threads: half of them, and one for free
times, which cost the most. What is over a share waits here, holding no thread. One that is alone has all of them.
"""

from collections import Counter, deque
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

LONGEST_WAIT = 10  # seconds, for what is over its share while others are here
# Seconds that an organization counts as being here after its last answer. Somebody who asks one thing after the other
# is never waiting when a thread becomes free: without this, each answer would come after four of the others'.
STAY = 0.5
MOST_KNOWN = 10_000

# Of the request that is answered now: it was over its share for too long.
has_waited_too_long = ContextVar("has_waited_too_long", default=False)


class Organizations:
    """Which organization a token or a session belongs to, as requests have shown. It keeps no secret."""

    def __init__(self):
        self.known = {}

    def remember(self, credential, organization_id):
        if len(self.known) >= MOST_KNOWN:
            self.known = {}
        self.known[hash(credential)] = organization_id

    def find(self, credential):
        return self.known.get(hash(credential))


organizations = Organizations()


@dataclass(frozen=True, slots=True)
class Share:
    """Whose a request is, and of which kind."""

    owner: Any  # an organization, or a stranger's address; None for what is outside of all shares
    is_search: bool = False  # for free times


@dataclass(slots=True)
class Turn:
    """A request that waits, or is answered."""

    share: Share
    request: Any
    since: float


class Turns:
    """The requests of one worker, which has so many `threads`. Used by its main thread alone; `now` is monotonic()."""

    def __init__(self, threads):
        self.threads = threads
        self.most = max(1, threads // 2)
        self.waiting = {}  # share → its turns, oldest first
        self.running = Counter()  # share → how many threads
        self.seen = {}  # owner → when it last asked or was answered, the latest last

    def add(self, share, request, *, now):
        self._see(share.owner, now)
        self.waiting.setdefault(share, deque()).append(Turn(share, request, now))

    def take(self, *, now):
        """The turn that a free thread should answer now, or None. Whoever takes one says when it has ended."""
        if self.running.total() >= self.threads:
            return None
        allowed = [share for share in self.waiting if share.owner is None or not self.has_to_wait(share, now=now)]
        if not allowed:
            return None
        turn = self._pop(min(allowed, key=lambda share: (share.owner is not None, self.waiting[share][0].since)))
        self.running[turn.share] += 1
        return turn

    def has_to_wait(self, share, *, now):
        """Whether it has all of its share, and others are here."""
        return self._is_used_up(share) and self._has_others(share.owner, now)

    def _is_used_up(self, share):
        if share.is_search and self.running[share] >= 1:
            return True
        return sum(many for other, many in self.running.items() if other.owner == share.owner) >= self.most

    def _has_others(self, owner, now):
        if any(other.owner not in (owner, None) for other in (*self.waiting, *self.running)):
            return True
        latest = (at for other, at in reversed(self.seen.items()) if other != owner)
        return next(latest, -STAY) > now - STAY

    def _see(self, owner, now):
        """Note who is here, and forget who is not any more."""
        self.seen.pop(owner, None)
        if owner is not None:
            self.seen[owner] = now
        while next(iter(self.seen.values()), now) < now - STAY:
            del self.seen[next(iter(self.seen))]

    def _pop(self, share):
        turn = self.waiting[share].popleft()
        if not self.waiting[share]:
            del self.waiting[share]
        return turn

    def end(self, turn, *, now):
        """Its request is answered."""
        self._see(turn.share.owner, now)
        self.running[turn.share] -= 1
        if not self.running[turn.share]:
            del self.running[turn.share]

    def give_up(self, *, now):
        """Those that waited too long for a share that is used up, taken out."""
        late = [share for share, turns in self.waiting.items() if turns[0].since <= now - LONGEST_WAIT]
        return [self._pop(share) for share in late if share.owner is not None and self.has_to_wait(share, now=now)]
