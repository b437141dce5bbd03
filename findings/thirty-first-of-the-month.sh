#!/usr/bin/env bash
# Due on the 31st of each month, node-ical puts November's on the 30th and from then on every one on the 30th or the 28th; a birthday of 29 February is on the 28th in other years to node-ical and on 1 March to ical.js.
# Source: RFC 5545, 3.3.10: an instance on a date that does not exist (30 February) is ignored and not counted: months without a 31st and years without a 29 February have none.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2 tzdata==2026.6
npm install --silent --no-audit --no-fund ical.js@2.2.1 node-ical@0.26.1 > /dev/null
file() {  # $1: the start, $2: the rule
    printf '%s\r\n' BEGIN:VCALENDAR VERSION:2.0 PRODID:finding BEGIN:VEVENT UID:1 DTSTAMP:20260101T000000Z \
        "DTSTART$1" "RRULE:$2" SUMMARY:Due END:VEVENT END:VCALENDAR
}
file :20261031T100000Z "FREQ=MONTHLY;COUNT=5" > monthly.ics
file ";VALUE=DATE:20280229" "FREQ=YEARLY;COUNT=3" > yearly.ics
cat > expand.mjs <<'JS'
import fs from "fs"; import ICAL from "ical.js"; import nodeIcal from "node-ical";
for (const name of ["monthly", "yearly"]) {
  const text = fs.readFileSync(`${name}.ics`, "utf8");
  const times = new ICAL.Event(new ICAL.Component(ICAL.parse(text)).getFirstSubcomponent("vevent")).iterator(), found = [];
  for (let each; (each = times.next()); ) found.push(each.toString().slice(0, 10));
  console.log(`${name}, ical.js 2.2.1: ${found.join(" ")}`);
  const event = Object.values(nodeIcal.sync.parseICS(text)).find((each) => each.type === "VEVENT");
  const span = { from: new Date("2026-01-01"), to: new Date("2041-01-01") };
  console.log(`${name}, node-ical 0.26.1: ${nodeIcal.expandRecurringEvent(event, span).map((each) => each.start.toISOString().slice(0, 10)).join(" ")}`);
}
JS
cat > expand.py <<'PY'
import icalendar, recurring_ical_events
for name in ("monthly", "yearly"):
    with open(f"{name}.ics", "rb") as file:
        found = recurring_ical_events.of(icalendar.Calendar.from_ical(file.read())).between((2026, 1, 1), (2041, 1, 1))
    print(f"{name}, recurring-ical-events 3.8.2: {' '.join(sorted(str(each.start)[:10] for each in found))}")
PY
{ TZ=UTC node expand.mjs; PYTHONTZPATH= venv/bin/python expand.py; } | LC_ALL=C sort > seen
cat > expected <<'TEXT'
monthly, ical.js 2.2.1: 2026-10-31 2026-12-31 2027-01-31 2027-03-31 2027-05-31
monthly, node-ical 0.26.1: 2026-10-31 2026-11-30 2026-12-30 2027-01-30 2027-02-28
monthly, recurring-ical-events 3.8.2: 2026-10-31 2026-12-31 2027-01-31 2027-03-31 2027-05-31
yearly, ical.js 2.2.1: 2028-02-29 2029-03-01 2030-03-01
yearly, node-ical 0.26.1: 2028-02-29 2029-02-28 2030-02-28
yearly, recurring-ical-events 3.8.2: 2028-02-29 2032-02-29 2036-02-29
TEXT
cat seen
diff -u expected seen
