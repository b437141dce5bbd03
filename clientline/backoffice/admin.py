"""The models whose pages show rows of upper floors; what an app can show alone is registered by its own `admin.py`."""

from django.contrib import admin

from accounts.models import User
from appointments.models import Appointment
from clientline.backoffice.appointments.admin import AppointmentAdmin
from clientline.backoffice.money.admin import PaymentAdmin
from clientline.backoffice.people.admin import UserAdmin
from clientline.backoffice.platform.admin import OrganizationAdmin
from clientline.backoffice.webhooks.admin import WebhookAdmin
from clientline.reach.models import WebhookEndpoint
from organizations.models import Organization
from payments.models import Payment

admin.site.register(Organization, OrganizationAdmin)
admin.site.register(User, UserAdmin)
admin.site.register(Appointment, AppointmentAdmin)
admin.site.register(Payment, PaymentAdmin)
admin.site.register(WebhookEndpoint, WebhookAdmin)
