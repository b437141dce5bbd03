"""The tour of the API by clients that generators make of our document, against a server."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest
from django.conf import settings

from clientline.api.tests.the_tour import name_ids, read_the_tour

# `make test` has test_generated_clients.py: what such clients stumble over.
pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("house")]
CLIENTS = Path(__file__).parent / "clients"
PYTHON = settings.BASE_DIR / ".venv-clients" / "bin" / "python"
GENERATOR = PYTHON.with_name("openapi-python-client")


@pytest.fixture
def site(served, tmp_path):
    """Where the tour begins: the address, a name of its own, the operator; and the document as a file."""
    run = secrets.token_hex(4)
    operator = {
        "DJANGO_SUPERUSER_EMAIL": f"operator{run}@example.com",
        "DJANGO_SUPERUSER_NAME": "Olivia",
        "DJANGO_SUPERUSER_PASSWORD": "correct-horse-battery",
    }
    call([sys.executable, "manage.py", "createsuperuser", "--noinput"], env=served | operator)
    with urlopen(f"{served['BASE']}/openapi.json") as answer:
        (tmp_path / "openapi.json").write_bytes(answer.read())
    return served["BASE"], run


def call(command, folder=settings.BASE_DIR, **options):
    """What the program printed, line by line; what it complained of, where it failed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def find_types(text):
    """The text without its comments and strings: what is left are types and their keys."""
    return re.sub(r'/\*.*?\*/|"[^"\n]*"|^\s*//[^\n]*', "", text, flags=re.DOTALL | re.MULTILINE)


def test_a_client_generated_for_python_takes_the_whole_tour(site, tmp_path):
    # 9 s of a processor beside the server, as the next.
    call(["make", "--no-print-directory", ".venv-clients/requirements"])
    (tmp_path / "settings.yml").write_text("{package_name_override: tour_client, post_hooks: []}")
    call([GENERATOR, "generate", "--path", "openapi.json", "--config", "settings.yml", "--output-path", "made",
          "--fail-on-warning"], tmp_path)  # fmt: skip
    taken = call([PYTHON, CLIENTS / "tour.py", *site], env=os.environ | {"PYTHONPATH": str(tmp_path / "made")})
    assert [name_ids(line) for line in taken] == read_the_tour()


@pytest.fixture
def modules():
    """The packages of npm that package-lock.json pins, with the tour beside them."""
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    folder = settings.BASE_DIR / "var" / "node-types"
    shutil.copytree(CLIENTS, folder, dirs_exist_ok=True)
    call(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], folder)
    return folder


def test_types_generated_for_typescript_hold_on_the_whole_tour(site, modules, tmp_path):
    programs = modules / "node_modules" / ".bin"
    call([programs / "openapi-typescript", tmp_path / "openapi.json", "--output", "api.d.ts"], modules)
    call([programs / "tsc", "--project", "."], modules)
    assert re.findall(r"\b(?:any|unknown|never>)\b", find_types((modules / "tour.ts").read_text())) == []
    assert re.findall(r"\bany\b", find_types((modules / "api.d.ts").read_text())) == []
    taken = call(["node", "tour.js", *site], modules)
    assert [name_ids(line) for line in taken] == read_the_tour()
