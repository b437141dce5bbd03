from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self):
        from appointments.filters import AppointmentFilter
        from payments import receivers, totals  # noqa: F401 -- importing the receivers connects them

        AppointmentFilter.find_owing = staticmethod(totals.find_owing)
