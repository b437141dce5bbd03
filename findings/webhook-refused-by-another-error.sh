#!/usr/bin/env bash
# A webhook whose signature header is no signature is refused by Standard Webhooks' Python libraries with a bare ValueError, which no receiver catches that follows their documentation.
# Source: the docstring of verify(): "Raises: WebhookVerificationError if one of the required headers is missing, invalid, too old or too new; or no matching signature is found."
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0 svix==2.9.1
cat > verify.py <<'PY'
import time
import standardwebhooks
import svix.webhooks
for name, library in (("standardwebhooks 1.1.0", standardwebhooks), ("svix 2.9.1", svix.webhooks)):
    for header in ("v1,AAAA", "none", "v1,A", "v1,AAAA,v1,AAAA"):
        headers = {"webhook-id": "m", "webhook-timestamp": str(int(time.time())), "webhook-signature": header}
        try:
            library.Webhook(b"k" * 24).verify("{}", headers)
            print(f"{name}, {header}: verified")
        except library.WebhookVerificationError:
            print(f"{name}, {header}: WebhookVerificationError")
        except ValueError as error:
            print(f"{name}, {header}: {type(error).__name__}, {error}")
PY
venv/bin/python verify.py > seen
cat > expected <<'TEXT'
standardwebhooks 1.1.0, v1,AAAA: WebhookVerificationError
standardwebhooks 1.1.0, none: ValueError, not enough values to unpack (expected 2, got 1)
standardwebhooks 1.1.0, v1,A: Error, Invalid base64-encoded string: number of data characters (1) cannot be 1 more than a multiple of 4
standardwebhooks 1.1.0, v1,AAAA,v1,AAAA: ValueError, too many values to unpack (expected 2)
svix 2.9.1, v1,AAAA: WebhookVerificationError
svix 2.9.1, none: ValueError, not enough values to unpack (expected 2, got 1)
svix 2.9.1, v1,A: Error, Invalid base64-encoded string: number of data characters (1) cannot be 1 more than a multiple of 4
svix 2.9.1, v1,AAAA,v1,AAAA: ValueError, too many values to unpack (expected 2)
TEXT
cat seen
diff -u expected seen
