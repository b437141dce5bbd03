#!/usr/bin/env bash
# Written by vobject, ten o'clock in Shanghai becomes ten o'clock in Chicago, fourteen hours later: zones are named by their abbreviation, and both are CST.
# Source: RFC 5545, 3.2.19 and 3.8.3.1: TZID names one VTIMEZONE uniquely in its calendar; CPython's ZoneInfo knows its key.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check vobject==0.9.9 tzdata==2026.6
cat > write.py <<'PY'
from datetime import UTC, datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo, reset_tzpath
import vobject
reset_tzpath(())  # tzdata's rules, not the machine's
print("vobject", version("vobject"))
for zones in (("America/Chicago", "Asia/Shanghai"), ("Europe/Dublin", "Asia/Kolkata")):
    meant = [datetime(2027, 1, 15, 10, tzinfo=ZoneInfo(zone)) for zone in zones]
    calendar = vobject.iCalendar()
    for number, start in enumerate(meant):
        event = calendar.add("vevent")
        event.add("uid").value = f"{number}@example.com"
        event.add("dtstart").value = start
    written = calendar.serialize()
    read = [event.dtstart.value for event in vobject.readOne(written).vevent_list]
    print(*(line for line in written.splitlines() if line.startswith("TZID:")))
    for zone, before, after in zip(zones, meant, read):
        print(f"  10:00 in {zone}: {before.astimezone(UTC):%d %H:%M} meant, {after.astimezone(UTC):%d %H:%M} read")
PY
venv/bin/python write.py | tee seen
cat > expected <<'TEXT'
vobject 0.9.9
TZID:CST
  10:00 in America/Chicago: 15 16:00 meant, 15 16:00 read
  10:00 in Asia/Shanghai: 15 02:00 meant, 15 16:00 read
TZID:IST
  10:00 in Europe/Dublin: 15 10:00 meant, 15 10:00 read
  10:00 in Asia/Kolkata: 15 04:30 meant, 15 10:00 read
TEXT
diff -u expected seen
