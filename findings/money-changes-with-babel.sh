#!/usr/bin/env bash
# With babel 2.19 in the place of 2.18, 10.50 forints or Colombian pesos are written as 10, and each release refuses the thousands sign that the other writes for Switzerland.
# Source: ISO 4217 gives HUF, COP and IDR two decimals (the package iso4217 beside it holds its table); babel takes CLDR's, which the release changed.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
cat > write.py <<'PY'
from decimal import Decimal
import babel, iso4217
from babel.numbers import NumberFormatError, format_currency, format_decimal, parse_decimal
print(f"babel {babel.__version__}")
for code in ("HUF", "COP", "IDR"):
    written = format_currency(Decimal("10.50"), code, "¤¤#,##0.00", locale="en")
    print(f"  10.50 {code}: {written}; by ISO 4217 {iso4217.Currency(code).exponent} decimals")
print(f"  1405 in Switzerland: {format_decimal(1405, locale='de_CH')}")
for sign in ("'", "\u2019"):
    try:
        print(f"  reads 1{sign}405: {parse_decimal(f'1{sign}405', locale='de_CH', strict=True)}")
    except NumberFormatError:
        print(f"  refuses 1{sign}405")
PY
for release in 2.18.0 2.19.0; do
    python3 -m venv "venv-$release"
    "venv-$release/bin/python" -m pip install --quiet --disable-pip-version-check "babel==$release" iso4217==1.16.20260101
    PYTHONIOENCODING=utf-8 "venv-$release/bin/python" write.py
done > seen
cat > expected <<'TEXT'
babel 2.18.0
  10.50 HUF: HUF10.50; by ISO 4217 2 decimals
  10.50 COP: COP10.50; by ISO 4217 2 decimals
  10.50 IDR: IDR10.50; by ISO 4217 2 decimals
  1405 in Switzerland: 1’405
  refuses 1'405
  reads 1’405: 1405
babel 2.19.0
  10.50 HUF: HUF10; by ISO 4217 2 decimals
  10.50 COP: COP10; by ISO 4217 2 decimals
  10.50 IDR: IDR10; by ISO 4217 2 decimals
  1405 in Switzerland: 1'405
  reads 1'405: 1405
  refuses 1’405
TEXT
cat seen
diff -u expected seen
