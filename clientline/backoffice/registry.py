"""The models' pages that show rows of upper floors: registered in place of the ones their own apps bring."""

from appointments.models import Appointment
from clientline.backoffice.visit import VisitAdmin

IN_PLACE = {Appointment: VisitAdmin}


def register(site):
    """Called once all apps' admins are registered."""
    for model, model_admin in IN_PLACE.items():
        site.unregister(model)
        site.register(model, model_admin)
