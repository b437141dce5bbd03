from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AppointmentsConfig(AppConfig):
    name = "appointments"

    def ready(self):
        from appointments import receivers  # importing connects its others

        post_migrate.connect(receivers.look_at_coming_visits, sender=self)
