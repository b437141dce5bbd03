"""What is measured, and against which ceilings; README.md says how. Each module but the ceilings runs with -m."""

import logging
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")
django.setup()

logging.getLogger("clientline.requests").disabled = True  # a line for each request asked in this process
