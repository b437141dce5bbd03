#!/usr/bin/env bash
# holidays names Austria's days in English on a server whose LANG is C.UTF-8, in German elsewhere, and in German where Polish was asked for, without a word.
# Source: its manual, "Localization": default_language is the country's own, `language` chooses another; nothing of the server's environment.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check holidays==0.109 python-dateutil==2.9.0.post0
cat > name.py <<'PY'
import sys
from datetime import date
import holidays
asked = {"language": sys.argv[1]} if len(sys.argv) > 1 else {}
print(holidays.country_holidays("AT", years=2027, **asked)[date(2027, 12, 25)])
PY
name() { env -u LC_ALL -u LC_MESSAGES -u LANGUAGE LANG="$1" venv/bin/python name.py ${2:+"$2"}; }
{
    echo "holidays $(venv/bin/python -c 'import holidays; print(holidays.__version__)')"
    for language in C.UTF-8 en_US.UTF-8 de_AT.UTF-8; do
        echo "LANG=$language, nothing asked: $(name $language)"
    done
    echo "LANG=C.UTF-8, German asked: $(name C.UTF-8 de)"
    echo "LANG=C.UTF-8, Polish asked: $(name C.UTF-8 pl)"
} | tee seen
cat > expected <<'TEXT'
holidays 0.109
LANG=C.UTF-8, nothing asked: Christmas Day
LANG=en_US.UTF-8, nothing asked: Christmas Day
LANG=de_AT.UTF-8, nothing asked: Christtag
LANG=C.UTF-8, German asked: Christtag
LANG=C.UTF-8, Polish asked: Christmas Day
TEXT
diff -u expected seen
