"""The models' pages that show rows of upper floors: registered in place of the ones their own apps bring."""

from accounts.models import User
from appointments.models import Appointment, SpecialHours, TimeOff
from clientline.backoffice.appointments.admin import VisitAdmin
from clientline.backoffice.calendar.absences import SpecialHoursPage, TimeOffPage
from clientline.backoffice.money.admin import PaymentPageAdmin
from clientline.backoffice.people.admin import PeopleAdmin
from clientline.backoffice.platform.admin import OrganizationPage
from organizations.models import Organization
from payments.models import Payment

IN_PLACE = {
    Organization: OrganizationPage,
    User: PeopleAdmin,
    Appointment: VisitAdmin,
    Payment: PaymentPageAdmin,
    TimeOff: TimeOffPage,
    SpecialHours: SpecialHoursPage,
}


def register(site):
    """Called once all apps' admins are registered."""
    for model, model_admin in IN_PLACE.items():
        site.unregister(model)
        site.register(model, model_admin)
