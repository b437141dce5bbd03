#!/usr/bin/env bash
# On Python 3.14 a field of Django or REST framework for a time of day takes 24:00, which it refused until 3.13, and keeps 00:00: a shop that is open until the end of the day is one that closes as the day begins.
# Source: REST framework's documentation of TimeField: formats are ISO 8601 unless told, and the value is a datetime.time, which has no hour 24; PostgreSQL's manual, "Date/Time Types", whose time reaches 24:00:00 as a value of its own, above 23:59.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check --target=packages --no-deps django==5.2.19 djangorestframework==3.18.3 asgiref==3.13.0 sqlparse==0.6.1
# CPython for a browser: two releases of it, from npm.
npm install --silent --no-fund --no-audit before@npm:pyodide@0.29.0 after@npm:pyodide@314.0.7 >/dev/null
cat > closing.mjs <<'JS'
for (const name of ["before", "after"]) {
  const { loadPyodide } = await import(name);
  const python = await loadPyodide();
  python.mountNodeFS("/packages", `${process.cwd()}/packages`);
  python.runPython(`
import sys
sys.path.insert(0, "/packages")
import django
from django.conf import settings
settings.configure(USE_TZ=True, INSTALLED_APPS=["rest_framework"])
django.setup()
import rest_framework
from django.core.exceptions import ValidationError
from django.db.models import TimeField
from rest_framework import serializers
def read(field, name):
    try:
        return getattr(field, name)("24:00")
    except (ValidationError, serializers.ValidationError):
        return "refused"
ours = f"Python {sys.version_info.major}.{sys.version_info.minor}"
print(f"{ours}, Django {django.__version__}: 24:00 is {read(TimeField(), 'to_python')}")
print(f"{ours}, REST framework {rest_framework.VERSION}: 24:00 is {read(serializers.TimeField(), 'run_validation')}")
`);
}
JS
node closing.mjs | tee seen
cat > expected <<'TEXT'
Python 3.13, Django 5.2.19: 24:00 is refused
Python 3.13, REST framework 3.18.3: 24:00 is refused
Python 3.14, Django 5.2.19: 24:00 is 00:00:00
Python 3.14, REST framework 3.18.3: 24:00 is 00:00:00
TEXT
diff -u expected seen
