"""Jobs: what is to be done after a transaction, and only if it commits. procrastinate lies behind this module alone.

A job is a row that the caller's transaction writes, so it vanishes with a rollback and survives whatever happens
after COMMIT. It may run twice, if a worker dies between doing it and saying so: tasks are written for that.

    @task()
    def deliver(*, organization: int, delivery: int) -> None:
        with confined(organization):
            ...

    defer(deliver, organization=visit.organization_id, delivery=delivery.pk)
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeAlias

from django.db import connection, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from clientline.refusals import Moved
from organizations.tenancy import confine_transaction, release

logger = logging.getLogger(__name__)

Task: TypeAlias = Callable[..., Any]
RETRIES = 8  # after 3, 9, 27 … seconds: the last one comes nearly three hours after the first

_is_confined: ContextVar[bool] = ContextVar("is_confined", default=False)


class Unconfined(RuntimeError):
    """A task of an organization read or wrote before it confined itself to it."""


def task(*, retries: int = RETRIES, of_organization: bool = True) -> Callable[[Task], Task]:
    """Make a function a job's. Its name stays: jobs that wait are found by it, so renaming it loses them.

    It is called with the ids that were deferred, by keyword, outside of any transaction, and again up to `retries`
    times where it raises. One `of_organization` takes that id as `organization`, and every statement of it has to
    stand inside `confined`: the tables of jobs are outside of row security.
    """

    def register(function: Task) -> Task:
        run = _leave_out_moved(_refuse_unconfined_statements(function) if of_organization else function)
        strategy = RetryStrategy(max_attempts=retries, exponential_wait=3) if retries else False
        app.task(name=function.__name__, retry=strategy)(run)
        return function

    return register


def _leave_out_moved(function: Task) -> Task:
    """Whoever has moved took their jobs along: `clientline.cells.belongings`."""

    @wraps(function)
    def run(**ids: int) -> Any:
        try:
            return function(**ids)
        except Moved as elsewhere:
            logger.warning("A job with %s is left out: %s", ids, elsewhere)

    return run


def _refuse_unconfined_statements(function: Task) -> Task:
    @wraps(function)
    def run(*, organization: int, **ids: int) -> Any:
        with connection.execute_wrapper(_refuse_unconfined):
            return function(organization=organization, **ids)

    return run


def _refuse_unconfined(execute: Callable, sql: Any, params: Any, many: bool, context: Any) -> Any:
    if not _is_confined.get():
        raise Unconfined("A task confines itself to its organization before it reads: with confined(organization).")
    return execute(sql, params, many, context)


@contextmanager
def confined(organization: int) -> Iterator[None]:
    """A transaction that sees and writes one organization's rows only. Never call another company inside."""
    before = _is_confined.set(True)
    try:
        with transaction.atomic():
            confine_transaction(organization_id=organization)
            yield
        release()
    finally:
        _is_confined.reset(before)


def defer(task: Task, *, at: datetime | None = None, queueing_lock: str | None = None, **ids: int) -> bool:
    """Let `task` run with `ids` once the caller's transaction has committed; not before `at`.

    Of jobs with the same `queueing_lock` one waits at a time: False where there is one already. Do not lock what many
    transactions want at once: the second waits until the first has committed.
    """
    job = app.configure_task(task.__name__, allow_unknown=False, queueing_lock=queueing_lock, schedule_at=at)
    # Refused, the INSERT aborts the transaction it stands in: with a lock it gets a savepoint to abort.
    around: AbstractContextManager = transaction.atomic() if queueing_lock else nullcontext()
    try:
        with around:
            job.defer(**ids)
    except AlreadyEnqueued:
        return False
    return True


@dataclass(frozen=True)
class Round:
    """What each worker does again and again beside the jobs, every so many `seconds`."""

    go: Callable[[], bool]
    seconds: float


ROUNDS: list[Round] = []


def every(seconds: float) -> Callable[[Callable[[], bool]], Callable[[], bool]]:
    """Let each worker call the function so often, in a thread of its own and outside of any transaction.

    It returns whether more is waiting, which makes the next call come at once. For rows that are their own job, as a
    message that is due; several workers call it at the same time.
    """

    def register(function: Callable[[], bool]) -> Callable[[], bool]:
        ROUNDS.append(Round(function, seconds))
        return function

    return register
