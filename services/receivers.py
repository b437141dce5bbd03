"""What the services have to say when people change."""

from django.dispatch import receiver

from accounts.signals import role_changing
from services.models import ServiceStaff


@receiver(role_changing)
def forget_performers_who_become_clients(*, person, role, **kwargs):
    if role == "client":
        ServiceStaff.objects.filter(staff=person).delete()
