"""What `make check` asks Django: a migration for each model, and an API document without a flaw.

`python -m clientline.tests.checks` is one process for both, as each start imports everything.
"""

import os

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")
    django.setup()
    call_command("makemigrations", check_changes=True, dry_run=True, skip_checks=False)
    call_command("spectacular", validate=True, fail_on_warn=True, file=os.devnull)
