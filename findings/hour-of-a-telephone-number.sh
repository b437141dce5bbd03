#!/usr/bin/env bash
# Asked for the zone of a number in Brisbane, libphonenumber says Sydney's and nothing else, an hour late all summer; Chihuahua and South Sudan are an hour off all year, Casablanca and Punta Arenas half of it.
# Source: the docstring of time_zones_for_number: a list of the zones to which a number belongs; Idaho's numbers get the two of Idaho. The tz database has a zone for each of these places.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check phonenumbers==9.0.43 tzdata==2026.6
cat > tell.py <<'PY'
from datetime import datetime
from importlib.metadata import version
from zoneinfo import ZoneInfo
import phonenumbers
from phonenumbers.timezone import time_zones_for_number
places = {
    "+61 7 5550 1234": "Australia/Brisbane",
    "+52 614 123 4567": "America/Chihuahua",
    "+211 912 345 678": "Africa/Juba",
    "+212 522 123456": "Africa/Casablanca",
    "+56 61 221 2345": "America/Punta_Arenas",
    "+1 208 555 0123": "America/Boise",
}
def noon(zone):
    """The offsets of January and July."""
    return "/".join(f"{datetime(2027, month, 15, 12, tzinfo=ZoneInfo(zone)):%z}" for month in (1, 7))
print("phonenumbers", version("phonenumbers"))
for number, zone in places.items():
    parsed = phonenumbers.parse(number)
    assert phonenumbers.is_valid_number(parsed)
    said = ", ".join(f"{each} {noon(each)}" for each in time_zones_for_number(parsed))
    print(f"number {number}: {zone} {noon(zone)}; told: {said}")
PY
PYTHONTZPATH= venv/bin/python tell.py > seen
cat > expected <<'TEXT'
phonenumbers 9.0.43
number +61 7 5550 1234: Australia/Brisbane +1000/+1000; told: Australia/Sydney +1100/+1000
number +52 614 123 4567: America/Chihuahua -0600/-0600; told: America/Mazatlan -0700/-0700
number +211 912 345 678: Africa/Juba +0200/+0200; told: Africa/Nairobi +0300/+0300
number +212 522 123456: Africa/Casablanca +0000/+0000; told: Atlantic/Canary +0000/+0100
number +56 61 221 2345: America/Punta_Arenas -0300/-0300; told: America/Santiago -0300/-0400
number +1 208 555 0123: America/Boise -0700/-0600; told: America/Boise -0700/-0600, America/Los_Angeles -0800/-0700
TEXT
cat seen
diff -u expected seen
