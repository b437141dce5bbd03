"""Who a guest is, once a code has shown that the address is theirs: a client who is known, or a new one."""

from django.db.models import Q
from django.utils.translation import gettext_lazy

from accounts import people
from accounts.models import User
from accounts.person_names import put_given_first
from clientline.folding import fold_words, write_short
from clientline.reach.guests.models import BookingRequest
from clientline.refusals import Refused
from organizations.guests import Guest


class NotWelcome(Refused):
    code = "not_bookable_online"
    detail = gettext_lazy("You cannot book here online. Please call.")


def select_address(asked: BookingRequest) -> Q:
    """The clients of the address that the code went to, under whichever name."""
    if asked.contact_email:
        return Q(contact_email=asked.contact_email) | Q(contact_email="", email=asked.contact_email)
    return Q(phone_e164=asked.address)


def find_or_register_client(asked: BookingRequest) -> User:
    """The client of this address and name, as stored, or a new one: nothing that is stored is overwritten.

    A new one at an address that is known looks like a duplicate, and is shown as one at the desk. Raises NotWelcome.
    """
    name = _fold_name(asked.name)
    clients = User.objects.filter(
        select_address(asked), organization=asked.organization_id, role="client", merged_into=None
    )
    same = [each for each in clients.select_related("organization").order_by("id") if _fold_name(each.name) == name]
    if not same and Guest(asked.organization_id).may("users", "create"):
        return _register(asked)
    for client in same:
        if client.is_active:
            return client
    raise NotWelcome


def _fold_name(name: str) -> list[str]:
    return [write_short(word) for word in fold_words(put_given_first(name))]


def _register(asked: BookingRequest) -> User:
    return people.register_person(
        by=None,
        organization=asked.organization,
        role="client",
        name=asked.name,
        contact_email=asked.contact_email,
        phone=asked.phone,
        language=asked.language,
    )
