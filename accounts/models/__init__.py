"""The tables of people, what finds them, and how they sign in."""

from accounts.models.finding import ClientFileColumns, SearchWord
from accounts.models.people import FIRST_BIRTHDAY, MEMBERS, SIGN_IN_ADDRESS_TAKEN, User, UserQuerySet
from accounts.models.sign_ins import SecondFactor, Session, Token

__all__ = [
    "FIRST_BIRTHDAY",
    "MEMBERS",
    "SIGN_IN_ADDRESS_TAKEN",
    "ClientFileColumns",
    "SearchWord",
    "SecondFactor",
    "Session",
    "Token",
    "User",
    "UserQuerySet",
]
