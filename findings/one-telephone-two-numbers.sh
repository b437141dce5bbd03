#!/usr/bin/env bash
# One telephone in San Marino or Belfast has two valid numbers of two countries, which libphonenumber says are different: whoever is looked up by number is not found when called from next door.
# Source: ITU-T E.164: a number names its subscriber, which is why people are looked up by it. Italy dials San Marino as 0549, Ireland dials Northern Ireland as 048, as if they were places of their own.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check phonenumbers==9.0.43
cat > match.py <<'PY'
from importlib.metadata import version
import phonenumbers
from phonenumbers.geocoder import description_for_number
from phonenumbers.timezone import time_zones_for_number
print("phonenumbers", version("phonenumbers"))
def tell(text, region):
    number = phonenumbers.parse(text, region)
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    valid = "valid" if phonenumbers.is_valid_number(number) else "not valid"
    place = description_for_number(number, "en")
    print(f"{text} dialled in {region}: {written}, {valid}, of {phonenumbers.region_code_for_number(number)}, {place}, {time_zones_for_number(number)[-1]}")
    return number
for one, other in ((("0549 812345", "IT"), ("0549 812345", "SM")), (("048 9649 6123", "IE"), ("028 9649 6123", "GB"))):
    same = phonenumbers.is_number_match(tell(*one), tell(*other))
    print("  ", {phonenumbers.MatchType.NO_MATCH: "no match"}.get(same, same))
PY
venv/bin/python match.py > seen
cat > expected <<'TEXT'
phonenumbers 9.0.43
0549 812345 dialled in IT: +390549812345, valid, of IT, San Marino, Europe/Rome
0549 812345 dialled in SM: +3780549812345, valid, of SM, San Marino, Europe/San_Marino
   no match
048 9649 6123 dialled in IE: +3534896496123, valid, of IE, Ireland, Europe/London
028 9649 6123 dialled in GB: +442896496123, valid, of GB, Belfast, Europe/London
   no match
TEXT
cat seen
diff -u expected seen
