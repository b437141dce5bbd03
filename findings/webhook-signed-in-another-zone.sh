#!/usr/bin/env bash
# Standard Webhooks' Python library signs one instant differently by the zone it is written in: sign() replaces the zone instead of converting it, and its own verify() then refuses.
# Source: the specification of Standard Webhooks: the timestamp is Unix seconds. An aware datetime names one instant whatever its zone (Python, datetime).
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0 svix==2.9.1
cat > sign.py <<'PY'
import base64
from datetime import datetime, timedelta, timezone
import standardwebhooks
import svix.webhooks
secret = "whsec_" + base64.b64encode(b"k" * 24).decode()
now = datetime.now(timezone.utc).replace(microsecond=0)
berlin = now.astimezone(timezone(timedelta(hours=2)))
assert now == berlin
for name, hook in (("standardwebhooks 1.1.0", standardwebhooks.Webhook(secret)), ("svix 2.9.1", svix.webhooks.Webhook(secret))):
    print(f"{name}: the same instant in UTC and at +02:00 is signed alike: {hook.sign('m', now, '{}') == hook.sign('m', berlin, '{}')}")
    headers = {"webhook-id": "m", "webhook-timestamp": str(int(berlin.timestamp())), "webhook-signature": hook.sign("m", berlin, "{}")}
    try:
        hook.verify("{}", headers)
        print(f"{name}: verified")
    except Exception as error:
        print(f"{name}: {error}")
PY
venv/bin/python sign.py > seen
cat > expected <<'TEXT'
standardwebhooks 1.1.0: the same instant in UTC and at +02:00 is signed alike: False
standardwebhooks 1.1.0: No matching signature found
svix 2.9.1: the same instant in UTC and at +02:00 is signed alike: False
svix 2.9.1: No matching signature found
TEXT
cat seen
diff -u expected seen
