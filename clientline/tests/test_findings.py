"""The form of `findings/`; the scripts themselves install public packages and are run by hand."""

import os
import re
from pathlib import Path

FINDINGS = sorted((Path(__file__).parents[2] / "findings").glob("*.sh"))
PIN = re.compile(r"^([a-z]+@npm:)?[a-z0-9._-]+(==|@)[0-9][0-9a-z.]*$")


def installed(line):
    """The packages that a line of a script installs, as it names them."""
    _, _, named = line.partition(" install ")
    return [word.strip('"') for word in re.split(r"[>;|]", named)[0].split() if not word.startswith("-")]


def test_there_are_findings():
    assert len(FINDINGS) > 5


def test_a_finding_says_its_surprise_and_its_source_first_and_stops_at_what_fails():
    for script in FINDINGS:
        shebang, surprise, source, strict, room, *rest = script.read_text().splitlines()
        assert (shebang, strict) == ("#!/usr/bin/env bash", "set -euo pipefail"), script
        assert (surprise[:2], source[:10], surprise[-1]) == ("# ", "# Source: ", "."), script
        assert "mktemp -d" in room, script
        assert "trap 'rm -rf \"$room\"' EXIT" in room, script
        assert os.access(script, os.X_OK), script
        assert "diff -u expected seen" in rest or "raise SystemExit" in script.read_text(), script


def test_a_finding_installs_pinned_packages_and_knows_nothing_of_the_product():
    for script in FINDINGS:
        text = script.read_text()
        packages = [name for line in text.splitlines() if " install " in line for name in installed(line)]
        assert [name for name in packages if not PIN.fullmatch(name.replace("$release", "2.0"))] == [], script
        assert "clientline" not in text.lower(), script
