"""Whoever is on an organization's page without a sign-in, as the policy knows them."""

from dataclasses import dataclass

from organizations import policy


@dataclass
class Guest:
    """A caller with a column of their own in the access table. Never `request.user`: no part of the API meets one."""

    organization_id: int
    visit_id: int | None = None  # of the link that they hold

    pk: int = 0  # nobody's
    role: str = policy.GUEST
    is_superuser: bool = False
    sees_team: bool = False
    is_authenticated: bool = True  # or the policy would not look for their column
    token_scope: str = policy.BOOK

    def may(self, resource: str, action: str) -> bool:
        return policy.allows(self, resource, action)
