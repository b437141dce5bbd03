"""What `make check` asks Django: a migration for each model, and an API document without a flaw.

`python -m clientline.tests.checks` is one process for both, as each start imports everything.
"""

import json
import os
import tempfile
from pathlib import Path

import django
import jsonschema_rs
from django.core.management import call_command
from django.db import connection
from drf_spectacular import validation

RULES = Path(validation.__file__).with_name("openapi_3_1_schema.json")


def validate_document(document):
    """As `spectacular --validate` does, by the same rules, but in hundredths of a second instead of two."""
    jsonschema_rs.Draft202012Validator(json.loads(RULES.read_text())).validate(document)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")
    django.setup()
    connection.settings_dict["ENGINE"] = "django.db.backends.dummy"  # or a server is made to ask for its history
    call_command("makemigrations", check_changes=True, dry_run=True, skip_checks=False)
    with tempfile.NamedTemporaryFile() as file:
        call_command("spectacular", fail_on_warn=True, file=file.name, format="openapi-json")
        validate_document(json.load(file))
