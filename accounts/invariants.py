"""What must hold for people beyond their constraints."""

from accounts import words
from clientline.database.invariants import Invariant
from clientline.operations import TENANT_ROLE

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
        name="tenants_make_no_operator",
        # Granting a whole table, as old dumps and habits do, grants every column.
        sql="""
            SELECT privilege FROM unnest(ARRAY['INSERT', 'UPDATE']) AS privilege
            WHERE has_column_privilege(%(role)s, 'users', 'is_superuser', privilege)
        """,
        says="rights by which requests of members could make a platform operator",
        parameters=lambda: {"role": TENANT_ROLE},
    ),
    Invariant(
        name="people_have_their_words",
        sql="SELECT unnest(%(wrong)s::bigint[])",
        says="people (of a sample) whom a search finds by other words than theirs, or not at all",
        parameters=words.find_wrong_words,
    ),
]
