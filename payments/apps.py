from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"

    def ready(self):
        from appointments.filters import AppointmentFilter
        from payments import balances, receivers  # noqa: F401 -- importing the receivers connects them

        AppointmentFilter.find_owing = staticmethod(balances.find_owing)
