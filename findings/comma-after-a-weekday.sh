#!/usr/bin/env bash
# English of one country writes a weekday with a comma where the year follows and without one where it does not, and its neighbour the other way round: en_GB has "Sat, 5 Dec 2026" and "Sat 5 Dec", en_IE "Sat 5 Dec 2026" and "Sat, 5 Dec".
# Source: UTS #35, part 4, "availableFormats": a skeleton names the fields, and the pattern of a locale for it follows the customs of that locale; nothing there lets one expect that a year moves a comma.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check babel==2.19.0
cat > write.py <<'PY'
from datetime import date
from importlib.metadata import version
from babel.dates import format_skeleton
day = date(2026, 12, 5)
for name in ("en_GB", "en_IE", "en_AU", "en_NZ"):
    written = [format_skeleton(skeleton, day, locale=name) for skeleton in ("yMMMEd", "MMMEd")]
    print(f"babel {version('babel')}, {name}: {' | '.join(written)}")
PY
venv/bin/python write.py > seen
cat > expected <<'TEXT'
babel 2.19.0, en_GB: Sat, 5 Dec 2026 | Sat 5 Dec
babel 2.19.0, en_IE: Sat 5 Dec 2026 | Sat, 5 Dec
babel 2.19.0, en_AU: Sat 5 Dec 2026 | Sat 5 Dec
babel 2.19.0, en_NZ: Sat, 5 Dec 2026 | Sat, 5 Dec
TEXT
cat seen
diff -u expected seen
