#!/usr/bin/env bash
# babel's parse_decimal reads 1.405,00 in English as 1.405 and 39.50 in German as 3950; its strict mode refuses these, but takes NaN, 1e3 and 1_000 for amounts.
# Source: babel's documentation of parse_decimal: it raises "if the string can not be converted"; strict refuses "numbers formatted in a weird way".
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check babel==2.19.0
cat > read.py <<'PY'
from babel.numbers import NumberFormatError, parse_decimal
for text, locale in (("1.405,00", "en"), ("39.50", "de"), ("NaN", "en"), ("1e3", "en"), ("1_000", "en")):
    seen = []
    for strict in (False, True):
        try:
            seen.append(str(parse_decimal(text, locale=locale, strict=strict)))
        except NumberFormatError:
            seen.append("refused")
    print(f"babel 2.19.0, {locale}: {text} -> {seen[0]}, strict: {seen[1]}")
PY
venv/bin/python read.py > seen
cat > expected <<'TEXT'
babel 2.19.0, en: 1.405,00 -> 1.40500, strict: refused
babel 2.19.0, de: 39.50 -> 3950, strict: refused
babel 2.19.0, en: NaN -> NaN, strict: NaN
babel 2.19.0, en: 1e3 -> 1E+3, strict: 1E+3
babel 2.19.0, en: 1_000 -> 1000, strict: 1000
TEXT
cat seen
diff -u expected seen
