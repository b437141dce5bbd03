"""How an organization moves to another cell while its people work on, and how it comes back.

Its rows are copied by logical replication, filtered to them. Once both ends hold the same, it is frozen for less than
a second: what was still under way arrives, is compared, and one COMMIT at the new home decides. Each step asks first
what is there already, so whoever was killed is gone on with by calling again; and at no moment do both ends, or none,
say that it is at home with them. From then on the new home passes changes back, until the way back is forgotten.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from psycopg.sql import SQL, Identifier, Literal

from clientline.cells import belongings
from clientline.cells.digests import Rows, find_dangling, find_differences, forget_strangers
from clientline.cells.refusals import MoveRefused
from clientline.cells.sides import Side, State, Table
from clientline.cells.trouble import find_trouble
from clientline.database.sequences import list_own_tables, move_past_rows
from organizations.models import Organization

LONGEST_COPY = 24 * 3600.0  # seconds
LONGEST_HOLD = 2.0  # seconds for which writers wait, or are refused, before it is tried once more
TRIES = 5
TWO_HOMES = (
    "It is at home at {here} and at {there}: nothing is moved or deleted. Deactivate it at one of them, look what"
    " changed there since, and write that down at the other."
)
LOOK = 0.005  # seconds between two looks at whether all has arrived


def list_tables() -> list[Table]:
    """All tables with rows of organizations; what is a part of people without saying whose goes along at the end."""
    return [
        Table(model)
        for model in apps.get_models()
        if model is Organization or any(field.column == "organization_id" for field in model._meta.concrete_fields)
    ]


@dataclass
class Move:
    """Of one organization, from `here` to `there`; `addresses` are where their callers find them.

    Raises MoveRefused where both are one, or another move of it goes on.
    """

    organization: int
    here: Side
    there: Side
    addresses: dict[str, str]  # "here", "there"
    say: Callable[[str], object]
    frozen = 0.0  # seconds for which nothing could be changed

    def __post_init__(self) -> None:
        self.tables = list_tables()
        if self.here.is_same(self.there):
            raise MoveRefused(f"--to names the database that it leaves: {self.there.place}.")
        for side in (self.here, self.there):
            side.take_turn(self.organization, self.say)
        if self.here.serves(self.organization) and self.there.serves(self.organization):
            raise MoveRefused(TWO_HOMES.format(here=self.here.place, there=self.there.place))

    def find_trouble(self) -> list[str]:
        return list(find_trouble(self.here, self.there, self.tables, self.organization))

    # The way there

    def go(self) -> None:
        """Move it, or go on with what was begun. Raises MoveRefused, with which it stays where it is."""
        if self.there.read_state(self.organization) != State.ARRIVED:
            self._prepare()
            self._copy()
            self._compare(self.here, self.there)
            self._switch(self.here, self.there)
        self._finish()

    def _prepare(self) -> None:
        self.say("Guarding its rows at both ends")
        if self.here.read_state(self.organization) == State.MOVED:
            raise MoveRefused("It has moved elsewhere already: it is not at home here.")
        self._set(self.there, State.ARRIVING)
        self._set(self.here, State.LEAVING)  # thaws what somebody froze who was killed
        for side in (self.there, self.here):
            side.guard(self.tables, self.organization)

    def _copy(self) -> None:
        name = self._name(self.here)
        self.say("Publishing its rows")
        self.here.publish(self.tables, self.organization, name)
        self.say("Copying them")
        before = self.there.count_errors(name)
        self._subscribe(self.there, self.here, name, copies=True)
        self._wait(lambda: self.there.has_copied(name), LONGEST_COPY, name=name, errors=before, look=0.2)

    def _compare(self, old: Side, new: Side) -> None:
        """All rows at both ends, as they were at one moment in which writers waited, and all references."""
        belongings.leave_behind(old, self.organization)
        self.say("Comparing all rows")
        with new.connection.transaction():
            forget_strangers(new.connection, self.tables, self.organization)
        with self._open_snapshots(old, new) as (one, other):
            if different := find_differences(one, other, self.tables, self.organization):
                raise MoveRefused(
                    f"Both ends differ in {', '.join(different)}: take it back with --undo, and look why."
                )
            self.say("Following each reference")
            if dangling := find_dangling(other, self.tables, self.organization):
                raise MoveRefused(f"References lead nowhere at {new.place}: {', '.join(dangling)}.")

    @contextmanager
    def _open_snapshots(self, old: Side, new: Side) -> Iterator[tuple[Any, Any]]:
        """Two transactions that see the same; from then on changed rows are noted at the old home."""
        one, other = old.connect(), new.connect()
        try:
            for _ in range(TRIES):
                if self._see_the_same(old, one, other):
                    yield one, other
                    return
            raise MoveRefused(f"{new.place} does not keep up with {old.place}: try again when there is less to do.")
        finally:
            one.close()
            other.close()

    def _see_the_same(self, old: Side, one: Any, other: Any) -> bool:
        name = self._name(old)
        self._catch_up(old, name, LONGEST_COPY)
        with old.without_writers(self.organization):
            old.ask("DELETE FROM relocated_rows WHERE organization = %s", [self.organization])
            old.ask("UPDATE relocations SET notes_rows = true WHERE organization = %s", [self.organization])
            arrived = self._catch_up(old, name, LONGEST_HOLD)
            if arrived:
                for connection in (one, other):
                    connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                    connection.execute("SELECT 1")
        return arrived

    def _catch_up(self, old: Side, name: str, longest: float) -> bool:
        """Whether what is committed at the old home has arrived, within so many seconds."""
        position = old.read_position()

        def has_arrived() -> bool:
            return old.has_passed_on(name, position) or self._refuse_lost_slot(old)

        return _wait_until(has_arrived, longest)

    def _refuse_lost_slot(self, giver: Side) -> bool:
        """What is not passed on yet never will be where the slot is gone: MoveRefused, else False."""
        if giver.has_slot(self._name(giver)):
            return False
        way_out = (
            "take it back with --undo, and begin anew"
            if giver is self.here
            else "what changed there since does not come back. End this move with --forget, and move it from there"
        )
        raise MoveRefused(f"The slot {self._name(giver)} at {giver.place} is gone, as after a failover: {way_out}.")

    def _switch(self, old: Side, new: Side) -> None:
        self.say("Preparing the way back")
        way_back = self._name(new)
        new.publish(self.tables, self.organization, way_back)
        new.make_slot(way_back)
        for _ in range(TRIES):
            self._catch_up(old, self._name(old), LONGEST_COPY)
            new.advance_slot(way_back)
            belongings.wait_for_workers(old, self.organization)
            self.say("Freezing it")
            with self._freeze(old) as began:
                if not self._catch_up(old, self._name(old), LONGEST_HOLD):
                    continue
                self._hand_over(old, new)
                self.say("Deciding")
                self._decide(old, new)
                self.frozen = time.monotonic() - began
                return
        raise MoveRefused(f"{new.place} does not keep up with {old.place}: try again when there is less to do.")

    def _decide(self, old: Side, new: Side) -> None:
        with new.connection.transaction():
            belongings.end_sessions(new, self.organization)
            belongings.take_jobs(old, new, self.organization)
            self._set(new, State.ARRIVED)
        # From here on it is at home there.
        self._set(old, State.MOVED)
        belongings.drop_jobs(old, self.organization)

    @contextmanager
    def _freeze(self, old: Side) -> Iterator[float]:
        """Changes are refused at the old home; it thaws where nothing was decided."""
        before = old.read_state(self.organization)
        assert before is not None
        began = time.monotonic()
        with old.without_writers(self.organization):
            belongings.leave_behind(old, self.organization)
            self._set(old, State.FROZEN)
        try:
            yield began
        finally:
            with suppress(psycopg.Error):
                if old.read_state(self.organization) == State.FROZEN and not self._is_decided(old):
                    self._set(old, before)

    def _is_decided(self, old: Side) -> bool:
        return self._other(old).read_state(self.organization) == State.ARRIVED

    def _hand_over(self, old: Side, new: Side) -> None:
        """What is left to do while it is frozen. Raises MoveRefused."""
        rows = self._read_changed_rows(old)
        self.say(f"Comparing {sum(map(len, rows.values()))} rows that changed since")
        belongings.copy_second_factors(old, new, self.organization)
        with new.connection.transaction():
            forget_strangers(new.connection, self.tables, self.organization, rows)
        if different := find_differences(old.connection, new.connection, self.tables, self.organization, rows):
            raise MoveRefused(f"Both ends differ in {', '.join(different)}: nothing was moved.")
        with new.connection.pipeline():
            for table in list_own_tables():
                new.connection.execute(move_past_rows(table))
        new.advance_slot(self._name(new))

    def _read_changed_rows(self, old: Side) -> Rows:
        rows: Rows = {}
        noted = 'SELECT "table", "row" FROM relocated_rows WHERE organization = %s'
        for table, key in old.ask(noted, [self.organization]):
            rows.setdefault(table, []).append(key)
        return rows

    def _finish(self) -> None:
        """What was decided becomes known at the old home, which takes in from now on what the new one passes back."""
        self.say("Telling its callers")
        self._set(self.here, State.MOVED)
        self.say("Turning round")
        self.there.unsubscribe(self._name(self.here))
        self.here.stop_publishing(self.tables, self._name(self.here))
        self._subscribe(self.here, self.there, self._name(self.there), copies=False)

    # The way back

    def undo(self) -> None:
        """Back to where it was before, with all that happened since. Raises MoveRefused."""
        here, there = (side.read_state(self.organization) for side in (self.here, self.there))
        self._refuse_undo(here, there)
        if here is None and there is None:
            return None  # taken back already, or never begun
        if there in (None, State.MOVED) and here != State.MOVED:
            return self._forget(gone=self.there, kept=self.here)  # decided already
        if there == State.ARRIVING:
            return self._cancel()
        if here == State.ARRIVED:
            self._set(self.there, State.MOVED)
        else:
            self._set(self.there, State.ARRIVED)  # thaws it
            self._finish()
            self._compare(self.there, self.here)
            self._switch(self.there, self.here)
        return self._forget(gone=self.there, kept=self.here)

    def _refuse_undo(self, here: State | None, there: State | None) -> None:
        """Where the other end may be its one home, or this is not the end that it left: MoveRefused."""
        # What is left of a move that was taken back or forgotten is deleted at the other end, wherever it began.
        is_ended = here is None and self.here.is_home(self.organization)
        if not (is_ended or self.here.is_origin(self.organization)):
            raise MoveRefused(
                f"It did not leave from {self.here.place}: it is taken back where it left,"
                " until that is forgotten there."
            )
        if there is None and here in (State.FROZEN, State.MOVED):
            raise MoveRefused(f"{self.there.place} knows nothing of its move: name the database that it went to.")

    def _cancel(self) -> None:
        self._set(self.here, State.LEAVING)
        self._forget(gone=self.there, kept=self.here)

    def forget(self) -> None:
        """Delete what is left at the old home: it cannot come back any more. Raises MoveRefused."""
        if self.here.is_home(self.organization):
            raise MoveRefused("It is at home here: there is nothing to forget.")
        self._forget(gone=self.here, kept=self.there)

    def _forget(self, *, gone: Side, kept: Side) -> None:
        if not kept.is_home(self.organization):
            raise MoveRefused(f"It is not at home at {kept.place}: nothing was deleted at {gone.place}.")
        for giver, taker in ((gone, kept), (kept, gone)):
            self.say(f"Ending what {giver.place} passes on")
            taker.unsubscribe(self._name(giver))
            giver.stop_publishing(self.tables, self._name(giver))
        self.say(f"Deleting its rows at {gone.place}")
        self._delete_rows(gone)
        for side in (kept, gone):
            side.unguard(self.tables, self.organization)
            side.forget_state(self.organization)

    def _delete_rows(self, gone: Side) -> None:
        with gone.connection.transaction():
            gone.ask("SET LOCAL session_replication_role = replica")  # the guard and the triggers that keep facts rest
            belongings.drop_belongings(gone, self.organization)
            for table in self.tables:
                gone.ask(
                    SQL("DELETE FROM {} WHERE {} = {}").format(
                        Identifier(table.name), Identifier(table.owner), Literal(self.organization)
                    )
                )

    # Both

    def _other(self, side: Side) -> Side:
        return self.there if side is self.here else self.here

    def _name(self, giver: Side) -> str:
        """Of publication, slot and subscription by which this end passes its rows on."""
        cell = giver.ask_one("SELECT number FROM cells")
        return f"clientline_move_{self.organization}_from_{cell}"

    def _set(self, side: Side, state: State) -> None:
        is_origin = side is self.here  # the other end begins nothing: see `trouble` and `_refuse_undo`
        address = self.addresses["there" if is_origin else "here"]
        side.set_state(self.organization, state, address=address, is_origin=is_origin)

    def _subscribe(self, taker: Side, giver: Side, name: str, *, copies: bool) -> None:
        try:
            taker.subscribe(name, giver, copies=copies)
        except psycopg.OperationalError as error:
            raise MoveRefused(f"{taker.place} does not reach {giver.place}: {str(error).strip()}") from error

    def _wait(self, is_so: Callable[[], bool], longest: float, *, name: str, errors: int, look: float) -> None:
        def look_at_both() -> bool:
            if self.there.count_errors(name) > errors:
                raise MoveRefused(
                    f"Rows were refused at {self.there.place}, whose log says why: take it back with --undo."
                )
            return is_so() or self._refuse_lost_slot(self.here)

        if not _wait_until(look_at_both, longest, look):
            raise MoveRefused("It was not copied in time: take it back with --undo.")


def _wait_until(is_so: Callable[[], bool], longest: float, look: float = LOOK) -> bool:
    deadline = time.monotonic() + longest
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(look)
    return True
