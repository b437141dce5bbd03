#!/usr/bin/env bash
# A tax of 8.1 % is written as 8 %, and fees of 12.5 % and 13.5 % as 12 % and 14 %: babel 2.19 rounds percentages to whole ones, halves to the even one, unless it is told not to quantize.
# Source: the Swiss rates of value-added tax since 2024 are 8.1, 3.8 and 2.6 % (art. 25 of the law, SR 641.20); rounding them is another rate, and a receipt has to state the one that holds.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
cat > write.py <<'PY'
from decimal import Decimal
import babel
from babel.numbers import format_percent
print(f"babel {babel.__version__}")
for rate in ("0.081", "0.038", "0.026", "0.125", "0.135"):
    plain = format_percent(Decimal(rate), locale="de_CH")
    kept = format_percent(Decimal(rate), locale="de_CH", decimal_quantization=False)
    print(f"  {rate}: {plain}, without quantization {kept}")
PY
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check babel==2.19.0
PYTHONIOENCODING=utf-8 venv/bin/python write.py > seen
cat > expected <<'TEXT'
babel 2.19.0
  0.081: 8%, without quantization 8.1%
  0.038: 4%, without quantization 3.8%
  0.026: 3%, without quantization 2.6%
  0.125: 12%, without quantization 12.5%
  0.135: 14%, without quantization 13.5%
TEXT
cat seen
diff -u expected seen
