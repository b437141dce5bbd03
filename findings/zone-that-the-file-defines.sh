#!/usr/bin/env bash
# A calendar file says itself what its zone is, and two readers of four do not look: icalendar and node-ical go by the zone's name, and an event of ten o'clock is an hour later to them than to vobject and ical.js.
# Source: RFC 5545, 3.2.19 and 3.6.5: TZID refers to the VTIMEZONE of the same file, which has to be there and is what local times are to be read by; the name means something in that file alone.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check icalendar==7.3.2 vobject==0.9.9 tzdata==2026.6
npm install --silent --no-audit --no-fund ical.js@2.2.1 node-ical@0.26.1 > /dev/null
# With Mexico's summer time, which ended in 2022: as a program writes it that has not learned of the change.
printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:finding BEGIN:VTIMEZONE TZID:America/Mexico_City \
    BEGIN:STANDARD DTSTART:20001029T020000 TZOFFSETFROM:-0500 TZOFFSETTO:-0600 \
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU" END:STANDARD \
    BEGIN:DAYLIGHT DTSTART:20000402T020000 TZOFFSETFROM:-0600 TZOFFSETTO:-0500 \
    "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU" END:DAYLIGHT END:VTIMEZONE \
    BEGIN:VEVENT UID:1 DTSTAMP:20260101T000000Z "DTSTART;TZID=America/Mexico_City:20260701T100000" DURATION:PT1H \
    SUMMARY:Visit END:VEVENT END:VCALENDAR > visit.ics
cat > read.py <<'PY'
from datetime import UTC
from pathlib import Path
import icalendar, vobject
text = Path("visit.ics").read_bytes().decode()
print(f"vobject 0.9.9: {vobject.readOne(text).vevent.dtstart.value.astimezone(UTC):%H:%MZ}")
print(f"icalendar 7.3.2: {icalendar.Calendar.from_ical(text).walk('VEVENT')[0].start.astimezone(UTC):%H:%MZ}")
PY
cat > read.mjs <<'JS'
import fs from "fs"; import ICAL from "ical.js"; import nodeIcal from "node-ical";
const text = fs.readFileSync("visit.ics", "utf8"), said = (date) => date.toISOString().slice(11, 16) + "Z";
console.log(`ical.js 2.2.1: ${said(new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent")).startDate.toJSDate())}`);
console.log(`node-ical 0.26.1: ${said(Object.values(nodeIcal.sync.parseICS(text)).find((each) => each.type === "VEVENT").start)}`);
JS
{ PYTHONTZPATH= venv/bin/python read.py; TZ=UTC node read.mjs; } > seen
cat > expected <<'TEXT'
vobject 0.9.9: 15:00Z
icalendar 7.3.2: 16:00Z
ical.js 2.2.1: 15:00Z
node-ical 0.26.1: 16:00Z
TEXT
echo "10:00 in a zone of -05:00 in July, as the file has it:"
cat seen
diff -u expected seen
