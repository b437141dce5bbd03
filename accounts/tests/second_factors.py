"""What tests of the second factor send, and what an authenticator app shows."""

from base64 import b32decode

from django_otp.oath import hotp
from rest_framework.test import APIClient

from accounts.tests.factories import PASSWORD

BEGIN = {"current_password": PASSWORD}


def code_at(secret, now):
    """What an authenticator app shows then."""
    return f"{hotp(b32decode(secret), now // 30):06}"


def sign_in(user, **body):
    return APIClient().post("/auth/login", {"email": user.email, "password": PASSWORD} | body)
