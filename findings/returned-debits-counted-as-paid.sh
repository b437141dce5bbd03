#!/usr/bin/env bash
# A direct debit that comes back is read by mt-940 as money received: a reversal of a credit (RC) has a positive amount, and statements no longer add up to their own closing balance.
# Source: SWIFT, field 61, subfield 3: RC is a reversal of a credit, a debit entry, RD a reversal of a debit, a credit entry. Release 5.1 knows it and has an option for it, off by default.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check mt-940==5.1.1
cat > read.py <<'PY'
import mt940
text = """:20:STATEMENT
:25:12345678/0123456789
:28C:1/1
:60F:C261231EUR100,00
:61:2701040104C39,50NDDTNONREF
:61:2701080108RC39,50NDDTNONREF
:61:2701080108D3,00NCHGNONREF
:62F:C270108EUR97,00
-
"""
read = mt940.parse(text)
amounts = [each.data["amount"].amount for each in read]
first, last = (read.data[name].amount.amount for name in ("final_opening_balance", "final_closing_balance"))
for each in read:
    print(f"mt-940 5.1.1: {each.data['status']} is {each.data['amount'].amount:+}")
print(f"opening {first}, all entries {sum(amounts):+}: {first + sum(amounts)}, the bank's closing {last}")
PY
venv/bin/python read.py > seen
cat > expected <<'TEXT'
mt-940 5.1.1: C is +39.50
mt-940 5.1.1: RC is +39.50
mt-940 5.1.1: D is -3.00
opening 100.00, all entries +76.00: 176.00, the bank's closing 97.00
TEXT
cat seen
diff -u expected seen
