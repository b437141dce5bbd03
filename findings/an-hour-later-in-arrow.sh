#!/usr/bin/env bash
# In arrow, two hours after 01:30 are three hours later in autumn, and in spring one hour later and two hours later are the same moment.
# Source: arrow's documentation of shift: "hours" shifts the object by that many; an Arrow knows its zone and resolves skipped times.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check arrow==1.4.0 tzdata==2026.6
cat > shift.py <<'PY'
import arrow
for day in ("2026-10-25", "2027-03-28"):
    start = arrow.get(f"{day} 01:30", tzinfo="Europe/Berlin")
    for hours in (1, 2):
        later = start.shift(hours=hours)
        print(f"arrow 1.4.0: {start} and {hours} h: {later}, {(later.to('UTC') - start.to('UTC')).total_seconds() / 3600:g} h later")
PY
PYTHONTZPATH= venv/bin/python shift.py > seen
cat > expected <<'TEXT'
arrow 1.4.0: 2026-10-25T01:30:00+02:00 and 1 h: 2026-10-25T02:30:00+02:00, 1 h later
arrow 1.4.0: 2026-10-25T01:30:00+02:00 and 2 h: 2026-10-25T03:30:00+01:00, 3 h later
arrow 1.4.0: 2027-03-28T01:30:00+01:00 and 1 h: 2027-03-28T03:30:00+02:00, 1 h later
arrow 1.4.0: 2027-03-28T01:30:00+01:00 and 2 h: 2027-03-28T03:30:00+02:00, 1 h later
TEXT
cat seen
diff -u expected seen
