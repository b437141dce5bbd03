"""The room of what leaves the house. Its label is `reach`: `messages` is Django's own."""

from django.apps import AppConfig


class ReachConfig(AppConfig):
    name = "clientline.reach"
    label = "reach"

    def ready(self):
        from clientline.reach import queue  # noqa: F401 -- what is imported here registers its jobs and figures
