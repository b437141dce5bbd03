#!/usr/bin/env bash
# rrule.js does not read a start that is a whole day: a series from 1 December 2020 on begins at the moment at which it is read, or has ended by then, without an error.
# Source: RFC 5545, 3.8.2.4: the value of DTSTART is a DATE where it says VALUE=DATE, as every calendar writes it for whole days.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
npm install --silent --no-audit --no-fund rrule@2.8.1 > /dev/null
cat > expand.cjs <<'JS'
const { rrulestr } = require("rrule"), before = Date.now() - 1000;
const said = (each) => each >= before && each <= Date.now() ? "now" : each.toISOString().slice(0, 16) + "Z";
for (const start of ["DTSTART;VALUE=DATE:20201201", "DTSTART:20201201T000000Z"])
  for (const rule of ["FREQ=DAILY;COUNT=1", "FREQ=DAILY;UNTIL=20201202"]) {
    const found = rrulestr(`${start}\nRRULE:${rule}`).all();
    console.log(`rrule.js 2.8.1: ${start}, ${rule}: ${found.length ? found.map(said).join(" ") : "nothing"}`);
  }
JS
TZ=UTC node expand.cjs > seen
cat > expected <<'TEXT'
rrule.js 2.8.1: DTSTART;VALUE=DATE:20201201, FREQ=DAILY;COUNT=1: now
rrule.js 2.8.1: DTSTART;VALUE=DATE:20201201, FREQ=DAILY;UNTIL=20201202: nothing
rrule.js 2.8.1: DTSTART:20201201T000000Z, FREQ=DAILY;COUNT=1: 2020-12-01T00:00Z
rrule.js 2.8.1: DTSTART:20201201T000000Z, FREQ=DAILY;UNTIL=20201202: 2020-12-01T00:00Z 2020-12-02T00:00Z
TEXT
cat seen
diff -u expected seen
