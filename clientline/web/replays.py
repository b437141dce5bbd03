"""A request that met a failover before anything was saved is served once more, for callers who never notice.

Only where that is safe and cheap: nothing was committed, nor was COMMIT sent; reads, and POSTs with an Idempotency-Key;
for SECONDS at most, and by a third of the threads, so that the others answer.
"""

import random
import threading
import time

from django.db import DatabaseError, InterfaceError, connection

from clientline import gunicorn_conf
from clientline.web.call import Call

SECONDS = 3.0
PAUSE = 0.1  # seconds, and up to as many more, between two looks: a server that is away refuses within 1 ms
CONNECTING = 2  # seconds, the fewest that libpq knows
KEY = "Idempotency-Key"
waiting = threading.BoundedSemaphore(max(gunicorn_conf.threads // 3, 1))


class ReplayMiddleware:
    """Second in the list: all others begin anew."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not (request.call.met_outage and _is_repeatable(request)) or not waiting.acquire(blocking=False):
            return response
        try:
            is_back = wait_for_database(time.monotonic() + SECONDS)
        finally:
            waiting.release()
        return self.serve_again(request) if is_back else response

    def serve_again(self, request):
        request.call = Call(request.call.id)
        for kept in ("_cached_user", "_acached_user"):  # Django's own, of who was signed in
            request.__dict__.pop(kept, None)
        return self.get_response(request)


def _is_repeatable(request):
    """Views outside the request's transaction may have called somebody, and tell how the database is."""
    view = request.resolver_match and request.resolver_match.func
    if view is None or getattr(view, "unconfined", False):
        return False
    return request.method in ("GET", "HEAD") or (request.method == "POST" and KEY in request.headers)


def wait_for_database(deadline):
    """Whether somebody takes writes again. A server that does not even refuse would hold a look for longer."""
    probe, is_back = connection.copy(), threading.Event()
    probe.settings_dict["OPTIONS"] = {**probe.settings_dict["OPTIONS"], "connect_timeout": CONNECTING}
    probe.inc_thread_sharing()
    threading.Thread(target=_look_until, args=(deadline, probe, is_back), daemon=True).start()
    if not is_back.wait(deadline - time.monotonic()):
        return False
    connection.close()  # whatever it was connected to
    return True


def _look_until(deadline, probe, is_back):
    while not is_back.wait(PAUSE * (1 + random.random())) and time.monotonic() < deadline:
        if _takes_writes(probe):
            is_back.set()


def _takes_writes(probe):
    try:
        with probe.cursor() as cursor:
            cursor.execute("SHOW transaction_read_only")  # on a standby it is always on
            return cursor.fetchone() == ("off",)
    except (DatabaseError, InterfaceError):
        return False
    finally:
        probe.close()
