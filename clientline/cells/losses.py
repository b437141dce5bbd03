"""How an organization becomes free where the other installation of its move is destroyed for good.

Nobody can ask that one any more whether the organization is at home with it. So operators have to know, and to say it
twice in words; what can be seen from here is looked at. All else in `moving` asks both ends.
"""

from collections.abc import Callable
from dataclasses import dataclass

from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from clientline.cells.moving import list_tables
from clientline.cells.refusals import MoveRefused
from clientline.cells.sides import Side, State, tell_place

PATIENCE = 10  # seconds for a server to say anything
SUBSCRIPTIONS = "SELECT subname, subconninfo FROM pg_subscription WHERE starts_with(subname, %s)"
PUBLISHED = """SELECT pubname FROM pg_publication WHERE starts_with(pubname, %s)
UNION SELECT slot_name FROM pg_replication_slots WHERE starts_with(slot_name, %s)"""
READ_BY = "SELECT true FROM pg_replication_slots WHERE starts_with(slot_name, %s) AND active"
ADDRESS = "SELECT address FROM relocations WHERE organization = %s"
TAKEN_FOR_GRANTED = (
    "This takes for granted that {name} is destroyed for good, with each copy of its database: if one of them is ever"
    " started again, organization {organization} has two homes. What changed there and did not come back is lost,"
    ' and nobody can say what that was. If it is so, say it, too: --loses "{words}".'
)


@dataclass
class Loss:
    """Of the other end, whose database was at `there`; what is left of the organization is `here`."""

    organization: int
    here: Side
    there: str
    say: Callable[[str], object]

    def accept(self, *, destroyed: str, loses: str) -> None:
        """Make this its one home. Raises MoveRefused unless both words name the loss, and where the other end lives."""
        self.here.take_turn(self.organization, self.say)
        self._refuse_state()
        self._refuse_words(destroyed, loses)
        self._refuse_alive()
        self._free()

    @property
    def prefix(self) -> str:
        """Of all names by which either end passes rows on."""
        return f"clientline_move_{self.organization}_from_"

    def _refuse_state(self) -> None:
        state = self.here.read_state(self.organization)
        if state in (None, State.ALONE):
            raise MoveRefused(f"No move of organization {self.organization} is known at {self.here.place}.")
        if state == State.ARRIVING:
            raise MoveRefused(
                f"Its rows are not all at {self.here.place}: it was at home where it came from until the end, and can"
                " only be had from a backup of that."
            )

    def _refuse_words(self, destroyed: str, loses: str) -> None:
        name = self.here.ask_one(ADDRESS, [self.organization]) or tell_place(self.there)
        if destroyed != name:
            raise MoveRefused(f"Its move is with {name}: nothing was changed. Name that if it is destroyed.")
        words = f"all that changed at {name}"
        if loses != words:
            raise MoveRefused(TAKEN_FOR_GRANTED.format(name=name, organization=self.organization, words=words))

    def _refuse_alive(self) -> None:
        # Where rows come from may be another address than the one that was typed.
        for address in (self.there, *(address for _, address in self._list_subscriptions())):
            if _answers(address):
                place = tell_place(address)
                raise MoveRefused(f"{place} is not destroyed, it answers: {self._tell_way_out()}.")
        if self.here.ask_one(READ_BY, [self.prefix]):
            raise MoveRefused(f"The other end is not destroyed: it reads from {self.here.place} at this moment.")

    def _tell_way_out(self) -> str:
        if self.here.is_origin(self.organization):
            return "take the move back with --undo"
        return "where it came from, it is taken back with --undo, or what is left there deleted with --forget"

    def _list_subscriptions(self) -> list[tuple[str, str]]:
        """By which rows come from the other end: their names, and its address."""
        return self.here.ask(SUBSCRIPTIONS, [self.prefix])

    def _free(self) -> None:
        tables = list_tables()
        self.say("Ending what either end passes on")
        for name, _ in self._list_subscriptions():
            self.here.unsubscribe(name)
        for (name,) in self.here.ask(PUBLISHED, [self.prefix, self.prefix]):
            self.here.stop_publishing(tables, name)
        self.say("Freeing it")
        self.here.unguard(tables, self.organization)
        # Last: killed before, this is called again. What is kept says where a second home may come back.
        address = self.here.ask_one(ADDRESS, [self.organization])
        self.here.forget_state(self.organization)
        self.here.set_state(self.organization, State.ALONE, address=address, is_origin=False)


def _answers(address: str) -> bool:
    patient = make_conninfo(address, connect_timeout=PATIENCE)
    return PGconn.ping(patient.encode()) != Ping.NO_RESPONSE
