#!/usr/bin/env bash
# The same catalogue compiled by babel a minute later is another file: where the header names no date of its template, babel writes the present minute into the .mo, with a translator called FULL NAME and the address EMAIL@ADDRESS.
# Source: the gettext manual, "The Format of GNU MO Files": it holds the strings of the catalogue, the header being the translation of the empty one. polib writes it as it stands.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check babel==2.19.0 polib==1.2.0
cat > german.po <<'PO'
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\n"
"Language: de\n"

msgid "Visit"
msgstr "Termin"
PO
cat > compile.py <<'PY'
import gettext
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
import polib
from babel.messages import mofile, pofile
with open("german.po", "rb") as source, open("babel.mo", "wb") as target:
    mofile.write_mo(target, pofile.read_po(source))
polib.pofile("german.po").save_as_mofile("polib.mo")
def say(key, value):
    if key != "pot-creation-date":
        return value
    age = datetime.now(UTC) - datetime.strptime(value, "%Y-%m-%d %H:%M%z")
    return "now" if timedelta() <= age < timedelta(minutes=3) else value
for name in ("polib", "babel"):
    with open(f"{name}.mo", "rb") as file:
        print(f"{name} {version(name)}:")
        for key, value in sorted(gettext.GNUTranslations(file).info().items()):
            print(f"  {key}: {say(key, value)}")
PY
venv/bin/python compile.py > seen
cat > expected <<'TEXT'
polib 1.2.0:
  content-type: text/plain; charset=UTF-8
  language: de
babel 2.19.0:
  content-transfer-encoding: 8bit
  content-type: text/plain; charset=utf-8
  generated-by: Babel 2.19.0
  language: de
  language-team: de <LL@li.org>
  last-translator: FULL NAME <EMAIL@ADDRESS>
  mime-version: 1.0
  plural-forms: nplurals=2; plural=(n != 1);
  po-revision-date: YEAR-MO-DA HO:MI+ZONE
  pot-creation-date: now
  project-id-version: PROJECT VERSION
  report-msgid-bugs-to: EMAIL@ADDRESS
TEXT
cat seen
diff -u expected seen
