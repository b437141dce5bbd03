"""gunicorn as a copy of this process: a second of a processor less than a start of Python, which imports everything.

Settings are those of this process: what the environment says at a start is asked of `Production` in
`clientline/web/tests/servers.py`, and of `manage.py up`.
"""

import gc
import logging
import os
import signal
import sys
from contextlib import contextmanager
from multiprocessing.context import ForkProcess

from django.conf import settings
from django.contrib.auth.hashers import ScryptPasswordHasher
from django.db import connection
from django.utils.log import configure_logging
from gunicorn.app.wsgiapp import WSGIApplication

from accounts.tests.factories import WORK_FACTOR
from clientline import gunicorn_conf
from clientline.demo.serving import Gunicorn
from clientline.tests.copies import give_up_connections


@contextmanager
def lend(server):
    """One that lasts, to a test: what it says meanwhile is shown when the test fails."""
    said = len(server.output)
    yield server
    sys.stderr.write(server.output[said:])


class CopiedGunicorn(Gunicorn):
    """`unblock` lets at databases; `place` is where its connections go, if not to the database of the tests."""

    def __init__(self, unblock, *arguments, place=None):
        super().__init__({}, *arguments)
        self.unblock, self.place = unblock, place or {}

    def start(self, listener):
        process = Copy(target=self.serve, args=(listener,))
        process.start()
        return process

    def serve(self, listener):
        give_up_connections()
        connection.settings_dict |= self.place
        self.let_go_of_files(listener)
        self.log_anew()
        ScryptPasswordHasher.work_factor = WORK_FACTOR
        gunicorn_conf.keep_what_is_loaded = gc.freeze  # it is, and to look for garbage among it would be dear
        sys.argv[1:] = self.list_arguments(listener)
        with self.unblock():
            WSGIApplication().run()

    def let_go_of_files(self, listener):
        """Whoever waits for this process's end at a pipe would wait for the copy's, too. Their numbers stay taken."""
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in map(int, os.listdir("/dev/fd")):
            if number > 2 and number not in (listener, nothing, self.log.fileno()):
                os.dup2(nothing, number)

    def log_anew(self):
        for number in (1, 2):
            os.dup2(self.log.fileno(), number)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))
        logging.root.handlers.clear()  # what pytest would show of a test
        configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)


class Copy(ForkProcess):
    """As far as tests ask it, a `subprocess.Popen`."""

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        if self.is_alive():
            self.send_signal(signal.SIGTERM)

    def wait(self, timeout=None):
        self.join(timeout)
        return self.exitcode
