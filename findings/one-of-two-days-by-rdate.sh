#!/usr/bin/env bash
# Of a course on two days, DTSTART and an RDATE, each library for JavaScript loses one: node-ical keeps the first alone, ical.js and rrule.js the second, and rrule.js moves that by the zone.
# Source: RFC 5545, 3.8.5.2 and 3.8.2.4: RDATE adds times to a recurrence set whose first instance is DTSTART; a form with Z is UTC whatever the start's zone is.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2 tzdata==2026.6
npm install --silent --no-audit --no-fund ical.js@2.2.1 node-ical@0.26.1 rrule@2.8.1 > /dev/null
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:finding BEGIN:VTIMEZONE TZID:Europe/Berlin \
    BEGIN:STANDARD DTSTART:20001029T030000 TZOFFSETFROM:+0200 TZOFFSETTO:+0100 \
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" END:STANDARD \
    BEGIN:DAYLIGHT DTSTART:20000326T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 \
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" END:DAYLIGHT END:VTIMEZONE \
    BEGIN:VEVENT UID:1 DTSTAMP:20260101T000000Z "DTSTART;TZID=Europe/Berlin:20261201T100000" DURATION:PT1H \
    RDATE:20261203T090000Z SUMMARY:Course END:VEVENT END:VCALENDAR > course.ics
cat > expand.mjs <<'JS'
import fs from "fs"; import ICAL from "ical.js"; import nodeIcal from "node-ical"; import rrule from "rrule";
const text = fs.readFileSync("course.ics", "utf8"), said = (date) => date.toISOString().slice(0, 16) + "Z";
const part = new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent");
const times = new ICAL.Event(part).iterator(), found = [];
for (let each; (each = times.next()); ) found.push(said(each.toJSDate()));
console.log(`ical.js 2.2.1: ${found.join(" ")}`);
const event = Object.values(nodeIcal.sync.parseICS(text)).find((each) => each.type === "VEVENT");
const span = { from: new Date("2026-11-01"), to: new Date("2027-01-01") };
console.log(`node-ical 0.26.1: ${nodeIcal.expandRecurringEvent(event, span).map((each) => said(each.start)).join(" ")}`);
const set = text.split("\r\n").filter((line) => /^(DTSTART;|RDATE)/.test(line)).join("\n");
console.log(`rrule.js 2.8.1: ${rrule.rrulestr(set, { forceset: true }).all().map(said).join(" ")}`);
JS
cat > expand.py <<'PY'
from datetime import UTC
import icalendar, recurring_ical_events
with open("course.ics", "rb") as file:
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(file.read())).between((2026, 11, 1), (2027, 1, 1))
print(f"recurring-ical-events 3.8.2: {' '.join(sorted(f'{each.start.astimezone(UTC):%Y-%m-%dT%H:%MZ}' for each in found))}")
PY
{ TZ=UTC node expand.mjs; PYTHONTZPATH= venv/bin/python expand.py; } > seen
cat > expected <<'TEXT'
ical.js 2.2.1: 2026-12-03T09:00Z
node-ical 0.26.1: 2026-12-01T09:00Z
rrule.js 2.8.1: 2026-12-03T08:00Z
recurring-ical-events 3.8.2: 2026-12-01T09:00Z 2026-12-03T09:00Z
TEXT
echo "A course on 1 and on 3 December at 10:00 in Berlin, which is 09:00Z:"
cat seen
diff -u expected seen
