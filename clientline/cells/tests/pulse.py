"""Whether a limit was broken, or the processors were taken: a limit in seconds is promised of a machine that is free.

A process of its own does the same small work again and again; how much longer it takes than that work is what others
had of the processors meanwhile, and so much longer everything else may take.
"""

import subprocess
import sys
import threading

WORK, REST = 0.02, 0.2  # seconds of a processor, and of sleep before
BEATS = f"""
import time
while True:
    due, used = time.monotonic() + {REST}, time.process_time()
    time.sleep({REST})
    while time.process_time() < used + {WORK}:
        pass
    print(due, time.monotonic(), flush=True)
"""


class Pulse:
    """Use as a context manager. `beats` are pairs of moments: when work was due, and when it was done."""

    def __init__(self):
        self.beats = []

    def __enter__(self):
        command = [sys.executable, "-I", "-S", "-c", BEATS]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # ends with us: nobody reads then
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()

    def _read(self):
        for line in self.process.stdout:
            due, done = map(float, line.split())
            self.beats.append((due, done))

    def measure_share(self, since, until):
        """Of one processor, how much somebody got who was ready between these moments; 1 is all of it."""
        beats = [(due, done) for due, done in self.beats if done > since and due < until]
        return min(1.0, WORK * len(beats) / sum(done - due for due, done in beats)) if beats else 1.0

    def is_within(self, limit, since, until):
        """Whether what took from one moment to the other keeps to the limit, for the share that it got."""
        return (until - since) * self.measure_share(since, until) <= limit
