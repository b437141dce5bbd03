#!/usr/bin/env bash
# babel reads back its own half past two in the afternoon as half past two at night, in Arabic, Chinese, Korean, Greek and the Spanish of half of America.
# Source: babel's documentation of parse_time: it "uses the time format for the locale"; the text is format_time's, in the same locale and release.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check babel==2.19.0
cat > read.py <<'PY'
from datetime import time
from babel.dates import format_time, parse_time
for locale in ("en_US", "ar", "zh_Hant", "ko", "el", "es_MX", "es_US", "es_CO"):
    text = format_time(time(14, 30), "short", locale=locale)
    print(f"babel 2.19.0, {locale}: 14:30 is written {ascii(text)} and read {parse_time(text, locale=locale):%H:%M}")
PY
venv/bin/python read.py > seen
cat > expected <<'TEXT'
babel 2.19.0, en_US: 14:30 is written '2:30\u202fPM' and read 14:30
babel 2.19.0, ar: 14:30 is written '2:30 \u0645' and read 02:30
babel 2.19.0, zh_Hant: 14:30 is written '\u4e0b\u53482:30' and read 02:30
babel 2.19.0, ko: 14:30 is written '\uc624\ud6c4 2:30' and read 02:30
babel 2.19.0, el: 14:30 is written '2:30\u202f\u03bc.\u03bc.' and read 02:30
babel 2.19.0, es_MX: 14:30 is written '2:30\u202fp.m.' and read 02:30
babel 2.19.0, es_US: 14:30 is written '2:30\u202fp.m.' and read 02:30
babel 2.19.0, es_CO: 14:30 is written '2:30\u202fp.\u202fm.' and read 02:30
TEXT
cat seen
diff -u expected seen
