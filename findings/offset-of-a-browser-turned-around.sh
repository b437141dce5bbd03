#!/usr/bin/env bash
# "Mon Jun 01 2026 10:00:00 GMT+0200", as JavaScript writes ten o'clock in Berlin, is two in the afternoon there to dateutil: its parser turns an offset around that stands behind a zone's name, and its own tz.tzstr("GMT+2") does not.
# Source: ECMA-262, Date.prototype.toString: "GMT" and an offset, "+" for ahead of UTC. The same parser reads "10:00 +0200" and RFC 5322's "+0200 (CEST)" so.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check python-dateutil==4.0.0
cat > write.cjs <<'JS'
// The name of the zone in brackets may be any text, or none.
console.log(new Date("2026-06-01T08:00:00Z").toString().replace(/ \(.*/, ""));
JS
cat > read.py <<'PY'
import sys
from datetime import UTC
from importlib.metadata import version
from dateutil import parser, tz
name = f"dateutil {version('python-dateutil')}"
for text in (sys.stdin.read().strip(), "2026-06-01 10:00 UTC+02:00", "2026-06-01 10:00 +0200", "Mon, 1 Jun 2026 10:00:00 +0200 (CEST)"):
    print(f"{name}: {text} is {parser.parse(text).astimezone(UTC):%H:%M} UTC")
moment = parser.parse("2026-06-01 10:00")
print(f"{name}: 10:00 in tz.tzstr('GMT+2') is {moment.replace(tzinfo=tz.tzstr('GMT+2')).astimezone(UTC):%H:%M} UTC")
PY
TZ=Europe/Berlin node write.cjs | venv/bin/python read.py > seen
cat > expected <<'TEXT'
dateutil 4.0.0: Mon Jun 01 2026 10:00:00 GMT+0200 is 12:00 UTC
dateutil 4.0.0: 2026-06-01 10:00 UTC+02:00 is 12:00 UTC
dateutil 4.0.0: 2026-06-01 10:00 +0200 is 08:00 UTC
dateutil 4.0.0: Mon, 1 Jun 2026 10:00:00 +0200 (CEST) is 08:00 UTC
dateutil 4.0.0: 10:00 in tz.tzstr('GMT+2') is 08:00 UTC
TEXT
cat seen
diff -u expected seen
