#!/usr/bin/env bash
# With `derandomize=True` Hypothesis draws other examples once another module of the project was imported, also during the tests, and again others where the project lies in a folder called `tests`: it puts the constants of local modules among its numbers and texts.
# Source: Hypothesis' reference of settings, `derandomize`: all cases are seeded from a hash of the test function, so that runs of the same commit would agree. CI that runs one file, or files in another order, asks for other cases.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --no-compile --disable-pip-version-check hypothesis==6.170.15
mkdir project
cat > project/prices.py <<'PY'
HAIRCUT, COLOUR, BEARD = 123457, 456791, 345679
PY
cat > project/draw.py <<'PY'
import hashlib, importlib, pathlib, re, sys
from hypothesis import given, settings, strategies
drawn = []
@settings(derandomize=True, database=None, max_examples=300)
@given(strategies.integers(0, 1_000_000))
def remember(amount):
    drawn.append(amount)
for name in sys.argv[1:]:
    importlib.import_module(name)
remember()
prices = {int(price) for price in re.findall(r"\d+", pathlib.Path("prices.py").read_text())}
print(hashlib.sha256(repr(drawn).encode()).hexdigest()[:8], "with prices:", *sorted(prices & set(drawn)))
PY
draw() { (cd "$1" && ../venv/bin/python draw.py "${@:2}"); }
compare() {
  read -r digest drawn <<< "$(draw "${@:2}")"
  if [ "$digest" = "$first" ]; then echo "$1: the same examples, $drawn"; else echo "$1: other examples, $drawn"; fi
}
first=$(draw project); first=${first%% *}
{
  venv/bin/python -c 'import hypothesis; print("hypothesis", hypothesis.__version__)'
  compare "again" project
  compare "prices imported before" project prices
  mv project tests
  compare "the same folder called tests" tests
} > seen
cat > expected <<'TEXT'
hypothesis 6.170.15
again: the same examples, with prices:
prices imported before: other examples, with prices: 123457 345679
the same folder called tests: other examples, with prices:
TEXT
cat seen
diff -u expected seen
