#!/usr/bin/env bash
# A tax of 21 % of 35.80 euros is written as 7.52 by py-moneyed and is 751 cents to it: what a person reads is rounded, what a payment service gets is cut off.
# Source: Stripe's API reference, "amount": a whole number of the currency's smallest unit, which is what the payer has agreed to; str() and round() of the same object say 7.52.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check py-moneyed==3.0 babel==2.19.0
cat > charge.py <<'PY'
from decimal import Decimal
from importlib.metadata import version
from moneyed import Money
tax, third = Money("35.80", "EUR") * Decimal("0.21"), Money("20.00", "EUR") / 3
for name, money in (("21 % of 35.80", tax), ("a third of 20.00", third)):
    print(f"py-moneyed {version('py-moneyed')}, {name}: printed {money}, rounded {money.round(2).amount}, in sub-units {money.get_amount_in_sub_unit()}")
PY
venv/bin/python charge.py > seen
cat > expected <<'TEXT'
py-moneyed 3.0, 21 % of 35.80: printed € 7.52, rounded 7.52, in sub-units 751
py-moneyed 3.0, a third of 20.00: printed € 6.67, rounded 6.67, in sub-units 666
TEXT
cat seen
diff -u expected seen
