#!/usr/bin/env bash
# Of a webhook's secret in url-safe base64, Standard Webhooks' Python libraries silently make another key, so that nothing verifies any more; those for Node refuse it.
# Source: RFC 4648, 3.3: a decoder rejects what holds letters outside of its alphabet, unless told otherwise. Most keys have such a letter, some have none, and work.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check standardwebhooks==1.1.0 svix==2.9.1
npm install --silent --no-audit --no-fund standardwebhooks@1.1.1 svix@2.5.0 > /dev/null
cat > verify.py <<'PY'
import base64, hashlib, hmac, json, time
import standardwebhooks
import svix.webhooks
key = bytes([251, 239, 190, *range(21)])
secret = "whsec_" + base64.urlsafe_b64encode(key).decode()
second, body = str(int(time.time())), "{}"
signature = base64.b64encode(hmac.digest(key, f"m.{second}.{body}".encode(), hashlib.sha256)).decode()
headers = {"webhook-id": "m", "webhook-timestamp": second, "webhook-signature": f"v1,{signature}"}
json.dump({"secret": secret, "body": body, "headers": headers}, open("told.json", "w"))
for name, library in (("standardwebhooks 1.1.0", standardwebhooks), ("svix 2.9.1", svix.webhooks)):
    hook = library.Webhook(secret)
    print(f"{name} for Python: takes the secret")
    try:
        hook.verify(body, headers)
        print(f"{name} for Python: verified")
    except library.WebhookVerificationError as error:
        print(f"{name} for Python: {error}")
PY
cat > verify.cjs <<'JS'
const { secret, body, headers } = JSON.parse(require("fs").readFileSync("told.json"));
for (const [name, version] of [["standardwebhooks", "1.1.1"], ["svix", "2.5.0"]]) {
    const { Webhook } = require(name);
    let hook;
    try { hook = new Webhook(secret); } catch (error) { console.log(`${name} ${version} for Node: refuses the secret`); continue; }
    try { hook.verify(body, headers); console.log(`${name} ${version} for Node: verified`); }
    catch (error) { console.log(`${name} ${version} for Node: ${error.message}`); }
}
JS
{ venv/bin/python verify.py; node verify.cjs; } > seen
cat > expected <<'TEXT'
standardwebhooks 1.1.0 for Python: takes the secret
standardwebhooks 1.1.0 for Python: No matching signature found
svix 2.9.1 for Python: takes the secret
svix 2.9.1 for Python: No matching signature found
standardwebhooks 1.1.1 for Node: refuses the secret
svix 2.5.0 for Node: refuses the secret
TEXT
cat seen
diff -u expected seen
