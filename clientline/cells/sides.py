"""One installation's database as it takes part in a move: who is at home there, what guards it, what it passes on."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.db import connection, models
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import DuplicateObject, LockNotAvailable, UndefinedObject
from psycopg.pq import Conninfo
from psycopg.sql import SQL, Composed, Identifier, Literal

from accounts.models import SearchWord
from clientline.cells.refusals import MoveRefused
from clientline.postgres.backend.unreachable import find_reason
from clientline.postgres.cluster import SUPERUSER
from organizations.models import Organization
from organizations.relocations import Relocation

State = Relocation.State
AT_HOME = (None, State.LEAVING, State.ARRIVED, State.ALONE)  # where requests are answered, and may change something
PROGRAM = "manage.py move_organization"
# Of a standby, whom it follows, as far as one may see it.
READER = """SELECT current_setting('transaction_read_only') = 'on',
    (SELECT sender_host || ':' || sender_port FROM pg_stat_wal_receiver)"""
DATABASE = "SELECT pg_postmaster_start_time(), oid FROM pg_database WHERE datname = current_database()"
LONGEST_TURN = 30  # seconds
LOCKS = 100  # tries for a table's lock, each of LOCK_PATIENCE
LOCK_PATIENCE = "200ms"  # for which others' requests queue up behind us
# Text of values reads alike at both ends.
SETTINGS = "-c timezone=UTC -c datestyle=ISO -c bytea_output=hex -c extra_float_digits=1 -c statement_timeout=0"
GUARD = SQL(
    "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW WHEN ({row}.{column} = {organization})"
    " EXECUTE FUNCTION guard_home({organization}, {key})"
)


@dataclass(frozen=True)
class Table:
    """A table of organizations: what says whose a row is, and what names it."""

    model: type[models.Model]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def owner(self) -> str:
        return "id" if self.model is Organization else "organization_id"

    @property
    def key(self) -> str:
        return "user_id" if self.model is SearchWord else "id"


class Side:
    """A connection of a superuser's, who alone may subscribe to rows under row security."""

    def __init__(self, address: str) -> None:
        """`address` is libpq's, by which the other server, too, finds this one. Raises MoveRefused if it only reads."""
        self.address = address
        self.connection = self.connect()
        self._refuse_reader()

    def _refuse_reader(self) -> None:
        ((only_reads, follows),) = self.ask(READER)
        if only_reads:
            self.close()
            what = f": it is a standby of {follows}. Name that one" if follows else ": name the one that writes"
            raise MoveRefused(f"{self.place} only reads{what}.")

    def connect(self) -> psycopg.Connection[Any]:
        """Raises MoveRefused."""
        try:
            return psycopg.connect(
                self.address, autocommit=True, connect_timeout=10, application_name=PROGRAM, options=SETTINGS
            )
        except psycopg.Error as error:
            raise MoveRefused(f"No connection to {self.place}: {find_reason(error)}.") from error

    @property
    def place(self) -> str:
        return tell_place(self.address)

    def close(self) -> None:
        self.connection.close()

    def ask(self, statement: str | Composed | SQL, values: Any = None) -> list[tuple[Any, ...]]:
        cursor = self.connection.execute(statement, values)
        return cursor.fetchall() if cursor.description else []

    def ask_one(self, statement: str | Composed | SQL, values: Any = None) -> Any:
        rows = self.ask(statement, values)
        return rows[0][0] if rows else None

    # Who is at home

    def read_state(self, organization: int) -> State | None:
        state = self.ask_one("SELECT state FROM relocations WHERE organization = %s", [organization])
        return State(state) if state else None

    def is_origin(self, organization: int) -> bool:
        """Whether the move that goes on, or that can be taken back, began here."""
        return bool(self.ask_one("SELECT is_origin FROM relocations WHERE organization = %s", [organization]))

    def is_home(self, organization: int) -> bool:
        there = self.ask_one("SELECT true FROM organizations WHERE id = %s", [organization])
        return bool(there) and self.read_state(organization) in (*AT_HOME, State.FROZEN)

    def serves(self, organization: int) -> bool:
        """Whether it is at home here and answers its callers; of two ends of a move one at most does."""
        return self.is_home(organization) and self.read_state(organization) in AT_HOME

    def set_state(self, organization: int, state: State, *, address: str, is_origin: bool) -> None:
        self.ask(
            "INSERT INTO relocations (organization, state, address, is_origin) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (organization) DO UPDATE"
            " SET state = EXCLUDED.state, address = EXCLUDED.address, is_origin = EXCLUDED.is_origin",
            [organization, state, address, is_origin],
        )

    def forget_state(self, organization: int) -> None:
        self.ask("DELETE FROM relocated_rows WHERE organization = %s", [organization])
        self.ask("DELETE FROM relocations WHERE organization = %s", [organization])

    @contextmanager
    def without_writers(self, organization: int) -> Iterator[None]:
        """A transaction in which nobody else changes anything of the organization; it begins once all who did end."""
        with self.connection.transaction():
            self.ask("SELECT pg_advisory_xact_lock(hashtextextended('home', %s))", [organization])
            yield

    def is_same(self, other: "Side") -> bool:
        """Whether both addresses lead to one database; a copy of a server bears the same identifier as the server."""
        return bool(self.ask(DATABASE) == other.ask(DATABASE))

    def take_turn(self, organization: int, say: Callable[[str], object]) -> None:
        """One move of an organization at a time: a killed one may go on in its server for a while. MoveRefused."""
        deadline, is_told = time.monotonic() + LONGEST_TURN, False
        while not self.ask_one("SELECT pg_try_advisory_lock(hashtextextended('relocate', %s))", [organization]):
            if not is_told:
                say(f"Waiting for another move of it at {self.place} to end, for at most {LONGEST_TURN} s")
                is_told = True
            if time.monotonic() > deadline:
                raise MoveRefused(f"Another move of organization {organization} runs at {self.place}.")
            time.sleep(0.2)

    # Guards

    def guard(self, tables: list[Table], organization: int) -> None:
        """Let each change of the organization's rows ask whether it is at home; see `operations.GUARD_HOME`."""
        present = {
            name
            for (name,) in self.ask(
                "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s",
                [
                    _name_guard(organization, "DELETE"),
                ],
            )
        }
        for table in tables:
            if table.name not in present:
                self._patiently(
                    self._hang_guard(table, organization, event) for event in ("INSERT OR UPDATE", "DELETE")
                )

    def _hang_guard(self, table: Table, organization: int, event: str) -> Composed:
        return GUARD.format(
            name=Identifier(_name_guard(organization, event)),
            event=SQL(event),
            table=Identifier(table.name),
            row=SQL("OLD" if event == "DELETE" else "NEW"),
            column=Identifier(table.owner),
            organization=Literal(organization),
            key=Literal(table.key),
        )

    def unguard(self, tables: list[Table], organization: int) -> None:
        for table in tables:
            names = [Identifier(_name_guard(organization, event)) for event in ("INSERT OR UPDATE", "DELETE")]
            self._patiently(
                SQL("DROP TRIGGER IF EXISTS {} ON {}").format(name, Identifier(table.name)) for name in names
            )

    def _patiently(self, statements: Any) -> None:
        """All in one transaction, whose table is free some time: nobody queues up behind us for long."""
        statements = list(statements)
        for tried in range(LOCKS):
            try:
                with self.connection.transaction():
                    self.ask(f"SET LOCAL lock_timeout = '{LOCK_PATIENCE}'")
                    for statement in statements:
                        self.ask(statement)
                return
            except LockNotAvailable:
                time.sleep(min(0.1 * tried, 2))
        raise MoveRefused(f"A table at {self.place} was never free: end the long transactions there, then go on.")

    # Passing on

    def publish(self, tables: list[Table], organization: int, name: str) -> None:
        """Offer the organization's rows, and nobody else's: TRUNCATE would pass the filter."""
        # With the whole row to tell it by, as the filter looks at columns that keys do not have.
        full = {name for (name,) in self.ask("SELECT oid::regclass::text FROM pg_class WHERE relreplident = 'f'")}
        for table in tables:
            if table.name not in full and table.model is not Organization:
                self._patiently([SQL("ALTER TABLE {} REPLICA IDENTITY FULL").format(Identifier(table.name))])
        if self.ask_one("SELECT true FROM pg_publication WHERE pubname = %s", [name]):
            return
        filtered = [
            SQL("{} WHERE ({} = {})").format(Identifier(table.name), Identifier(table.owner), Literal(organization))
            for table in tables
        ]
        self._patiently(
            [
                SQL("CREATE PUBLICATION {} FOR TABLE {} WITH (publish = 'insert, update, delete')").format(
                    Identifier(name), SQL(", ").join(filtered)
                )
            ]
        )

    def stop_publishing(self, tables: list[Table], name: str) -> None:
        self.drop_slot(name)
        self._patiently([SQL("DROP PUBLICATION IF EXISTS {}").format(Identifier(name))])
        if self.ask_one("SELECT true FROM pg_publication WHERE pubname LIKE 'clientline_move_%'"):
            return
        for table in tables:
            self._patiently([SQL("ALTER TABLE {} REPLICA IDENTITY DEFAULT").format(Identifier(table.name))])

    def make_slot(self, name: str) -> None:
        """Keep from now on what is published: it waits for all transactions that run."""
        if not self.has_slot(name):
            self.ask("SELECT pg_create_logical_replication_slot(%s, 'pgoutput')", [name])

    def has_slot(self, name: str) -> bool:
        return bool(self.ask_one("SELECT true FROM pg_replication_slots WHERE slot_name = %s", [name]))

    def advance_slot(self, name: str) -> None:
        """Pass over all that was written so far."""
        self.ask("SELECT pg_replication_slot_advance(%s, pg_current_wal_flush_lsn())", [name])

    def drop_slot(self, name: str) -> None:
        deadline = time.monotonic() + 30
        while self.has_slot(name):
            with suppress(psycopg.errors.ObjectInUse, UndefinedObject):
                self.ask("SELECT pg_drop_replication_slot(%s)", [name])
            if time.monotonic() > deadline:
                raise MoveRefused(f"The slot {name} at {self.place} is in use: end what reads it.")
            time.sleep(0.1)

    # Taking in

    def subscribe(self, name: str, publisher: "Side", *, copies: bool) -> None:
        """Take in what is published there, with what is there already where it `copies`; else from the slot on."""
        if self.has_subscription(name):
            return
        if copies:
            publisher.drop_slot(name)  # of a try that was killed: what it kept is copied anyway
        options = "copy_data = true, create_slot = true" if copies else "copy_data = false, create_slot = false"
        with suppress(DuplicateObject):
            self.ask(
                SQL("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({}, slot_name = {})").format(
                    Identifier(name), Literal(publisher.address), Identifier(name), SQL(options), Literal(name)
                )
            )

    def has_subscription(self, name: str) -> bool:
        return bool(self.ask_one("SELECT true FROM pg_subscription WHERE subname = %s", [name]))

    def unsubscribe(self, name: str) -> None:
        """Whoever publishes has to drop the slot."""
        if self.has_subscription(name):
            quoted = Identifier(name)
            self.ask(SQL("ALTER SUBSCRIPTION {} DISABLE").format(quoted))
            self.ask(SQL("ALTER SUBSCRIPTION {} SET (slot_name = NONE)").format(quoted))
            self.ask(SQL("DROP SUBSCRIPTION {}").format(quoted))

    def count_errors(self, name: str) -> int:
        """How often taking in has failed; the rows that meet others' are in PostgreSQL's log there."""
        return (
            self.ask_one(
                "SELECT apply_error_count + sync_error_count FROM pg_stat_subscription_stats WHERE subname = %s", [name]
            )
            or 0
        )

    def has_copied(self, name: str) -> bool:
        return not self.ask_one(
            "SELECT true FROM pg_subscription_rel JOIN pg_subscription ON pg_subscription.oid = srsubid"
            " WHERE subname = %s AND srsubstate <> 'r' LIMIT 1",
            [name],
        )

    def read_position(self) -> str:
        """Up to where all that is committed is written."""
        return str(self.ask_one("SELECT pg_current_wal_flush_lsn()"))

    def has_passed_on(self, name: str, position: str) -> bool:
        return bool(
            self.ask_one(
                "SELECT replay_lsn >= %s::pg_lsn FROM pg_stat_replication WHERE application_name = %s",
                [position, name],
            )
        )


def _name_guard(organization: int, event: str) -> str:
    # The first of a table's triggers, which fire by name.
    return f"a_guard_{organization}_{event.partition(' ')[0].lower()}"


def tell_place(address: str) -> str:
    """Where it leads to, without its password."""
    told = conninfo_to_dict(address)
    return f"{told.get('host', 'localhost')}:{told.get('port', 5432)}/{told.get('dbname', '')}"


def read_address(url: str) -> str:
    """The conninfo of an address as DATABASE_URL. Raises MoveRefused."""
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise MoveRefused("--to and --from name databases: postgres://superuser:password@host:5432/name.")
    try:
        return make_conninfo(url)
    except psycopg.ProgrammingError as error:
        raise MoveRefused(f"This is no address of a database: {error}") from error


def find_own_address() -> str:
    """The conninfo of this database, as a superuser: the private server has one that needs no password."""
    told = connection.get_connection_params()
    if settings.EMBEDDED_DATA:
        return make_conninfo(host=told["host"], port=told["port"], dbname=told["dbname"], user=SUPERUSER)
    # As it is reached: one of several hosts, its certificate. Whoever subscribes there has a name of its own.
    known = {each.keyword.decode() for each in Conninfo.get_defaults()} - {"application_name"}
    return make_conninfo(**{name: value for name, value in told.items() if name in known})
