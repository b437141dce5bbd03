"""Statements through libpq's own calls: what a request asks most costs a sixth of what psycopg's cursors take for it.

psycopg's `Connection` stays what Django knows, and its cursors go on working. Beside them, `ask` sends statements that
come again and again: each is prepared once on a connection, and psycopg's C code only turns values and rows to and fro.
All that is asked at once travels in one pipeline, and so does what need not be said by itself: BEGIN, SAVEPOINT and
what is told, not asked, go `ahead` of the next statement, and nobody waits for the end of a transaction that has only
read.

Four things hold, and each has a test in `tests/test_direct.py` or `tests/test_told.py`:

- psycopg itself stays in autocommit. With its own transactions, each ordinary cursor would open one that nobody ends.
- Whatever psycopg does with a connection passes `wait`, so that there an answer that is still owed is read and what
  goes ahead is sent; no cursor, COPY or test can miss it.
- A COMMIT after a change travels alone, and its answer is waited for: what is lost then is known to be lost.
- A trip that breaks off closes the connection: nobody would know whose answer comes next.

A pooler that hands out another connection for each transaction keeps nothing prepared; there, `ask` is never called.
"""

from collections.abc import Sequence
from functools import cached_property
from itertools import count
from select import POLLIN, POLLOUT, poll
from typing import Any, TypeAlias

import psycopg
from psycopg import abc, adapt
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGresult

BEGIN, COMMIT, ROLLBACK = b"BEGIN", b"COMMIT", b"ROLLBACK"
# Members of an enumeration are looked up slowly, and these are needed for each statement.
AUTO, IDLE, ACTIVE = adapt.PyFormat.AUTO, int(TransactionStatus.IDLE), int(TransactionStatus.ACTIVE)
FATAL_ERROR, DONE = int(ExecStatus.FATAL_ERROR), (int(ExecStatus.TUPLES_OK), int(ExecStatus.COMMAND_OK))
MOST_PREPARED = 300  # on one connection, which keeps some ten kilobytes for each
# sqlstates after which nothing prepared counts any more: a table has changed, or somebody said DISCARD ALL.
FORGOTTEN = ("0A000", "26000")

Asked: TypeAlias = tuple[str, Sequence[Any]]  # SQL with %s for each value, and the values
Dumped: TypeAlias = tuple[tuple, Sequence, Any]  # SQL with its types, values as they are sent, and their formats


class Prepared:
    """A statement on one connection: its name there, and what makes rows of its answers."""

    __slots__ = ("is_known", "key", "loader", "name")

    def __init__(self, name: bytes, key: tuple, loader: abc.Transformer) -> None:
        self.name, self.key, self.loader, self.is_known = name, key, loader, False

    def load(self, result: PGresult) -> list[tuple]:
        loader = self.loader
        # The columns are the same each time: to look for what loads their types again would cost as much as loading.
        loader.set_pgresult(result, set_loaders=not self.is_known)
        self.is_known = True
        rows = loader.load_rows(0, result.ntuples, tuple)
        loader.set_pgresult(None, set_loaders=False)  # else each statement would keep its last rows
        return rows


class Connection(psycopg.Connection):
    """A connection of psycopg's that can be asked directly. Errors are psycopg's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_in_autocommit = True  # as Django sees it; else a transaction begins with the next statement
        self.ahead: list[bytes | Dumped] = []  # what travels before the next statement
        self.told = 0  # of them, those that change something
        self.has_only_read = False  # so far in this transaction
        self.owed = 0  # answers that nobody has waited for
        self.prepared: dict[tuple, Prepared] = {}
        self.numbers = count()

    @cached_property
    def dumper(self) -> abc.Transformer:
        return adapt.Transformer(self)

    @cached_property
    def incoming(self) -> poll:
        incoming = poll()
        incoming.register(self.pgconn.socket, POLLIN)
        return incoming

    # Transactions

    @property
    def autocommit(self) -> bool:
        return self.is_in_autocommit

    @autocommit.setter
    def autocommit(self, value: bool) -> None:
        # What psycopg itself goes by stays as it was when it connected: on.
        self.is_in_autocommit, self.has_only_read, self.told = value, True, 0
        self.ahead = [] if value else [BEGIN]

    def commit(self) -> None:
        """Make the transaction last. Of one that has only read the answer is not waited for."""
        # First: the end of a transaction drops what was told and not sent yet.
        self.send_told()
        self._end_transaction(COMMIT)

    def rollback(self) -> None:
        self._end_transaction(ROLLBACK)

    def _end_transaction(self, sql: bytes) -> None:
        self.settle()
        # Savepoints that nobody has sent yet, and ends of some, are done with the transaction.
        has_only_read, status = self.has_only_read, self.pgconn.transaction_status
        self.autocommit = self.is_in_autocommit
        if status == IDLE:
            return
        self._send([sql], [])
        if not has_only_read and (results := self._receive())[-1].status not in DONE:
            raise self._read_error(results)

    # Travelling

    def ask(self, asked: Sequence[Asked], *, only_reads: bool) -> list[list[tuple]]:
        """The rows of each, asked one after the other in one trip: none may need another's, and the first error ends
        it. `only_reads` says that none of them changes or locks anything.
        """
        if self.owed:
            self.settle()
        if not only_reads or self.told:
            self.has_only_read = False
        dumped = [self._dump(sql, values) for sql, values in asked]  # before anything is sent: a value may be refused
        ahead, self.ahead, told, self.told = self.ahead, [], self.told, 0
        steps = self._send(ahead, dumped)
        results = self._receive()
        if results[-1].status not in DONE:  # after an error, the rest is left out
            self._remember(steps, results)
            raise self._read_error(results)
        found = [step.load(result) for step, result in zip(steps, results, strict=True) if type(step) is Prepared]
        return found[told:]

    def tell(self, asked: Asked) -> None:
        """Change something, and need no rows of it: it travels with the next statement, which raises its error, too."""
        self.ahead.append(self._dump(*asked))
        self.told += 1

    def send_told(self) -> None:
        """Let nothing that was told wait any longer."""
        if self.told:
            self.ask([], only_reads=False)

    def wait(self, *args: Any, **kwargs: Any) -> Any:
        """Whatever psycopg itself does with the connection comes by here."""
        self.has_only_read = False
        if self.owed:
            self.settle()
        if self.ahead:
            self.ask([], only_reads=False)
        return super().wait(*args, **kwargs)

    def settle(self) -> None:
        """Read what is still owed. Raises OperationalError where the connection was lost meanwhile."""
        # What it says does not matter: the transaction that ended has changed nothing, and was answered.
        if self.owed:
            self._receive()

    def close(self) -> None:
        super().close()
        # They hold the connection, and it holds them: the memory would wait for the garbage collector.
        self.prepared.clear()
        vars(self).pop("dumper", None)

    def _dump(self, sql: str, values: Sequence[Any]) -> Dumped:
        dumper = self.dumper
        written = dumper.dump_sequence(values, [AUTO] * len(values))
        return (sql, dumper.types), written, dumper.formats

    def _send(self, ahead: Sequence[bytes | Dumped], dumped: Sequence[Dumped]) -> list:
        """Of each statement of the trip, in their order, what its answer is for: a Prepared where there are rows."""
        pgconn = self.pgconn
        steps: list[Prepared | bytes | None] = []
        try:
            pgconn.enter_pipeline_mode()
            for each in (*ahead, *dumped):
                if isinstance(each, bytes):
                    pgconn.send_query_params(each, None)
                    steps.append(each)
                else:
                    key, values, formats = each
                    prepared = self.prepared.get(key) or self._prepare(key, steps)
                    pgconn.send_query_prepared(prepared.name, values, formats)
                    steps.append(prepared)
            pgconn.pipeline_sync()
            self._flush()
        except BaseException:
            self._abandon()
            raise
        self.owed = len(steps)
        return steps

    def _prepare(self, key: tuple, steps: list) -> Prepared:
        if len(self.prepared) >= MOST_PREPARED:
            oldest = self.prepared.pop(next(iter(self.prepared)))
            self.pgconn.send_query_params(b"DEALLOCATE " + oldest.name, None)
            steps.append(None)
        sql, types = key
        prepared = Prepared(b"asked_%d" % next(self.numbers), key, adapt.Transformer(self))
        numbered = sql % tuple(f"${number}" for number in range(1, len(types) + 1))
        self.pgconn.send_prepare(prepared.name, numbered.encode(), types)
        steps.append(prepared.name)
        self.prepared[key] = prepared
        return prepared

    def _flush(self) -> None:
        if not self.pgconn.flush():
            return
        # More than the socket takes, while the server may be waiting for its answers to be read.
        traffic = poll()
        traffic.register(self.pgconn.socket, POLLIN | POLLOUT)
        while self.pgconn.flush():
            traffic.poll()
            self.pgconn.consume_input()

    def _receive(self) -> list[PGresult]:
        """The results of what was sent. After an error those of the rest say only that they were left out."""
        results: list[PGresult] = []
        pgconn = self.pgconn
        try:
            for _ in range(self.owed):
                results.append(self._fetch())
                pgconn.get_result()  # None, which parts one statement from the next
            self._fetch()  # the end of the trip
            pgconn.exit_pipeline_mode()
        except BaseException as error:
            self._abandon()
            # A server that ends the connection says why before it does.
            if not (isinstance(error, psycopg.OperationalError) and any(map(_is_refusal, results))):
                raise
        self.owed = 0
        return results

    def _fetch(self) -> Any:
        pgconn = self.pgconn
        while pgconn.is_busy():
            self.incoming.poll()
            pgconn.consume_input()
        return pgconn.get_result()

    def _abandon(self) -> None:
        self.owed = 0
        if self.pgconn.status == ConnStatus.OK and self.pgconn.transaction_status == ACTIVE:
            self.cancel()  # or the server would go on with what nobody waits for, and hold its locks
        self.close()

    def _remember(self, steps: Sequence, results: Sequence[PGresult]) -> None:
        """Forget what was to be prepared, but was left out after an error."""
        there = {step for step, result in zip(steps, results, strict=False) if result.status in DONE}
        named = {step for step in steps if type(step) is bytes}
        for step in steps:
            if type(step) is Prepared and step.name in named - there:
                self.prepared.pop(step.key, None)

    def _read_error(self, results: Sequence[PGresult]) -> psycopg.Error:
        error = error_from_result(next(filter(_is_refusal, results)), encoding=self.info.encoding)
        if error.sqlstate in FORGOTTEN:
            self.prepared.clear()
        return error


def _is_refusal(result: PGresult) -> bool:
    return result.status == FATAL_ERROR
