"""What must hold for visits beyond their constraints."""

from clientline.database.invariants import Invariant

INVARIANTS = [
    Invariant(
        name="visit_of_a_client",
        sql="SELECT a.id FROM appointments a JOIN users u ON u.id = a.client_id WHERE u.role <> 'client'",
        says="visits whose client is not one",
    ),
    Invariant(
        name="visit_given_by_no_client",
        sql="SELECT a.id FROM appointments a JOIN users u ON u.id = a.staff_id WHERE u.role = 'client'",
        says="visits given by a client",
    ),
    Invariant(
        name="visit_cancelled_after_it_was_booked",
        sql="SELECT id FROM appointments WHERE cancelled_at < created_at",
        says="visits cancelled before they were booked",
    ),
    Invariant(
        name="visit_ahead_has_no_outcome",
        sql="SELECT id FROM appointments WHERE status IN ('completed', 'no_show') AND appointment_date > now()",
        says="visits that took place, or did not, in the future",
    ),
    Invariant(
        name="series_of_one_client",
        sql="""
            SELECT series FROM appointments WHERE series IS NOT NULL
            GROUP BY series HAVING count(DISTINCT client_id) > 1
        """,
        says="series shared by several clients",
    ),
]
