#!/usr/bin/env bash
# A Turk in Germany or a German in the United States has no locale in babel: it refuses the pairs of language and country that Node 20's Intl writes dates for.
# Source: CLDR (UTS 35, "Locale Inheritance and Matching"): a locale without data of its own inherits from its language; nothing in BCP 47 ties a language to a country.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check babel==2.19.0
cat > write.py <<'PY'
from datetime import date
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
for name in ("tr_DE", "uk_PL", "de_US", "es_DE", "en_DE"):
    try:
        print(f"babel 2.19.0: {name}: {format_date(date(2026, 11, 30), 'short', locale=Locale.parse(name))}")
    except UnknownLocaleError as error:
        print(f"babel 2.19.0: {name}: {error}")
PY
cat > write.js <<'JS'
for (const name of ["tr-DE", "uk-PL", "de-US", "es-DE", "en-DE"]) {
  const format = new Intl.DateTimeFormat(name, { dateStyle: "short", timeZone: "UTC" });
  console.log(`Intl: ${name}: ${format.format(new Date("2026-11-30T12:00Z"))}`);
}
JS
venv/bin/python write.py > seen
node write.js >> seen
cat > expected <<'TEXT'
babel 2.19.0: tr_DE: unknown locale 'tr_DE'
babel 2.19.0: uk_PL: unknown locale 'uk_PL'
babel 2.19.0: de_US: unknown locale 'de_US'
babel 2.19.0: es_DE: unknown locale 'es_DE'
babel 2.19.0: en_DE: 30/11/2026
Intl: tr-DE: 30.11.2026
Intl: uk-PL: 30.11.26
Intl: de-US: 30.11.26
Intl: es-DE: 30/11/26
Intl: en-DE: 30/11/2026
TEXT
cat seen
diff -u expected seen
