"""What an organization offers, and who performs it."""

from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientline import columns
from clientline.columns import between
from clientline.constraints import SameOrganization
from organizations import policy
from organizations.tenancy import TenantQuerySet

DAY_OF_MINUTES = 1440
LONGEST_BUFFER = 720


class ServiceQuerySet(TenantQuerySet):
    SCOPES = TenantQuerySet.SCOPES | {
        policy.ACTIVE: lambda user: Q(organization=user.organization_id, is_active=True),
        # Guests say no length, so a service without one is not offered to them.
        policy.ONLINE: lambda user: Q(
            organization=user.organization_id, is_active=True, bookable_online=True, duration__isnull=False
        ),
    }

    def performed_by(self, staff_id: int) -> Self:
        """Services this person is named for, and those nobody is named for."""
        links = ServiceStaff.objects.filter(service=OuterRef("pk"))
        return self.filter(Exists(links.filter(staff=staff_id)) | ~Exists(links))

    def with_staff_ids(self) -> Any:
        """Adds `staff_ids`: who is named as performing it, in id order."""
        links = ServiceStaff.objects.filter(service=OuterRef("pk")).order_by("staff")
        return self.annotate(staff_ids=ArraySubquery(links.values("staff")))


class Service(models.Model):
    organization = columns.organization()
    name = columns.name()
    description = columns.long_text()
    duration = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(DAY_OF_MINUTES)],
        help_text=_("Minutes; without it each booking has to say how long"),
    )
    price = columns.money(null=True, blank=True, validators=[MinValueValidator(0)])
    tax_rate = columns.tax_rate()
    buffer_before = columns.whole(
        0, validators=[MaxValueValidator(LONGEST_BUFFER)], help_text=_("Minutes to prepare, kept free before the visit")
    )
    buffer_after = columns.whole(
        0, validators=[MaxValueValidator(LONGEST_BUFFER)], help_text=_("Minutes to clean up, kept free after the visit")
    )
    staff = models.ManyToManyField(
        User,
        through="ServiceStaff",
        related_name="services",
        blank=True,
        help_text=_("Who performs it; when nobody is named, everybody but clients"),
    )
    bookable_online = columns.flag(True, help_text=_("Whether guests may book it on the organization's page"))
    is_active = columns.flag(True)
    version = columns.version()
    created_at = columns.created_at()

    objects = ServiceQuerySet.as_manager()

    class Meta:
        db_table = "services"
        constraints = [
            between("service_duration_1_to_1440", "duration", 1, DAY_OF_MINUTES, _("Choose 1 to 1440 minutes.")),
            models.CheckConstraint(
                condition=Q(price__gte=0), name="service_price_not_negative", violation_error_message=_("Not below 0.")
            ),
            between("service_tax_rate_is_a_percentage", "tax_rate", 0, 100, _("Choose 0 to 100.")),
            between("service_buffer_before_to_720", "buffer_before", 0, LONGEST_BUFFER, _("Choose 0 to 720 minutes.")),
            between("service_buffer_after_to_720", "buffer_after", 0, LONGEST_BUFFER, _("Choose 0 to 720 minutes.")),
            models.CheckConstraint(
                condition=Q(duration__isnull=True)
                | Q(duration__lte=DAY_OF_MINUTES - F("buffer_before") - F("buffer_after")),
                name="service_with_buffers_within_a_day",
                violation_error_message=_("Duration and buffers together are at most 1440 minutes."),
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="service_in_one_organization"),
        ]
        indexes = [models.Index(fields=["organization", "name", "id"], name="service_by_name")]

    def __str__(self) -> str:
        return self.name

    def performers(self) -> models.QuerySet[User]:
        """The active people who perform it: those named, or everybody but clients."""
        team = User.objects.filter(organization=self.organization_id, is_active=True, is_superuser=False)
        named = ServiceStaff.objects.filter(service=self.pk)
        return team.exclude(role="client").filter(Exists(named.filter(staff=OuterRef("pk"))) | ~Exists(named))


class ServiceStaff(models.Model):
    organization = columns.organization()
    service = models.ForeignKey(Service, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    staff = models.ForeignKey(User, models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        db_table = "service_staff"
        verbose_name = _("performer")
        constraints = [
            models.UniqueConstraint(fields=["service", "staff"], name="service_staff_named_once"),
            SameOrganization(field="service", name="service_staff_service_in_same_organization"),
            SameOrganization(field="staff", name="service_staff_staff_in_same_organization"),
        ]
        indexes = [models.Index(fields=["organization"], name="service_staff_by_organization")]

    def __str__(self) -> str:
        return gettext("%(person)s performs %(service)s") % {"person": self.staff, "service": self.service}
