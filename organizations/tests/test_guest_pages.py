"""What an organization says of its page for guests, by API and in the database."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from organizations import policy
from organizations.guests import Guest
from organizations.models import Organization

SETTINGS = {
    "slug": "salon",
    "guest_page": True,
    "brand_color": "#1d4ed8",
    "embed_origins": "https://www.salon.example\nhttps://salon.example:8443 http://localhost:3000",
    "booking_terms": "Come in time.",
    "privacy_notice": "We keep your name.",
}


def test_admins_set_the_page_up_and_nobody_else_by_the_api(salon, api):
    path = f"/organizations/{salon.organization.pk}"
    answer = api(salon.admin).patch(path, SETTINGS)
    assert {name: answer.json()[name] for name in SETTINGS} == SETTINGS
    assert api(salon.manager).patch(path, {"guest_page": False}).status_code == 403


# What would break an address, a style or a header.
BREAKING = {
    "slug": ("a/b", "Salon", "salon sonnig", "-salon", "salon-", "sälon", "a" * 61),
    "brand_color": ("url(x)", "red", "#fff", "#1D4ED8", "#1d4ed8;"),
    "embed_origins": (
        "https://salon.example\r\nX-Evil:",
        "*",
        "www.salon.example",
        "http://salon.example",
        "https://salon.example/",
        "https://salon.example;script-src",
        "https://*.example",
        "https://salon.example:x",
        "https://me@salon.example",
        "'self'",
        " ".join(f"https://{n}.example" for n in range(21)),
    ),
    "booking_terms": ("x" * 5001,),
}


def test_the_api_refuses_each_key_that_would_break_a_page(salon, api):
    answer = api(salon.admin).patch(f"/organizations/{salon.organization.pk}", {k: v[0] for k, v in BREAKING.items()})
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} == set(BREAKING)


def is_refused(key, value):
    try:
        Organization._meta.get_field(key).run_validators(value)
    except ValidationError:
        return True
    return False


def test_what_would_break_an_address_a_style_or_a_header_is_refused():
    tried = [(key, value) for key, values in BREAKING.items() for value in values]
    assert [each for each in tried if not is_refused(*each)] == []


def test_a_slug_is_one_organizations_and_a_page_needs_one(salon, clinic, api):
    Organization.objects.filter(pk=clinic.organization.pk).update(slug="salon")
    client, path = api(salon.admin), f"/organizations/{salon.organization.pk}"
    taken = client.patch(path, {"slug": "salon"})
    assert (taken.status_code, taken.json()["errors"][0]["detail"]) == (400, "Another organization has this word.")
    nameless = client.patch(path, {"guest_page": True})
    assert (nameless.status_code, nameless.json()["errors"][0]["detail"]) == (
        400,
        "A page for guests needs a word for its address.",
    )


def test_the_database_keeps_these_rules_from_every_door(salon):
    home = Organization.objects.filter(pk=salon.organization.pk)
    for values, rule in (
        ({"slug": "Salon"}, "slug_is_a_word"),
        ({"guest_page": True}, "guest_page_has_a_slug"),
        ({"brand_color": "red"}, "brand_color_is_a_color"),
    ):
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            home.update(**values)


def test_guests_have_a_column_of_their_own_and_are_nobody(salon):
    guest = Guest(salon.organization.pk)
    assert (guest.may("services", "list"), guest.may("users", "list"), guest.may("users", "update")) == (
        True,
        False,
        False,
    )
    assert policy.find_grantable_roles(guest, "create") == ()
    assert list(Organization.objects.visible_to(guest, "organizations")) == []
    Organization.objects.filter(pk=salon.organization.pk).update(slug="salon", guest_page=True)
    assert list(Organization.objects.visible_to(guest, "organizations")) == [salon.organization]
