"""What must hold for people beyond their constraints."""

from accounts import words
from clientline.database.invariants import Invariant

INVARIANTS = [
    Invariant(
        name="organization_has_an_active_admin",
        sql="""
            SELECT organization_id FROM users WHERE NOT is_superuser
            GROUP BY organization_id HAVING NOT bool_or(role = 'admin' AND is_active)
        """,
        says="organizations that nobody can govern",
    ),
    Invariant(
        name="operator_is_an_admin",
        sql="SELECT id FROM users WHERE is_superuser AND role <> 'admin'",
        says="platform operators with a lesser role",
    ),
    Invariant(
        name="people_have_their_words",
        sql="SELECT unnest(%(wrong)s::bigint[])",
        says="people (of a sample) whom a search finds by other words than theirs, or not at all",
        parameters=words.find_wrong_words,
    ),
]
