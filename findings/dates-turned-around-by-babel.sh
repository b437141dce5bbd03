#!/usr/bin/env bash
# babel reads two days that follow each other as two months: in American English 12/11/2026 is 11 December, and 13/11/2026 is 13 November instead of an error.
# Source: babel's documentation of parse_date: it "uses the date format for the locale as a hint to determine the order"; a month above 12 is not refused but turned around.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check babel==2.19.0
cat > read.py <<'PY'
import babel
from babel.dates import parse_date
print("babel", babel.__version__)
for locale, texts in {
    "en_US": ["12/11/2026", "13/11/2026", "1.12.2026"],
    "de": ["12.11.2026", "12.13.2026", "01.12.99"],
    "en_GB": ["11/12/2026", "11/13/2026"],
}.items():
    print(locale, *(f"{text} = {parse_date(text, locale=locale)}" for text in texts), sep="  ")
PY
venv/bin/python read.py | tee seen
cat > expected <<'TEXT'
babel 2.19.0
en_US  12/11/2026 = 2026-12-11  13/11/2026 = 2026-11-13  1.12.2026 = 2026-01-12
de  12.11.2026 = 2026-11-12  12.13.2026 = 2026-12-13  01.12.99 = 1999-12-01
en_GB  11/12/2026 = 2026-12-11  11/13/2026 = 2026-11-13
TEXT
diff -u expected seen
