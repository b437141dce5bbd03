#!/usr/bin/env bash
# An address in List-Unsubscribe is unreadable to mail readers from 78 characters on: Python's EmailMessage writes it as encoded words, of plain ASCII.
# Source: RFC 2047, 5: encoded words stand in unstructured text, comments and names; RFC 2369, 2: the field holds URLs in angle brackets, and only white space may be put in.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
cat > write.py <<'PY'
from email.message import EmailMessage
for length in (77, 78):
    value = f"<https://example.com/{'u' * (length - 22)}>"
    assert len(value) == length and value.isascii()
    message = EmailMessage()
    message["List-Unsubscribe"] = value
    sent = message.as_bytes().replace(b"\n ", b" ").decode("ascii")
    print(f"{length} characters: {'the address stands there' if value in sent else 'encoded' if '=?utf-8?q?' in sent else sent}")
PY
python3 write.py > seen
cat > expected <<'TEXT'
77 characters: the address stands there
78 characters: encoded
TEXT
python3 --version
cat seen
diff -u expected seen
