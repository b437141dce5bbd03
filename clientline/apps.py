"""The foundation's app: commands, templates and the database checks every app shares."""

from django.apps import AppConfig, apps

from clientline.names import mark_names


class ClientLineConfig(AppConfig):
    name = "clientline"

    def ready(self):
        # The first app is ready before those that make forms and pages of the models.
        mark_names(apps)
