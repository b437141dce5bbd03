"""An end to what PostgreSQL itself never ends: the wait of a COMMIT for a standby, which statement_timeout passes over.

Where the standby is gone, each thread of a server would wait for it sooner or later, and nobody would be answered.
What is given up is saved here and perhaps not there: see `outcomes`.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, Thread
from time import monotonic, sleep

from psycopg import Connection, Error

# Seconds: more than a primary needs to see that its standby is gone, and Patroni to let it go on alone
# (wal_sender_timeout and loop_wait in patroni.yml). Else the outcome would be unknown of what is saved a moment later.
LONGEST = 12.0
EVERY = 0.5  # seconds between two looks
OF_CANCELING = 5.0  # seconds
log = logging.getLogger(__name__)


@dataclass(eq=False)
class Saving:
    """A connection on which something is being saved."""

    connection: Connection
    since: float = field(default_factory=monotonic)
    turn: Lock = field(default_factory=Lock)
    is_over: bool = False

    def give_up(self) -> None:
        # Not once it is over: what comes next on the connection would be canceled.
        with self.turn:
            if not self.is_over:
                _cancel(self.connection)

    def end(self) -> None:
        with self.turn:
            self.is_over = True


def _cancel(connection: Connection) -> None:
    try:
        connection.cancel_safe(timeout=OF_CANCELING)
    except Error as error:
        log.warning("A COMMIT waits and could not be canceled: %s", str(error).strip())


class Patience:
    """What is being saved by this process. Only once it has started does anything end."""

    def __init__(self) -> None:
        self.running: set[Saving] = set()

    def start(self, longest: float = LONGEST) -> None:
        Thread(target=self._watch, args=(longest,), name="patience", daemon=True).start()

    def _watch(self, longest: float) -> None:
        while True:
            sleep(EVERY)
            self.give_up_older(monotonic() - longest)

    def give_up_older(self, moment: float) -> None:
        for saving in tuple(self.running):
            if saving.since < moment:
                saving.give_up()

    @contextmanager
    def limit(self, connection: Connection) -> Iterator[None]:
        """Around what saves."""
        saving = Saving(connection)
        self.running.add(saving)
        try:
            yield
        finally:
            saving.end()
            self.running.discard(saving)


patience = Patience()
