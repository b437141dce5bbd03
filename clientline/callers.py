"""Whoever asks, as far as the floors below `accounts` know them."""

from typing import Protocol


class Caller(Protocol):
    """An `accounts.User`, or somebody who is not authenticated; of whom nothing else is asked."""

    pk: int
    organization_id: int
    role: str
    is_superuser: bool  # a platform operator
    token_scope: str  # of the token they call with

    @property
    def sees_team(self) -> bool: ...  # staff of an organization whose calendar is the team's

    @property
    def is_authenticated(self) -> bool: ...
