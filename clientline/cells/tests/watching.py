"""Somebody who asks all the time what must always be answered, and knows how long it was not."""

import http.client
import sys
import threading
import time
from contextlib import suppress

import psycopg

PAUSE = 0.1  # seconds between two questions


class Watch:
    """Whether the server lives, and what a standby holds: `waits` are pairs of moments, from one answer to the next."""

    def __init__(self, server, rehearsal):
        self.waits, self.over = {"/live": [], "a standby": []}, threading.Event()
        self.server, self.address = server, rehearsal.write_replica_url()
        asked = ((self.ask_server, "/live"), (self.ask_standby, "a standby"))
        self.threads = [threading.Thread(target=self.look, args=each) for each in asked]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        for thread in self.threads:
            thread.join()
        longest = {name: round(max(until - since for since, until in waits), 2) for name, waits in self.waits.items()}
        sys.stdout.write(f"longest pauses of reads: {longest}\n")

    def look(self, ask, name):
        last = time.monotonic()
        while not self.over.wait(PAUSE):
            if ask():
                now = time.monotonic()
                self.waits[name].append((last, now))
                last = now
        self.waits[name].append((last, time.monotonic()))

    def ask_server(self):
        with suppress(OSError, http.client.HTTPException):
            return self.server.ask("GET", "/live").status == 200

    def ask_standby(self):
        with suppress(psycopg.Error), psycopg.connect(self.address, connect_timeout=2) as connection:
            return connection.execute("SELECT count(*) FROM appointments").fetchone() is not None
