"""What guests ask for until a code confirms it, and the links by which visits are managed without a sign-in."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from appointments.models import Appointment
from clientline import columns
from clientline.constraints import SameOrganization
from services.models import Service


class BookingRequest(models.Model):
    """A visit that somebody asks for on the page for guests. It holds no time free, and is deleted after a day."""

    organization = columns.organization()
    digest = models.BinaryField(max_length=32, unique=True, help_text=_("SHA-256 of the secret in its address"))
    form = models.CharField(max_length=43, help_text=_("Key of the form it came by; sent twice, it is one request"))
    network = columns.short_text(45, help_text=_("From where: an address, or of IPv6 the first 64 bits"))
    service = models.ForeignKey(Service, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    staff = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="+", db_constraint=False, help_text=_("Empty: anyone")
    )
    appointment_date = models.DateTimeField()
    name = models.CharField(max_length=200)
    contact_email = models.EmailField(blank=True, default="", db_default="")
    phone = columns.short_text(40)
    address = models.CharField(
        max_length=254, help_text=_("Where the code goes: the e-mail address, or else the number")
    )
    notes = columns.long_text()
    language = columns.short_text(35)
    consented_at = models.DateTimeField()
    client = models.ForeignKey(
        User, models.CASCADE, null=True, related_name="+", db_constraint=False, help_text=_("Who was signed in")
    )
    wrong_codes = columns.whole(0)
    proven_at = models.DateTimeField(null=True, blank=True, help_text=_("When the code was typed"))
    visit = models.ForeignKey(Appointment, models.CASCADE, null=True, related_name="+", db_constraint=False)
    created_at = columns.created_at()

    class Meta:
        db_table = "booking_requests"
        constraints = [
            models.UniqueConstraint(fields=["organization", "form"], name="booking_request_once_per_form"),
            SameOrganization(field="service", name="booking_request_service_in_same_organization"),
            SameOrganization(field="staff", name="booking_request_staff_in_same_organization"),
            SameOrganization(field="client", name="booking_request_client_in_same_organization"),
            SameOrganization(field="visit", name="booking_request_visit_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["address", "created_at"], name="booking_request_by_address"),
            models.Index(fields=["network", "created_at"], name="booking_request_by_network"),
            models.Index(fields=["created_at"], name="booking_request_by_creation"),
            models.Index(fields=["service"], name="booking_request_by_service"),
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class ManageLink(models.Model):
    """What opens one visit to whoever holds its secret. A trigger deletes the links of a visit that moves."""

    organization = columns.organization()
    visit = models.ForeignKey(Appointment, models.CASCADE, related_name="+", db_constraint=False)
    digest = models.BinaryField(max_length=32, unique=True, help_text=_("SHA-256 of the secret in its address"))
    wrong_proofs = columns.whole(0, help_text=_("Names and digits that were not the client's"))
    created_at = columns.created_at()

    class Meta:
        db_table = "manage_links"
        constraints = [SameOrganization(field="visit", name="manage_link_visit_in_same_organization")]
        indexes = [models.Index(fields=["organization", "id"], name="manage_link_by_organization")]

    def __str__(self) -> str:
        return f"link {self.pk}"


class GuestLogo(models.Model):
    """The picture at the head of an organization's page. Another one is another row, so its address is new, too."""

    organization = columns.organization()
    media_type = models.CharField(max_length=20)
    image = models.BinaryField()
    created_at = columns.created_at()

    class Meta:
        db_table = "guest_logos"
        constraints = [models.UniqueConstraint(fields=["organization"], name="guest_logo_once_per_organization")]

    def __str__(self) -> str:
        return f"logo {self.pk}"
