#!/usr/bin/env bash
# A series in Berlin that ends with its third visit ends with its second in rrule.js, one in New York gets a visit too many, and a visit taken out in UTC stays: the moments of UNTIL and EXDATE are compared with local times.
# Source: RFC 5545, 3.3.10: where DTSTART has a zone, UNTIL has to be in UTC; 3.8.5.1: EXDATE takes out the moments that it names. dateutil, of which rrule.js is a port, reads both so.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0 tzdata==2026.6
npm install --silent --no-audit --no-fund rrule@2.8.1 > /dev/null
cat > series.json <<'JSON'
{"until, Berlin": "DTSTART;TZID=Europe/Berlin:20261020T100000\nRRULE:FREQ=WEEKLY;UNTIL=20261103T090000Z",
 "until, New York": "DTSTART;TZID=America/New_York:20261020T220000\nRRULE:FREQ=WEEKLY;UNTIL=20261104T025959Z",
 "exdate, Berlin": "DTSTART;TZID=Europe/Berlin:20261020T100000\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE:20261027T090000Z"}
JSON
cat > expand.cjs <<'JS'
const { rrulestr } = require("rrule");
for (const [name, text] of Object.entries(require("./series.json")))
  console.log(`${name}, rrule.js 2.8.1: ${rrulestr(text).all().map((each) => each.toISOString().slice(5, 16) + "Z").join(" ")}`);
JS
cat > expand.py <<'PY'
import json
from datetime import UTC
from dateutil.rrule import rrulestr
for name, text in json.load(open("series.json")).items():
    print(f"{name}, dateutil 2.9.0: {' '.join(f'{each.astimezone(UTC):%m-%dT%H:%MZ}' for each in rrulestr(text))}")
PY
{ TZ=UTC node expand.cjs; venv/bin/python expand.py; } | LC_ALL=C sort > seen
cat > expected <<'TEXT'
exdate, Berlin, dateutil 2.9.0: 10-20T08:00Z 11-03T09:00Z
exdate, Berlin, rrule.js 2.8.1: 10-20T08:00Z 10-27T09:00Z 11-03T09:00Z
until, Berlin, dateutil 2.9.0: 10-20T08:00Z 10-27T09:00Z 11-03T09:00Z
until, Berlin, rrule.js 2.8.1: 10-20T08:00Z 10-27T09:00Z
until, New York, dateutil 2.9.0: 10-21T02:00Z 10-28T02:00Z
until, New York, rrule.js 2.8.1: 10-21T02:00Z 10-28T02:00Z 11-04T03:00Z
TEXT
cat seen
diff -u expected seen
