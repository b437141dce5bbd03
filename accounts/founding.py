"""Founding an organization: the tenant together with its first admin, who does the rest."""

from django.db import DatabaseError, transaction

from accounts.models import User
from accounts.people import register_person
from clientline.database.refusals import read_refusal
from clientline.refusals import FieldRefused, Refused
from organizations.models import Organization

FIELDS = ("admin_name", "admin_email", "admin_password")  # of a form that founds


def found_organization(*, organization: Organization, name: str, email: str, password: str) -> User:
    """Save a new organization with an active admin, or neither.

    Raises FieldRefused; what is wrong with the admin carries the prefix `admin_`.
    """
    with transaction.atomic():
        # First, because people refer to it; its own errors keep their fields, only the admin's get the prefix.
        organization.save(force_insert=True)
        try:
            return register_person(
                by=None, organization=organization, name=name, email=email, role=User.Role.ADMIN, password=password
            )
        except (Refused, DatabaseError) as error:
            refusal = read_refusal(error)
            if not isinstance(refusal, FieldRefused):
                raise
            wrong = refusal.errors[0]
            raise FieldRefused(f"admin_{wrong['field']}", wrong["code"], wrong["detail"]) from error
