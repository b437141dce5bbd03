#!/usr/bin/env bash
# In the hour that autumn repeats, ical.js and node-ical read an event an hour late; in the one that spring skips, ical.js reads it an hour early.
# Source: RFC 5545, 3.3.5: a local time that occurs twice "refers to the first occurrence"; one that is skipped is read by the offset before the gap.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check icalendar==7.3.2 tzdata==2026.6
npm install --silent --no-audit --no-fund ical.js@2.2.1 node-ical@0.26.1 > /dev/null

file() {  # $1: the start in local time
    printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:finding BEGIN:VTIMEZONE TZID:Europe/Berlin \
        BEGIN:STANDARD DTSTART:20001029T030000 TZOFFSETFROM:+0200 TZOFFSETTO:+0100 \
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" END:STANDARD \
        BEGIN:DAYLIGHT DTSTART:20000326T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 \
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" END:DAYLIGHT END:VTIMEZONE \
        BEGIN:VEVENT UID:1 DTSTAMP:20260101T000000Z "DTSTART;TZID=Europe/Berlin:$1" SUMMARY:Visit END:VEVENT END:VCALENDAR
}
file 20261025T023000 > autumn.ics
file 20270328T023000 > spring.ics

cat > read.mjs <<'JS'
import fs from "fs"; import ICAL from "ical.js"; import nodeIcal from "node-ical";
for (const name of ["autumn", "spring"]) {
  const text = fs.readFileSync(`${name}.ics`, "utf8");
  const event = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent"));
  const other = Object.values(nodeIcal.sync.parseICS(text)).find((each) => each.type === "VEVENT");
  const said = (date) => date.toISOString().slice(0, 16) + "Z";
  console.log(`${name} ical.js 2.2.1: ${said(event.startDate.toJSDate())}`);
  console.log(`${name} node-ical 0.26.1: ${said(other.start)}`);
}
JS
cat > read.py <<'PY'
from datetime import UTC
import icalendar
for name in ("autumn", "spring"):
    with open(f"{name}.ics", "rb") as file:
        start = icalendar.Calendar.from_ical(file.read()).walk("VEVENT")[0].start
    print(f"{name} icalendar 7.3.2: {start.astimezone(UTC):%Y-%m-%dT%H:%MZ}")
PY
{ TZ=UTC node read.mjs; PYTHONTZPATH= venv/bin/python read.py; } | LC_ALL=C sort > seen
cat > expected <<'TEXT'
autumn ical.js 2.2.1: 2026-10-25T01:30Z
autumn icalendar 7.3.2: 2026-10-25T00:30Z
autumn node-ical 0.26.1: 2026-10-25T01:30Z
spring ical.js 2.2.1: 2027-03-28T00:30Z
spring icalendar 7.3.2: 2027-03-28T01:30Z
spring node-ical 0.26.1: 2027-03-28T01:30Z
TEXT
echo "02:30 in Europe/Berlin, with the VTIMEZONE in the file. By the RFC: autumn 00:30Z, spring 01:30Z."
cat seen
diff -u expected seen
