#!/usr/bin/env bash
# A calendar without CALSCALE, read and written again by ics, says it is Georgian, and recurring-ical-events refuses it and all of its events.
# Source: RFC 5545, 3.7.1: CALSCALE is GREGORIAN, the only value of the memo and the default where it is left out.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check ics==0.7.3 recurring-ical-events==3.8.0 icalendar==6.3.1 tzdata==2026.6
cat > write.py <<'PY'
from importlib.metadata import version
import icalendar, ics, recurring_ical_events
calendar = ics.Calendar()
calendar.events.add(ics.Event(name="Cut", begin="2026-12-01 10:00:00", duration={"hours": 1}, uid="1@example.com"))
new = calendar.serialize()
written = ics.Calendar(new).serialize()
print("ics", version("ics"), "and recurring-ical-events", version("recurring-ical-events"))
for text in (new, written):
    print([line for line in text.splitlines() if line.startswith("CALSCALE")], end=" ")
    try:
        print(len(recurring_ical_events.of(icalendar.Calendar.from_ical(text)).between((2026, 12, 1), (2026, 12, 2))), "event")
    except ValueError as error:
        print(f"{type(error).__name__}: {error}")
PY
venv/bin/python write.py | tee seen
cat > expected <<'TEXT'
ics 0.7.3 and recurring-ical-events 3.8.0
[] 1 event
['CALSCALE:GEORGIAN'] InvalidCalendar: Only Gregorian calendars are supported.
TEXT
diff -u expected seen
