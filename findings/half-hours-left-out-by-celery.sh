#!/usr/bin/env bash
# A Celery task for every half hour rests for an hour and a half on the night the clocks go back: beat leaves the repeated hour out, where cron, APScheduler and cron-parser go on.
# Source: cron(8) of Debian: when clocks change, only jobs at a particular time are held back; those with a wildcard in hour or minute run by the new time at once.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check celery==5.7.0 apscheduler==3.11.3 tzdata==2026.6
npm install --silent --no-audit --no-fund cron-parser@5.10.6 > /dev/null
cat > fire.py <<'PY'
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo
from apscheduler.triggers.cron import CronTrigger
from celery import Celery
from celery.schedules import crontab
ZONE = ZoneInfo("Europe/Berlin")
start = datetime(2026, 10, 25, 1, 45, tzinfo=ZONE)
app = Celery()
app.conf.timezone = "Europe/Berlin"
def said(times):
    return " ".join(f"{each.astimezone(UTC):%H:%MZ}" for each in times)
def by_celery():
    # As beat does: ask, sleep for what is_due says and five minutes at most, ask again.
    now, last, fired = start, start, []
    while len(fired) < 5:
        due, seconds = crontab("*/30", app=app, nowfun=lambda: now).is_due(last)
        if due:
            fired.append(now)
            last = now
        now = (now.astimezone(UTC) + timedelta(seconds=min(seconds, 300))).astimezone(ZONE)
    return fired
def by_apscheduler():
    trigger, fired = CronTrigger.from_crontab("*/30 * * * *", timezone=ZONE), []
    for _ in range(5):
        last = fired[-1] if fired else None
        fired.append(trigger.get_next_fire_time(last, last or start))
    return fired
print("Celery 5.7.0:", said(by_celery()))
print("APScheduler 3.11.3:", said(by_apscheduler()))
PY
cat > fire.cjs <<'JS'
const { CronExpressionParser } = require("cron-parser");
const zone = "Europe/Berlin", start = new Date("2026-10-24T23:45:00Z"), said = (date) => date.toISOString().slice(11, 16) + "Z";
const times = CronExpressionParser.parse("*/30 * * * *", { currentDate: start, tz: zone });
console.log("cron-parser 5.10.6:", [...Array(5)].map(() => said(times.next().toDate())).join(" "));
JS
{ PYTHONTZPATH= venv/bin/python fire.py; node fire.cjs; } > seen
cat > expected <<'TEXT'
Celery 5.7.0: 00:00Z 00:30Z 02:00Z 02:30Z 03:00Z
APScheduler 3.11.3: 00:00Z 00:30Z 01:00Z 01:30Z 02:00Z
cron-parser 5.10.6: 00:00Z 00:30Z 01:00Z 01:30Z 02:00Z
TEXT
echo "*/30 * * * * in Europe/Berlin after 2026-10-25 01:45; at 01:00Z the clocks go back from 3 to 2:"
cat seen
diff -u expected seen
