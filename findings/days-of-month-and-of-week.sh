#!/usr/bin/env bash
# "0 9 10,20 * fri" is every Friday and each 10th and 20th to croniter and cron-parser, and to Celery, huey and APScheduler only a Friday that is the 10th or 20th: three times in 2027 instead of 74.
# Source: crontab(5) of Debian and POSIX: where day of month and day of week are both restricted, a command runs when either matches. Each takes the five fields of a crontab.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check celery==5.7.0 huey==3.5.4 apscheduler==3.11.3 croniter==7.0.0 tzdata==2026.6
npm install --silent --no-audit --no-fund cron-parser@5.10.6 > /dev/null
cat > fire.py <<'PY'
from datetime import UTC, datetime, timedelta
import huey
from apscheduler.triggers.cron import CronTrigger
from celery import Celery
from celery.schedules import crontab
from croniter import croniter
app = Celery()
app.conf.timezone = "UTC"
start, end = datetime(2026, 12, 31, 12, tzinfo=UTC), datetime(2027, 12, 31, 12, tzinfo=UTC)
def by_celery(last):
    return last + crontab(0, 9, "fri", "10,20", "*", app=app, nowfun=lambda: last).remaining_estimate(last)
def by_huey(last):
    fires, last = huey.crontab("0", "9", "10,20", "*", "5"), last.replace(minute=0)
    while True:
        last += timedelta(hours=1)
        if fires(last):
            return last
def by_apscheduler(last):
    return CronTrigger.from_crontab("0 9 10,20 * fri", timezone=UTC).get_next_fire_time(last, last)
def by_croniter(last):
    return croniter("0 9 10,20 * fri", last).get_next(datetime)
ways = {"croniter 7.0.0": by_croniter, "Celery 5.7.0": by_celery, "huey 3.5.4": by_huey, "APScheduler 3.11.3": by_apscheduler}
for name, find in ways.items():
    last, fired = find(start), []
    while last < end:
        fired.append(last)
        last = find(last)
    print(f"{name}: {len(fired)} in 2027, first {' '.join(f'{each:%a-%d-%b}' for each in fired[:4])}")
PY
cat > fire.cjs <<'JS'
const { CronExpressionParser } = require("cron-parser");
const times = CronExpressionParser.parse("0 9 10,20 * fri", { currentDate: new Date("2026-12-31T12:00:00Z"), tz: "UTC" }), fired = [];
for (let each = times.next().toDate(); each < new Date("2027-12-31T12:00:00Z"); each = times.next().toDate()) fired.push(each);
const said = (each) => each.toUTCString().replace(/^(\w+), (\d+) (\w+).*/, "$1-$2-$3");
console.log(`cron-parser 5.10.6: ${fired.length} in 2027, first ${fired.slice(0, 4).map(said).join(" ")}`);
JS
{ LC_ALL=C venv/bin/python fire.py; node fire.cjs; } > seen
cat > expected <<'TEXT'
croniter 7.0.0: 74 in 2027, first Fri-01-Jan Fri-08-Jan Sun-10-Jan Fri-15-Jan
Celery 5.7.0: 3 in 2027, first Fri-20-Aug Fri-10-Sep Fri-10-Dec
huey 3.5.4: 3 in 2027, first Fri-20-Aug Fri-10-Sep Fri-10-Dec
APScheduler 3.11.3: 3 in 2027, first Fri-20-Aug Fri-10-Sep Fri-10-Dec
cron-parser 5.10.6: 74 in 2027, first Fri-01-Jan Fri-08-Jan Sun-10-Jan Fri-15-Jan
TEXT
cat seen
diff -u expected seen
