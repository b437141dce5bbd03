#!/usr/bin/env bash
# "30 2 * * *" fires twice on the day the clocks go back by croniter and APScheduler and once by three others, and in spring at two different moments.
# Source: cron(8) of Debian: jobs are not run twice when the clock goes back by less than three hours. All five libraries take the same line and zone.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check croniter==7.0.0 apscheduler==3.11.3 cronsim==2.8 tzdata==2026.6
npm install --silent --no-audit --no-fund cron-parser@5.10.6 croner@11.0.1 > /dev/null
cat > fire.py <<'PY'
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
from apscheduler.triggers.cron import CronTrigger
from croniter import croniter
from cronsim import CronSim
ZONE = ZoneInfo("Europe/Berlin")
def by_apscheduler(start):
    trigger, last = CronTrigger.from_crontab("30 2 * * *", timezone=ZONE), None
    while True:
        last = trigger.get_next_fire_time(last, last or start)
        yield last
def by_croniter(start):
    times = croniter("30 2 * * *", start)
    while True:
        yield times.get_next(datetime)
def fired(times):
    out = []
    for each in times:
        if each.astimezone(UTC) > end:
            return " ".join(f"{each.astimezone(UTC):%H:%MZ}" for each in out)
        out.append(each)
for day in ((2026, 10, 24), (2027, 3, 27)):
    start = datetime(*day, 12, tzinfo=ZONE)
    end = start.astimezone(UTC) + timedelta(hours=24)
    for name, times in (("croniter 7.0.0", by_croniter), ("APScheduler 3.11.3", by_apscheduler), ("cronsim 2.8", lambda start: CronSim("30 2 * * *", start))):
        print(f"night after {start:%Y-%m-%d}, {name}: {fired(times(start))}")
PY
cat > fire.cjs <<'JS'
const { CronExpressionParser } = require("cron-parser"), { Cron } = require("croner");
for (const start of ["2026-10-24T10:00:00Z", "2027-03-27T11:00:00Z"]) {
  const end = Date.parse(start) + 24 * 3600000, said = (times) => times.filter((each) => each <= end).map((each) => each.toISOString().slice(11, 16) + "Z").join(" ");
  const parsed = CronExpressionParser.parse("30 2 * * *", { currentDate: new Date(start), tz: "Europe/Berlin" });
  console.log(`night after ${start.slice(0, 10)}, cron-parser 5.10.6: ${said([parsed.next().toDate(), parsed.next().toDate()])}`);
  console.log(`night after ${start.slice(0, 10)}, croner 11.0.1: ${said(new Cron("30 2 * * *", { timezone: "Europe/Berlin" }).nextRuns(2, new Date(start)))}`);
}
JS
{ PYTHONTZPATH= venv/bin/python fire.py; node fire.cjs; } | LC_ALL=C sort > seen
cat > expected <<'TEXT'
night after 2026-10-24, APScheduler 3.11.3: 00:30Z 01:30Z
night after 2026-10-24, cron-parser 5.10.6: 00:30Z
night after 2026-10-24, croner 11.0.1: 00:30Z
night after 2026-10-24, croniter 7.0.0: 00:30Z 01:30Z
night after 2026-10-24, cronsim 2.8: 00:30Z
night after 2027-03-27, APScheduler 3.11.3: 01:30Z
night after 2027-03-27, cron-parser 5.10.6: 01:30Z
night after 2027-03-27, croner 11.0.1: 01:00Z
night after 2027-03-27, croniter 7.0.0: 01:00Z
night after 2027-03-27, cronsim 2.8: 01:00Z
TEXT
echo "30 2 * * * in Europe/Berlin, over the nights in which the clocks change:"
cat seen
diff -u expected seen
