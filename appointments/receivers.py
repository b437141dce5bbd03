"""What the calendar has to say when people change."""

from django.db.models import Q
from django.dispatch import receiver

from accounts.signals import role_changing
from appointments.models import Appointment
from clientline.refusals import Protected


@receiver(role_changing)
def keep_visits_between_client_and_staff(*, person, role, **kwargs):
    """A visit is between a client and one of the team: neither may change sides while one refers to them."""
    if "client" in (person.role, role) and Appointment.objects.filter(Q(client=person) | Q(staff=person)).exists():
        raise Protected("Visits refer to this person, so they cannot change between client and team.")
