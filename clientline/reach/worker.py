"""The worker: a process that does what is due, jobs and rounds alike, until it is told to stop.

It outlives a database that goes away for a while. Several work side by side, on one machine or more; killed, one
leaves nothing undone.
"""

import asyncio
import logging
import signal
import threading
from typing import Any

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.utils import connector_params
from procrastinate.exceptions import ConnectorException
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg import Error
from psycopg_pool import PoolTimeout

from clientline.postgres.pooler import look_for_pooler
from clientline.reach.jobs import ROUNDS, Round
from clientline.reach.queue import HEARTBEAT, SILENCE
from organizations.origin import Origin, origin

logger = logging.getLogger(__name__)

CONCURRENCY = 4  # jobs at a time, each in a thread with a connection of its own
POLLED_EVERY = 1.0  # seconds, behind a pooler; elsewhere PostgreSQL tells of new jobs
LOOKED_FOR_EVERY = 5.0  # seconds, for what becomes due
AWAY_AFTER = 5  # seconds without a connection; as long it may take to stop meanwhile
PAUSE = 1  # seconds before the next try, after the database was lost
AWAY = (DatabaseError, InterfaceError, ConnectorException, PoolTimeout, Error, OSError)
SIGNALS = (signal.SIGTERM, signal.SIGINT)
WORKER = Origin("command", "manage.py worker")


def work(*, once: bool = False) -> None:
    """Work until SIGTERM or SIGINT, or `once` through what is due now. What runs then is finished first."""
    origin.set(WORKER)
    if once:
        return _work_once()
    stop = threading.Event()
    threads = [threading.Thread(target=_go_round, args=(each, stop), daemon=True) for each in ROUNDS]
    for thread in threads:
        thread.start()
    try:
        _run_jobs_until(stop)
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=20)


def _work_once() -> None:
    for each in ROUNDS:
        while each.go():
            pass
    _open_queue().run_worker(wait=False, install_signal_handlers=False, **choose_options())


def _run_jobs_until(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            asyncio.run(_run_jobs(stop, choose_options()))
        except asyncio.CancelledError:
            return
        except AWAY as error:
            logger.warning("Jobs wait, as the database does not do it: %s", _find_reason(error))
            stop.wait(PAUSE)


def _find_reason(error: BaseException) -> str:
    cause = error.__cause__ or error  # procrastinate says only that it is one of the database
    return str(cause).strip().partition("\n")[0] or repr(cause)


async def _run_jobs(stop: threading.Event, options: dict[str, Any]) -> None:
    """Until a signal sets `stop` and cancels this, which lets jobs end first; a second one ends the process at once."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    # procrastinate's own handlers forget that they were called where the database goes away before all has ended.
    def end() -> None:
        stop.set()
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        if task:
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, end)
    async with _open_queue().open_async() as queue:
        await queue.run_worker_async(wait=True, install_signal_handlers=False, **options)


def _open_queue() -> App:
    # Not `replace_connector`: inside of jobs, too, `defer` has to write on the connection of its own thread.
    connector = PsycopgConnector(kwargs=connector_params(), min_size=1, max_size=4, timeout=AWAY_AFTER)
    return app.with_connector(connector)


def choose_options() -> dict[str, Any]:
    """What the queue is run with. Whoever calls this has no connection afterwards."""
    try:
        listening = can_listen()
    finally:
        # Here, and not once the loop runs, in which Django's connections are others: the one that was looked through
        # would stay open, and once the database was away for a while it would be all that is ever looked at again.
        connections.close_all()
    return {
        "concurrency": CONCURRENCY,
        "listen_notify": listening,
        "fetch_job_polling_interval": LOOKED_FOR_EVERY if listening else POLLED_EVERY,
        "update_heartbeat_interval": HEARTBEAT,
        "stalled_worker_timeout": SILENCE,
        "delete_jobs": "successful",
    }


def can_listen() -> bool:
    """Whether PostgreSQL's notifications reach us. Behind a pooler LISTEN is answered, and goes to somebody else."""
    # Whether one is said to be there, or is there without being said.
    return not connection.settings_dict.get("POOLER") and look_for_pooler(connection) is None


def _go_round(each: Round, stop: threading.Event) -> None:
    origin.set(WORKER)
    while not stop.is_set():
        if not _go(each):
            stop.wait(each.seconds)
    connections.close_all()


def _go(each: Round) -> bool:
    """Whether more is waiting. What fails is logged and tried again with the next round."""
    try:
        close_old_connections()
        return each.go()
    except AWAY as error:
        logger.warning("%s waits: %s", each.go.__name__, str(error).strip() or repr(error))
        connections.close_all()
    except Exception:
        logger.exception("%s failed", each.go.__name__)
    return False
