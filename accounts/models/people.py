"""People: everybody who signs in or is served."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password, make_password
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts import words
from accounts.acquaintance import find_acquaintances
from accounts.person_names import find_fault_of_name
from clientline import columns, made_addresses, telephones
from clientline.callers import Caller
from clientline.constraints import SameOrganization
from clientline.languages import PATTERN as LANGUAGE_PATTERN
from clientline.languages import choose_language, validate_language
from organizations import policy
from organizations.models import Organization
from organizations.tenancy import TenantQuerySet

SIGN_IN_ADDRESS_TAKEN = _(
    "This address signs in somebody already. Who does not sign in needs none: give it as contact address instead."
)
FIRST_BIRTHDAY = date(1900, 1, 1)

# Operators are outside every scope but an operator's own.
MEMBERS = Q(is_superuser=False)
BELOW = Q(role__in=policy.ROLES_IN[policy.BELOW])


def _match_members(user: Caller) -> Q:
    return MEMBERS & Q(organization=user.organization_id)


def _match_known(user: Caller) -> Q:
    """Themselves, and the clients they are acquainted with; or all, where the calendar is the team's."""
    if user.sees_team:
        return _match_members(user) & (Q(pk=user.pk) | Q(role="client"))
    return _match_members(user) & (Q(pk=user.pk) | Q(role="client") & find_acquaintances(user))


# As Django stores that there is none; version 0.1 also took an empty one.
WITHOUT_PASSWORD = Q(password="") | Q(password__startswith=UNUSABLE_PASSWORD_PREFIX)


class UserQuerySet(TenantQuerySet):
    SCOPES = {
        policy.ORG: _match_members,
        policy.BELOW: lambda user: _match_members(user) & BELOW,
        policy.BELOW_AND_SELF: lambda user: _match_members(user) & (BELOW | Q(pk=user.pk)),
        policy.CLIENTS: lambda user: _match_members(user) & Q(role="client"),
        policy.KNOWN: _match_known,
        policy.SELF: lambda user: Q(pk=user.pk),
    }

    def bulk_create(self, objs: Iterable[Any], **options: Any) -> Any:  # type: ignore[override]  # passes them all on
        people = list(objs)
        for person in people:
            person.read_phone()
        with transaction.atomic(savepoint=False):
            saved = super().bulk_create(people, **options)
            words.write_words(map(words.take_columns, saved))
        return saved

    def clients_for(self, caller: Caller) -> Self:
        """The clients `caller` may name in a booking."""
        return self.visible_to(caller, "users").filter(MEMBERS, role="client").select_related("organization")

    def performers_for(self, caller: Caller, resource: str) -> Self:
        """The people `caller` may name as `staff` when they create a `resource`."""
        people = self.filter(MEMBERS).exclude(role="client")
        scope = policy.find_scope(caller, resource, "create")
        if scope == policy.EVERYTHING:
            return people
        if scope in (policy.SELF, policy.ASSIGNED):
            return people.filter(pk=caller.pk)
        return people.filter(organization=caller.organization_id)


class UserManager(BaseUserManager.from_queryset(UserQuerySet)):  # type: ignore[misc]  # made at run time
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Save a person; without a password they cannot sign in."""
        person = self.model(email=email.lower(), **fields)
        person.set_password(password)
        person.save(force_insert=True)
        return person

    def create_superuser(
        self, email: str, password: str | None = None, *, organization: Organization | None = None, **fields: Any
    ) -> "User":
        """A platform operator. The first one gets a home organization, called Platform. Raises ValidationError."""
        if fault := find_fault_of_name(fields["name"]):
            raise ValidationError(fault)
        with transaction.atomic():
            home = organization or self.take_home_organization(email.lower())
            return self.create_user(email, password, organization=home, role="admin", is_superuser=True, **fields)

    def get_by_natural_key(self, email: str) -> "User":
        return self.get(email=email.lower())

    def take_home_organization(self, email: str) -> Organization:
        """An active one of other operators, locked lest it be deactivated meanwhile, or a new one."""
        theirs = self.filter(is_superuser=True).values("organization")
        homes = Organization.objects.filter(pk__in=theirs, is_active=True).select_for_update(no_key=True)
        return homes.order_by("id").first() or Organization.objects.create(name="Platform", email=email)


class User(AbstractBaseUser):
    class Role(models.TextChoices):
        ADMIN = "admin", _("Admin")
        MANAGER = "manager", _("Manager")
        STAFF = "staff", _("Staff")
        CLIENT = "client", _("Client")

    organization = columns.organization()
    name = columns.name()
    email = models.EmailField(unique=True, error_messages={"unique": SIGN_IN_ADDRESS_TAKEN})
    contact_email = models.EmailField(
        _("contact address"), blank=True, default="", db_default="", help_text=_("Where mail goes; need not be unique")
    )
    phone = columns.short_text(40)
    phone_e164 = columns.short_text(
        16, editable=False, help_text=_("The first number in `phone`, as +491705500003; empty where none can be read")
    )
    birthday = models.DateField(null=True, blank=True)
    client_notes = columns.long_text(help_text=_("Shown at the desk, never to clients"))
    is_flagged = columns.flag(False, help_text=_("Whether the notes have to be seen before anything is done"))
    language = columns.short_text(
        35, validators=[validate_language], help_text=_("Tag of their texts; empty: the organization's")
    )
    marketing_consent_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When they agreed to advertising; empty: they did not")
    )
    external_source = columns.short_text(40, help_text=_("The program that `external_id` is of"))
    external_id = columns.short_text(200, help_text=_("What another program calls them"))
    role = models.CharField(max_length=10, choices=Role)
    is_active = columns.flag(True)
    works_until = models.DateField(
        null=True, blank=True, help_text=_("Of somebody of the team, the last date on which they begin to work")
    )
    bookable_online = columns.flag(
        True, help_text=_("Of the team: whether guests may book them on the organization's page")
    )
    day_people = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        editable=False,
        help_text=_("Whose columns of a day they see, in this order; empty: everybody's"),
    )
    is_superuser = columns.flag(False, editable=False, verbose_name=_("platform operator"))
    has_second_factor = columns.flag(False, editable=False)
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="merged_records",
        db_constraint=False,
        db_index=False,
        help_text=_("The record of the same client that was kept, where two were merged"),
    )
    created_by = columns.actor(db_index=False)
    version = columns.version()
    created_at = columns.created_at()

    objects = UserManager()
    token_scope = policy.MANAGE  # of the token they call with, which may be less

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        db_table = "users"
        verbose_name, verbose_name_plural = _("person"), "people"
        constraints = [
            columns.known("user_role_is_known", "role", policy.ROLES),
            models.CheckConstraint(
                condition=Q(email=models.functions.Lower("email")),
                name="user_email_in_lower_case",
                violation_error_message=_("Write the e-mail address in lower case."),
            ),
            models.CheckConstraint(
                condition=Q(contact_email=models.functions.Lower("contact_email")),
                name="user_contact_email_in_lower_case",
                violation_error_message=_("Write the e-mail address in lower case."),
            ),
            models.CheckConstraint(
                condition=~Q(email__endswith=made_addresses.SUFFIX) | Q(role="client") & WITHOUT_PASSWORD,
                name="user_made_address_is_no_sign_in",
                violation_error_message=_("Whoever signs in needs an e-mail address."),
            ),
            models.CheckConstraint(
                condition=Q(birthday__gte=FIRST_BIRTHDAY),
                name="user_birthday_from_1900",
                violation_error_message=_("Choose a date from 1900 on."),
            ),
            models.CheckConstraint(
                condition=Q(language__regex=LANGUAGE_PATTERN),
                name="user_language_is_a_tag",
                violation_error_message=_("Choose a language by its tag, like en."),
            ),
            models.UniqueConstraint(
                fields=["organization", "external_source", "external_id"],
                condition=~Q(external_id=""),
                name="user_external_id_once_per_source",
                violation_error_message=_("Another person here has this number of that program."),
            ),
            models.UniqueConstraint(fields=["organization", "id"], name="user_in_one_organization"),
            SameOrganization(field="merged_into", name="user_merged_in_same_organization"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | Q(is_active=False) & ~Q(merged_into=models.F("id")),
                name="user_merged_is_inactive",
                violation_error_message=_("A record that was merged into another is inactive."),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "name", "id"], name="user_by_name"),
            models.Index(fields=["organization", "created_at", "id"], name="user_by_creation"),
            # The team is a handful among thousands of clients, and each question for free times asks for it.
            models.Index(fields=["organization", "id"], condition=~Q(role="client"), name="user_of_the_team"),
            # Where nothing is said, as of everybody who is imported by a command, no entry has to be written.
            models.Index(fields=["created_by"], condition=Q(created_by__isnull=False), name="user_by_creator"),
            models.Index(fields=["merged_into"], condition=Q(merged_into__isnull=False), name="user_by_merged_into"),
            # An erasure asks for them, among the people of all organizations.
            models.Index(fields=["id"], condition=Q(is_superuser=True), name="user_operator"),
            # By which two records of one client are noticed.
            models.Index(fields=["organization", "phone_e164"], condition=~Q(phone_e164=""), name="user_by_phone"),
            models.Index(
                fields=["organization", "contact_email"], condition=~Q(contact_email=""), name="user_by_contact_email"
            ),
            models.Index(
                fields=["organization", "birthday"], condition=Q(birthday__isnull=False), name="user_by_birthday"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is this person's. A hash of a former rule is renewed, which ends no sign-in."""
        return check_password(raw_password, self.password, self._renew_hash)

    def _renew_hash(self, raw_password: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            # For this transaction alone: the trigger would take the new hash for a new password.
            cursor.execute("SELECT set_config('clientline.renewed_hash', %s, true)", [str(self.pk)])
            self.password = make_password(raw_password)
            self.save(update_fields=["password"])
            cursor.execute("SELECT set_config('clientline.renewed_hash', '', true)")

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields is None or "phone" in update_fields:
            self.read_phone()
            update_fields = update_fields and [*update_fields, "phone_e164"]
        with transaction.atomic(savepoint=False):
            super().save(*args, update_fields=update_fields, **options)
            if update_fields is None or words.OF_THE_WORDS.intersection(update_fields):
                words.write_words([words.take_columns(self)])

    def read_phone(self) -> None:
        """Give `phone_e164` the number in `phone`, as the organization's country dials."""
        self.phone_e164 = telephones.write_e164(self.phone, self.organization.country) if self.phone else ""

    # Private: Django names every column that it inserts. The tenants' role may not name this one; without it, nobody
    # of an organization could register anybody.
    def _do_insert(self, manager: Any, using: Any, fields: Any, *args: Any) -> Any:
        named = fields if self.is_superuser else [field for field in fields if field.attname != "is_superuser"]
        # Private: see above.
        return super()._do_insert(manager, using, named, *args)  # type: ignore[misc]  # the stubs leave it out

    def get_short_name(self) -> str:
        """What the admin greets them with."""
        return self.name

    @property
    def sign_in_address(self) -> str:
        """'' for a client who has none."""
        return made_addresses.show_address(self.email)

    @property
    def mail_address(self) -> str:
        """Where mail goes; '' where there is none."""
        return self.contact_email or self.sign_in_address

    @property
    def chosen_language(self) -> str:
        """The tag of the language that their pages and mails are in."""
        return choose_language(self.language, self.organization.language)

    @property
    def signs_in(self) -> bool:
        """Whether they have a password."""
        return bool(self.password) and self.has_usable_password()

    @property
    def is_of_the_team(self) -> bool:
        """Whether they may give visits now."""
        return self.is_active and self.role != self.Role.CLIENT

    @property
    def is_staff(self) -> bool:
        """Whether the admin is open to them."""
        return self.is_superuser or self.role != self.Role.CLIENT

    @cached_property
    def sees_team(self) -> bool:
        """Whether they are staff of an organization whose calendar is the team's."""
        return self.role == self.Role.STAFF and not self.is_superuser and self.organization.team_calendar

    def may(self, resource: str, action: str) -> bool:
        return policy.allows(self, resource, action)

    def get_session_auth_hash(self) -> str:
        # Sessions end with a change of password or role, whichever door it came through.
        return salted_hmac("accounts.session", f"{self.password}|{self.role}", algorithm="sha256").hexdigest()

    def get_session_auth_fallback_hash(self) -> tuple[()]:
        return ()

    # The admin asks these of any user; what may really be done is asked of the policy.
    def has_perm(self, permission: str, obj: Any = None) -> bool:
        return self.is_active and self.is_superuser

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.is_staff
