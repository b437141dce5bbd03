"""What every process pays before it does anything."""

import gc
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.admin import site
from django.urls import get_resolver

from clientline import gunicorn_conf, late_imports
from clientline.command_line import Commands
from clientline.reach.files.lists import ListReader
from clientline.reach.files.models import ListFile
from payments.models import Payment

# What a command that serves nothing may not have imported. Each of these, with what it brings along, took up to a
# quarter of its start.
ONLY_FOR_PAGES = {
    "accounts.admin",
    "babel",
    "clientline.admin.base",
    "clientline.api.fields",
    "clientline.backoffice.site",
    "clientline.urls",
    "django.test",
    "drf_spectacular.plumbing",
    "drf_spectacular.utils",
    "holidays",
    "icalendar",
    "jinja2",
    "phonenumbers",
    "pytz",
    "qrcode",
    "requests",
    "rest_framework.compat",
    "rest_framework.serializers",
    "rest_framework.views",
    "vobject",
    "yaml",
}
MOST_MODULES = 750  # of others' packages and ours; there were 1,327
LATE = {
    "babel",
    "babel.dates",
    "babel.localedata",
    "babel.numbers",
    "babel.units",
    "clientline.reach.calendars.events",
    "clientline.reach.files.lists",
    "phonenumbers",
}
SET_UP = "import django, sys; django.setup(); "


def run_fresh(code, tmp_path):
    """What the code prints in a Python of its own, in words."""
    known = {"SECRET_KEY": "x", "DJANGO_SETTINGS_MODULE": "clientline.settings", "CLIENTLINE_DATA": str(tmp_path)}
    program = [sys.executable, "-c", SET_UP + code]
    ran = subprocess.run(
        program, env=os.environ | known, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    return ran.stdout.split()


def test_garbage_is_collected_again_once_all_is_imported():
    gc.disable()
    try:
        assert Commands(["manage.py", "migrate"]).fetch_command("migrate").help
        assert gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.sweep
def test_a_command_starts_without_what_only_pages_need(tmp_path):
    loaded = run_fresh("print(*sys.modules)", tmp_path)
    assert ONLY_FOR_PAGES & set(loaded) == set()
    installed = [name for name in loaded if name.partition(".")[0] not in sys.stdlib_module_names]
    assert 400 < len(installed) <= MOST_MODULES


def test_few_modules_are_imported_late():
    get_resolver().resolve("/live")
    assert set(late_imports._asked_for) == LATE


def test_a_server_imports_what_waits_before_it_has_workers(monkeypatch):
    monkeypatch.setattr(gc, "collect", lambda: 0)  # all that the tests hold, which is dear
    for late in late_imports._asked_for.values():
        monkeypatch.setattr(late, "_module", None)
    try:
        gunicorn_conf.keep_what_is_loaded()
    finally:
        gc.unfreeze()
    assert {path: late._module for path, late in late_imports._asked_for.items()} == {
        path: sys.modules[path] for path in LATE
    }


def test_only_who_changes_the_code_waits_for_checks_of_it():
    known = {"purge": ["caches", "files"], "migrate": ["caches", "files"], "db": [], "makemigrations": "__all__"}
    for name, checks in known.items():
        command = Commands(["manage.py", name]).fetch_command(name)
        assert command.requires_system_checks == checks, name
        parser = command.create_parser("manage.py", name)
        assert ("--skip-checks" in parser.format_help()) == bool(checks), name


def note_discoveries(monkeypatch, module):
    noted = []
    monkeypatch.setattr(f"{module}.autodiscover", lambda: noted.append(module))
    return noted


def test_checks_look_at_all_pages(monkeypatch):
    noted = note_discoveries(monkeypatch, "django.contrib.admin")
    assert site.check(None) == []
    assert noted == ["django.contrib.admin"]


def test_a_worker_knows_the_pages_whose_lists_it_writes(monkeypatch):
    noted = note_discoveries(monkeypatch, "clientline.reach.files.lists")
    reader = ListReader(ListFile(listed="payments", query=""), None, None)
    assert reader.admin is site.get_model_admin(Payment)
    assert noted == ["clientline.reach.files.lists"]


# In the gate: the two tests above.
@pytest.mark.whole
@pytest.mark.parametrize(
    "asks",
    [
        "site.check(None); ",
        "from clientline.reach.files.lists import ListFile, ListReader; "
        "ListReader(ListFile(listed='payments', query=''), None, None); ",
    ],
)
def test_who_asks_for_pages_first_gets_them_registered(asks, tmp_path):
    code = f"from django.contrib.admin import site; print(len(site._registry)); {asks}print(len(site._registry))"
    assert run_fresh(code, tmp_path) == ["0", str(len(site._registry))]


# In the gate: the test of `keep_what_is_loaded` above.
@pytest.mark.whole
def test_a_new_server_has_all_of_it_before_the_first_request(tmp_path):
    code = "from clientline import gunicorn_conf, wsgi; gunicorn_conf.keep_what_is_loaded(); print(*sys.modules)"
    assert LATE | {"clientline.urls", "rest_framework.views", "accounts.admin"} <= set(run_fresh(code, tmp_path))


def test_pytest_loads_no_plugin_that_is_not_named(pytestconfig):
    loaded = {name for name, _ in pytestconfig.pluginmanager.list_name_plugin()}
    assert loaded & {"anyio", "faker", "schemathesis"} == set()
    assert {"_hypothesis_pytestplugin", "pytest_django.plugin"} <= loaded
