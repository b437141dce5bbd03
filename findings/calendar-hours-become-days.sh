#!/usr/bin/env bash
# A calendar event of two hours across autumn's clock change lasts three hours to icalendar and ical.js, and icalendar rewrites PT24H as P1D, another length.
# Source: RFC 5545, 3.3.6: days and weeks are nominal, hours, minutes and seconds are exact; around a change of clocks PT24H and P1D differ.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check icalendar==7.3.2 tzdata==2026.6
npm install --silent --no-audit --no-fund ical.js@2.2.1 > /dev/null

printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:finding BEGIN:VTIMEZONE TZID:Europe/Berlin \
    BEGIN:STANDARD DTSTART:20001029T030000 TZOFFSETFROM:+0200 TZOFFSETTO:+0100 \
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" END:STANDARD \
    BEGIN:DAYLIGHT DTSTART:20000326T020000 TZOFFSETFROM:+0100 TZOFFSETTO:+0200 \
    "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU" END:DAYLIGHT END:VTIMEZONE \
    BEGIN:VEVENT UID:1 DTSTAMP:20260101T000000Z "DTSTART;TZID=Europe/Berlin:20261025T013000" DURATION:PT2H END:VEVENT \
    BEGIN:VEVENT UID:2 DTSTAMP:20260101T000000Z "DTSTART;TZID=Europe/Berlin:20261024T120000" DURATION:PT24H END:VEVENT \
    END:VCALENDAR > file.ics

cat > read.py <<'PY'
from datetime import UTC
import icalendar
with open("file.ics", "rb") as file:
    for event in icalendar.Calendar.from_ical(file.read()).walk("VEVENT"):
        hours = (event.end.astimezone(UTC) - event.start.astimezone(UTC)).total_seconds() / 3600
        print(f"icalendar 7.3.2: {hours:g} hours, written back as {event['DURATION'].to_ical().decode()}")
PY
cat > read.mjs <<'JS'
import fs from "fs"; import ICAL from "ical.js";
for (const part of new ICAL.Component(ICAL.parse(fs.readFileSync("file.ics", "utf8"))).getAllSubcomponents("vevent")) {
  const event = new ICAL.Event(part);
  const hours = (event.endDate.toJSDate() - event.startDate.toJSDate()) / 3600000;
  console.log(`ical.js 2.2.1: ${hours} hours, written back as ${part.getFirstPropertyValue("duration")}`);
}
JS
{ PYTHONTZPATH= venv/bin/python read.py; TZ=UTC node read.mjs; } > seen
cat > expected <<'TEXT'
icalendar 7.3.2: 3 hours, written back as PT2H
icalendar 7.3.2: 25 hours, written back as P1D
ical.js 2.2.1: 3 hours, written back as PT2H
ical.js 2.2.1: 25 hours, written back as PT24H
TEXT
echo "Events of PT2H and of PT24H across 2026-10-25 03:00 in Europe/Berlin; by the RFC they last 2 and 24 hours."
cat seen
diff -u expected seen
