"""What must hold for visits beyond their constraints."""

from django.utils import timezone

from appointments import sealing
from appointments.amendments.rezoning import STRAYS, find_stray_parameters
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
        name="visit_ahead_shows_the_time_agreed",
        # Not after rules or a zone changed: `manage.py rezone` moves what it can, and names the rest.
        sql=f"SELECT id FROM ({STRAYS}) AS stray",  # noqa: S608 -- ours
        says="coming visits whose clocks show another time than was agreed",
        parameters=lambda: find_stray_parameters(timezone.now()),
    ),
    Invariant(
        name="visit_ahead_says_the_time_agreed",
        # psql may leave it out; rescheduling the visit to where it is says it.
        sql="""
            SELECT id FROM appointments
            WHERE status = 'scheduled' AND appointment_date > now() AND local_start IS NULL
        """,
        says="coming visits that do not say the time agreed",
    ),
    Invariant(
        name="series_of_one_client",
        sql="""
            SELECT series FROM appointments WHERE series IS NOT NULL
            GROUP BY series HAVING count(DISTINCT client_id) > 1
        """,
        says="series shared by several clients",
    ),
    Invariant(
        name="group_of_one_client",
        sql="""
            SELECT "group" FROM appointments WHERE "group" IS NOT NULL
            GROUP BY "group" HAVING count(DISTINCT client_id) > 1
        """,
        says="groups shared by several clients",
    ),
    Invariant(
        name="sealed_rows_are_as_they_were",
        sql=sealing.REWRITTEN,
        says="rows of audit and history that somebody has rewritten or removed since they were sealed",
    ),
    Invariant(
        name="rows_are_sealed_in_turn",
        sql=sealing.PASSED_BY,
        says="rows of audit and history without a seal, below others that have one for a day",
    ),
]
