import factory
from django.utils import timezone

from appointments.tests.factories import AppointmentFactory
from payments.models import Payment, Refund


class PaymentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Payment

    class Params:
        completed = factory.Trait(
            status="completed",
            settled_at=factory.LazyFunction(timezone.now),
            created_at=factory.SelfAttribute("settled_at"),
        )

    appointment = factory.SubFactory(AppointmentFactory)
    organization = factory.SelfAttribute("appointment.organization")
    amount = "45.00"
    payment_method = "card"


class RefundFactory(factory.django.DjangoModelFactory):
    """Pending: a completed one is the ledger's, which writes the payment as well."""

    class Meta:
        model = Refund

    payment = factory.SubFactory(PaymentFactory, completed=True)
    organization = factory.SelfAttribute("payment.organization")
    amount = "10.00"
    reason = "goodwill"
