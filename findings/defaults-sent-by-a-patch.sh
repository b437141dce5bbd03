#!/usr/bin/env bash
# A PATCH by openapi-python-client writes what nobody named: the default of a key of its body is sent with every change, and overwrites the row's value; types by openapi-typescript have such a key sent, too.
# Source: JSON Schema 2020-12, "default": an annotation, "a default JSON value associated with a particular schema"; RFC 7396 (JSON Merge Patch): members that are absent leave the target as it is.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1
npm install --silent --no-audit --no-fund --ignore-scripts openapi-typescript@7.13.0 typescript@5.9.3
cat > openapi.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": {"/texts/1": {"patch": {"operationId": "change_text",
 "requestBody": {"content": {"application/merge-patch+json": {"schema": {"$ref": "#/components/schemas/TextChange"}}}},
 "responses": {"204": {"description": "Changed"}}}}},
 "components": {"schemas": {"TextChange": {"type": "object", "properties": {
  "subject": {"type": "string"}, "language": {"type": "string", "default": "en"}}}}}}
JSON
sed 's/merge-patch+//' openapi.json > plain.json
echo '{package_name_override: shop, post_hooks: []}' > settings.yml
venv/bin/openapi-python-client generate --path plain.json --config settings.yml --output-path made --fail-on-warning
node_modules/.bin/openapi-typescript openapi.json --output api.d.ts > /dev/null
cat > change.py <<'PY'
import sys
sys.path.insert(0, "made")
from shop.models import TextChange
print("openapi-python-client 0.29.1 sends", TextChange(subject="Bis morgen").to_dict())
PY
cat > change.ts <<'TS'
import type { components } from "./api.js";
export const change: components["schemas"]["TextChange"] = { subject: "Bis morgen" };
TS
venv/bin/python change.py > seen
node_modules/.bin/tsc --noEmit --strict --module nodenext change.ts | sed 's/^/openapi-typescript 7.13.0: /' >> seen || true
cat > expected <<'TEXT'
openapi-python-client 0.29.1 sends {'subject': 'Bis morgen', 'language': 'en'}
openapi-typescript 7.13.0: change.ts(2,14): error TS2741: Property 'language' is missing in type '{ subject: string; }' but required in type '{ subject?: string | undefined; language: string; }'.
TEXT
cat seen
diff -u expected seen
