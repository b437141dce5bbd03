"""What `make run` and its like say on a machine that lacks something. Fake Pythons stand in for such machines."""

import os
import shutil
import subprocess

import pytest
from django.conf import settings

NAMES = ("python3.15", "python3.14", "python3.13", "python3.12", "python3.11", "python3")


@pytest.fixture
def machine(tmp_path):
    """A checkout in a path with spaces, and a PATH whose only Pythons are the test's."""
    checkout = tmp_path / "a checkout"
    (checkout / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "requirements-tools.txt"):
        shutil.copy(settings.BASE_DIR / name, checkout)
    for name in ("sh", "make", "echo", "test", "touch", "env", "grep", "tail", "mkdir", "cat"):
        (checkout / "bin" / name).symlink_to(shutil.which(name))
    return checkout


def install(machine, name, script):
    program = machine / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def make(machine, *arguments):
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine)}
    command = [shutil.which("make"), "--no-print-directory", "SYSTEM_PYTHON=bin/system-python", *arguments]
    return subprocess.run(command, cwd=machine, env=environment, capture_output=True, text=True)


def test_without_a_recent_python_one_sentence_says_so(machine):
    for name in NAMES:
        install(machine, name, "exit 1")
    result = make(machine, "run")
    assert result.stdout.startswith("ClientLine needs Python 3.11 or newer, and none was found: install it")
    assert result.returncode == 2
    assert not (machine / ".venv").exists()


def test_a_python_without_venv_is_named_with_the_remedy(machine):
    install(machine, "python3", 'case "$*" in *ensurepip*) exit 1;; esac')
    result = make(machine, "run")
    assert (
        result.stdout == "python3 cannot make virtual environments: on Debian and Ubuntu, apt install python3-venv.\n"
    )
    assert result.returncode == 2


def test_the_systems_own_python_comes_first_where_it_can_make_environments(machine):
    for name in ("system-python", "python3.12"):
        install(machine, name, "exit 0")
    assert "system-python" in make(machine, "--dry-run", "run").stdout
    install(machine, "system-python", 'case "$*" in *ensurepip*) exit 1;; esac')
    assert "python3.12" in make(machine, "--dry-run", "run").stdout


def test_requirements_are_installed_once_and_again_when_they_change(machine):
    log = machine / "calls"
    venv = "mkdir -p .venv/bin && cp bin/python3 .venv/bin/python"
    install(
        machine, "python3", f'echo "$@" >>"{log}"; case "$*" in *venv\\ --clear*) PATH=/usr/bin:/bin; {venv};; esac'
    )
    for _ in range(2):
        assert make(machine, "run").returncode == 0
    assert installs(log) == 1
    later = (machine / ".venv/requirements").stat().st_mtime + 10
    os.utime(machine / "requirements.txt", (later, later))
    assert make(machine, "run").returncode == 0
    assert installs(log) == 2
    assert log.read_text().count("manage.py up --demo") == 3


def test_an_install_that_fails_is_tried_again(machine):
    venv = "mkdir -p .venv/bin && cp bin/python3 .venv/bin/python"
    script = f'case "$*" in *venv\\ --clear*) PATH=/usr/bin:/bin; {venv};; *\\ install\\ *) exit 1;; esac'
    install(machine, "python3", script)
    for _ in range(2):
        result = make(machine, "run")
        assert result.returncode == 2
        assert "Installing what ClientLine needs" in result.stdout


def installs(log):
    command = " install --require-hashes --only-binary :all: --requirement requirements.txt"
    return log.read_text().count(command)


def test_an_audit_that_reaches_nothing_says_what_it_needs(machine):
    install_auditor(machine, "echo 'No known vulnerabilities found' >&2; echo 'ERROR: tqdm not found' >&2; exit 1")
    result = make(machine, "audit")
    assert result.stdout == (
        "Nothing in requirements-dev.txt was audited: that needs PyPI itself and its JSON pages, which few mirrors "
        "have (ERROR: tqdm not found).\n"
    )
    assert result.returncode == 2


def test_an_audit_shows_the_holes_of_every_list_and_fails(machine):
    found = "echo 'Found 1 known vulnerability in 1 package' >&2; echo 'tqdm 1.0 PYSEC-1'; exit 1"
    install_auditor(machine, f"case \"$*\" in *-dev.txt) {found};; esac; echo 'No known vulnerabilities found' >&2")
    result = make(machine, "audit")
    assert result.stdout == (
        "requirements-dev.txt: Found 1 known vulnerability in 1 package\ntqdm 1.0 PYSEC-1\n"
        "requirements-tools.txt: No known vulnerabilities found\n"
    )
    assert result.returncode == 2


def test_an_audit_that_finds_nothing_passes(machine):
    install_auditor(machine, "echo 'No known vulnerabilities found' >&2")
    result = make(machine, "audit")
    lists = "requirements-dev.txt", "requirements-tools.txt"
    assert result.stdout.splitlines() == [f"{each}: No known vulnerabilities found" for each in lists]
    assert result.returncode == 0


def test_an_audit_looks_at_all_that_is_ever_installed(machine):
    for made in settings.BASE_DIR.glob("requirements*.txt"):
        shutil.copy(made, machine)
    install_auditor(machine, "echo fine")
    told = make(machine, "audit").stdout.splitlines()
    served = {"requirements.txt", "requirements-stripe.txt", "requirements-anymail.txt"}  # all of it is in -dev, too
    lists = {made.name for made in machine.glob("requirements*.txt")} - served
    assert {line.partition(":")[0] for line in told} == lists


def install_auditor(machine, script):
    """Both virtual environments as if installed, with a pip-audit that says what it likes."""
    for directory in (".venv/bin", ".venv-tools/bin"):
        (machine / directory).mkdir(parents=True)
    install(machine, "../.venv/bin/python", "exit 1")
    install(machine, "../.venv-tools/bin/pip-audit", f'case "$*" in --strict*) {script};; esac')
    (machine / ".venv-tools/requirements").touch()


def test_the_tests_to_come_name_a_python_that_is_missing(machine):
    result = make(machine, "test-next", "NEXT_PYTHONS=python3.99")
    assert result.stdout == "No python3.99 was found: make test-next NEXT_PYTHONS=... names those to use.\n"
    assert result.returncode == 2


@pytest.mark.parametrize("target", ["test", "test-all"])
@pytest.mark.parametrize(("rest", "shifted"), [(0, 0), (1, 0), (0, 1)])
def test_the_tests_fail_with_either_of_their_parts_and_show_both(machine, target, rest, shifted):
    (machine / ".venv/bin").mkdir(parents=True)
    parts = f"*no:xdist*) echo the shifted; exit {shifted};; *numprocesses*) echo the rest; exit {rest};;"
    install(machine, "../.venv/bin/python", f'case "$*" in {parts} esac')
    for stamp in (".venv/requirements", ".venv/requirements-dev"):
        (machine / stamp).touch()
    result = make(machine, target)
    assert result.stdout.endswith("the rest\nAt other moments:\nthe shifted\n")
    assert result.returncode == (2 if rest or shifted else 0)
