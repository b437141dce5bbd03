"""A worker beside a server: started again whatever ends it, and ended with the server, however that ends."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from socket import socket
from types import FrameType

from clientline.reach.worker import work

logger = logging.getLogger(__name__)

LOOK = 0.2  # seconds between two looks at whether parent and worker live
PAUSE = 1  # seconds before a worker that ended is started again


def keep_working(*, without: socket) -> None:
    """Let a process beside this one keep a worker; it does not hold the socket `without`.

    Both are forked, so that Django is loaded once. The caller has no thread and no connection yet.
    """
    parent = os.getpid()
    if os.fork():
        return
    without.close()
    _end_here(lambda: _keep(parent))


def _end_here(run: Callable[[], None]) -> None:
    """Run this in a forked process, and let nothing of the caller's go on in it."""
    try:
        run()
    except (KeyboardInterrupt, SystemExit):
        pass
    except BaseException:
        logger.exception("The worker could not be kept")
    finally:
        os._exit(0)


def _keep(parent: int) -> None:
    signal.signal(signal.SIGTERM, _leave)
    worker = _start()
    try:
        while os.getppid() == parent:
            time.sleep(LOOK)
            if os.waitpid(worker, os.WNOHANG) != (0, 0):
                logger.warning("The worker ended, and is started again.")
                time.sleep(PAUSE)
                worker = _start()
    finally:
        os.kill(worker, signal.SIGTERM)
        os.waitpid(worker, 0)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit


def _start() -> int:
    keeper = os.getpid()
    if worker := os.fork():
        return worker
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(keeper,), daemon=True).start()
    _end_here(work)
    raise AssertionError


def _end_with(keeper: int) -> None:
    while os.getppid() == keeper:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
