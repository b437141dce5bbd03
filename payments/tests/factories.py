import factory

from appointments.tests.factories import AppointmentFactory
from payments.models import Payment


class PaymentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Payment

    appointment = factory.SubFactory(AppointmentFactory)
    organization = factory.SelfAttribute("appointment.organization")
    amount = "45.00"
    payment_method = "card"
