"""What is measured, and against which ceilings; README.md says how. Each module but the ceilings runs with -m."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")
django.setup()
