#!/usr/bin/env bash
# Read and written again by ics, a visit every Tuesday at ten in Berlin is at nine from the clock change on: the local start becomes an instant in UTC, the rule stays.
# Source: RFC 5545, 3.8.5.3 and 3.3.10: a recurrence is in the zone of its DTSTART, and local times of one set may differ in their offset.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check ics==0.7.3 recurring-ical-events==3.8.0 icalendar==6.3.1 tzdata==2026.6
cat > weekly.ics <<'ICS'
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:1@example.com
DTSTAMP:20261001T000000Z
DTSTART;TZID=Europe/Berlin:20261020T100000
DTEND;TZID=Europe/Berlin:20261020T110000
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
END:VCALENDAR
ICS
cat > again.py <<'PY'
from importlib.metadata import version
from pathlib import Path
from zoneinfo import ZoneInfo
import icalendar, ics, recurring_ical_events
came = Path("weekly.ics").read_text()
# Its CALSCALE:GEORGIAN would stop the reader: a finding of its own.
written = ics.Calendar(came).serialize().replace("GEORGIAN", "GREGORIAN")
def expand(text):
    found = recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2026, 10, 1), (2026, 12, 1))
    return ", ".join(sorted(each["DTSTART"].dt.astimezone(ZoneInfo("Europe/Berlin")).strftime("%m-%d %H:%M") for each in found))
print("ics", version("ics"))
print("read:   ", expand(came))
print("written:", expand(written))
print(*(line for line in written.splitlines() if line.startswith(("DTSTART", "RRULE"))))
PY
venv/bin/python again.py | tee seen
cat > expected <<'TEXT'
ics 0.7.3
read:    10-20 10:00, 10-27 10:00, 11-03 10:00
written: 10-20 10:00, 10-27 09:00, 11-03 09:00
RRULE:FREQ=WEEKLY;COUNT=3 DTSTART:20261020T080000Z
TEXT
diff -u expected seen
