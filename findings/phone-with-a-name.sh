#!/usr/bin/env bash
# A telephone number followed by a name ("+43 664 1234567 Eva") becomes another number, and a valid one: the letters are dialled as digits.
# Source: the three libraries are ports of one, with one source of number plans; libphonenumber-js reads the number that was written.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check phonenumbers==9.0.43
npm install --silent --no-audit --no-fund google-libphonenumber@3.2.47 libphonenumber-js@1.13.16 > /dev/null

cat > read.py <<'PY'
import phonenumbers
for text, region in (("+43 664 1234567 Eva", None), ("030/123456 App. 12", "DE")):
    number = phonenumbers.parse(text, region)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    print(f"phonenumbers 9.0.43: {text} -> {e164}, valid: {str(phonenumbers.is_valid_number(number)).lower()}")
PY
cat > read.cjs <<'JS'
const { PhoneNumberUtil, PhoneNumberFormat } = require("google-libphonenumber");
const { parsePhoneNumberFromString } = require("libphonenumber-js/max");
const util = PhoneNumberUtil.getInstance();
for (const [text, region] of [["+43 664 1234567 Eva", undefined], ["030/123456 App. 12", "DE"]]) {
  const number = util.parse(text, region);
  console.log(`google-libphonenumber 3.2.47: ${text} -> ${util.format(number, PhoneNumberFormat.E164)}, valid: ${util.isValidNumber(number)}`);
  const other = parsePhoneNumberFromString(text, region);
  console.log(`libphonenumber-js 1.13.16: ${text} -> ${other ? `${other.number}, valid: ${other.isValid()}` : "nothing"}`);
}
JS
{ venv/bin/python read.py; node read.cjs; } > seen
cat > expected <<'TEXT'
phonenumbers 9.0.43: +43 664 1234567 Eva -> +436641234567382, valid: true
phonenumbers 9.0.43: 030/123456 App. 12 -> +493012345627712, valid: true
google-libphonenumber 3.2.47: +43 664 1234567 Eva -> +436641234567382, valid: true
libphonenumber-js 1.13.16: +43 664 1234567 Eva -> +436641234567, valid: true
google-libphonenumber 3.2.47: 030/123456 App. 12 -> +493012345627712, valid: true
libphonenumber-js 1.13.16: 030/123456 App. 12 -> nothing
TEXT
cat seen
diff -u expected seen
