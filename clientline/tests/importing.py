"""All modules of the project are imported before the first test, so that random cases are the same in every run.

Hypothesis mixes the constants of the modules that are imported so far into what it draws, also where it is told to
draw the same each time: whether a command had run before in that process decided which cases were tried.
"""

import importlib

from django.conf import settings

from clientline.demo.serving import PROJECT

APPS = ("clientline", "organizations", "accounts", "services", "appointments", "payments")


def pytest_collection_finish():
    for name in (settings.ROOT_URLCONF, *list_modules()):  # first who registers models in the back office
        importlib.import_module(name)


def list_modules():
    for app in APPS:
        for path in sorted((PROJECT / app).rglob("*.py")):
            parts = path.relative_to(PROJECT).with_suffix("").parts
            if "tests" not in parts:  # whose constants it leaves alone
                yield ".".join(parts).removesuffix(".__init__")
