"""What `make run` says on a machine that lacks something. Fake Pythons stand in for such machines."""

import os
import shutil
import subprocess

import pytest
from django.conf import settings

NAMES = ("python3.14", "python3.13", "python3.12", "python3.11", "python3")


@pytest.fixture
def machine(tmp_path):
    """A checkout in a path with spaces, and a PATH whose only Pythons are the test's."""
    checkout = tmp_path / "a checkout"
    (checkout / "bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(settings.BASE_DIR / name, checkout)
    for name in ("sh", "make", "echo", "test", "touch", "env"):
        (checkout / "bin" / name).symlink_to(shutil.which(name))
    return checkout


def install(machine, name, script):
    program = machine / "bin" / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def make(machine, *arguments):
    environment = {"PATH": str(machine / "bin"), "HOME": str(machine)}
    command = [shutil.which("make"), "--no-print-directory", *arguments]
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
    return sum(" install --requirement requirements.txt" in line for line in log.read_text().splitlines())
