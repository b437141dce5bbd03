import factory
from django.contrib.auth.hashers import ScryptPasswordHasher, make_password
from django.utils import timezone

from accounts import tokens
from accounts.models import User
from organizations.tests.factories import OrganizationFactory

PASSWORD = "correct-horse-battery"
# Hashing is slow on purpose, and not what most tests are about. The algorithm stays; servers that tests start are slow.
WORK_FACTOR, ScryptPasswordHasher.work_factor = ScryptPasswordHasher.work_factor, 2
HASH = make_password(PASSWORD)


class UserFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = User

    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"Person {n}")
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    role = "client"
    password = HASH


def token_for(user):
    """The secret of a fresh token."""
    return tokens.issue_token(user, now=timezone.now())[1]
