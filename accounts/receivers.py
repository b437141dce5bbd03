"""Sign-ins and their failures, in the audit; and what follows from where an organization is or came from."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver

from accounts import contacts, words
from accounts.models import User
from organizations import audit
from organizations.models import Audit, Organization
from organizations.signals import country_changed, former_organization_imported, organization_imported


@receiver(user_logged_in)
def note_sign_in(*, user: User, **kwargs: Any) -> None:
    audit.record_event("sign_in", by=user, row=user)


@receiver(user_login_failed)
def note_failure(*, credentials: dict[str, Any], **kwargs: Any) -> None:
    """Of an unknown address, too, or the time it takes would tell who exists; but not the address: people type
    their password there.
    """
    address = credentials.get("email") or credentials.get("username") or ""
    audit.record_event("sign_in_failed", row=User.objects.filter(email=address.lower()).first())


@receiver(former_organization_imported)
def fill_in_last_days(*, organization: Organization, **kwargs: Any) -> None:
    """From the audit that came along: whoever was seen to be deactivated left the team then."""
    gone = User.objects.filter(organization=organization, is_active=False).exclude(role=User.Role.CLIENT)
    for person in gone:
        seen = Audit.objects.filter(table="users", row=person.pk, action="update", changes__is_active__1="false")
        if latest := seen.order_by("-at").first():
            person.works_until = organization.find_local_date(latest.at)
            person.save(update_fields=["works_until"])


@receiver(former_organization_imported)
def fill_in_contacts(*, organization: Organization, **kwargs: Any) -> None:
    contacts.fill_in_contacts(organization)


@receiver(country_changed)
def read_phones_again(*, organization: Organization, **kwargs: Any) -> None:
    contacts.read_phones(organization)


@receiver(organization_imported)
def write_words_of_who_came(*, organization: Organization, **kwargs: Any) -> None:
    words.write_all_words(organization)
