"""The foundation's app: commands, templates and the database checks every app shares."""

from django.apps import AppConfig


class ClientLineConfig(AppConfig):
    name = "clientline"
