#!/usr/bin/env bash
# A client by openapi-python-client cannot read a text that is either an address or empty: where the document says so by anyOf a string or the constant "", it raises ValueError for every address.
# Source: JSON Schema 2020-12, "anyOf" and "const": an instance is valid where at least one of the schemas holds, and OpenAPI 3.1 takes schemas of that dialect as they are.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check openapi-python-client==0.29.1 jsonschema==4.26.0
cat > openapi.json <<'JSON'
{"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": {"/people": {"get": {"operationId": "list_people",
 "responses": {"200": {"description": "One", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Person"}}}}}}}},
 "components": {"schemas": {"Person": {"type": "object", "required": ["constant_last", "constant_first", "short"], "properties": {
  "constant_last": {"anyOf": [{"type": "string", "format": "email"}, {"const": ""}]},
  "constant_first": {"anyOf": [{"const": ""}, {"type": "string", "format": "email"}]},
  "short": {"anyOf": [{"type": "string", "format": "email"}, {"type": "string", "maxLength": 0}]}}}}}}
JSON
echo '{package_name_override: shop, post_hooks: []}' > settings.yml
venv/bin/openapi-python-client generate --path openapi.json --config settings.yml --output-path made --fail-on-warning
cat > read.py <<'PY'
import json
import sys
from jsonschema import Draft202012Validator
sys.path.insert(0, "made")
from shop.models import Person
schema = json.load(open("openapi.json"))["components"]["schemas"]["Person"]
for name in schema["properties"]:
    for text in ("", "eva@example.com"):
        person = dict.fromkeys(schema["properties"], "") | {name: text}
        valid = Draft202012Validator(schema).is_valid(person)
        try:
            seen = repr(Person.from_dict(person).to_dict()[name])
        except ValueError as error:
            seen = f"ValueError, {error}"
        print(f"openapi-python-client 0.29.1, {name}, {text!r}, valid {valid}: {seen}")
PY
venv/bin/python read.py > seen
cat > expected <<'TEXT'
openapi-python-client 0.29.1, constant_last, '', valid True: ''
openapi-python-client 0.29.1, constant_last, 'eva@example.com', valid True: ValueError, constant_last_type_1 must match const '', got 'eva@example.com'
openapi-python-client 0.29.1, constant_first, '', valid True: ''
openapi-python-client 0.29.1, constant_first, 'eva@example.com', valid True: ValueError, constant_first_type_0 must match const '', got 'eva@example.com'
openapi-python-client 0.29.1, short, '', valid True: ''
openapi-python-client 0.29.1, short, 'eva@example.com', valid True: 'eva@example.com'
TEXT
cat seen
diff -u expected seen
