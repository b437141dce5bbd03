"""What PostgreSQL refused, by sqlstate, in the words of the rule it kept."""

import logging

from django.apps import apps
from django.db import DatabaseError, InterfaceError, OperationalError
from django.db.models import BaseConstraint, Field, ProtectedError
from django.utils.translation import gettext
from psycopg import Error
from psycopg.errors import Diagnostic

from clientline.constraints import find_column_field, find_violated
from clientline.database.prepared import connection
from clientline.postgres.backend.outcomes import OutcomeLost
from clientline.refusals import (
    DETAILS,
    FieldRefused,
    Moved,
    Moving,
    OutcomeUnknown,
    Protected,
    Refused,
    Unavailable,
    make_refusal,
)

logger = logging.getLogger(__name__)

# sqlstates, or their classes, that pass by themselves or with their cause: lock and statement timeouts, shutdown,
# a standby that only reads, a lost connection, no room (disk, memory, connections), a disk that fails.
GONE = ("57P", "08", "25006")  # of those, the ones of a server that ends or no longer leads
AWAY = ("CL421", "CL503")  # ours: see `operations.GUARD_HOME`
PASSING = ("55P03", "57014", "57P01", "57P02", "57P03", "57P05", "25P03", "25006", "08", "53", "58030")


def read_refusal(exception: BaseException, *, deleting: bool = False) -> Refused | None:
    """What the domain or the database refused, as a Refused; None for anything else."""
    if isinstance(exception, Refused):
        return exception
    if isinstance(exception, ProtectedError):
        return Protected()
    if isinstance(exception, (DatabaseError, InterfaceError)):
        return _read_database_refusal(exception, deleting=deleting)
    return None


def read_refusal_or_raise(exception: BaseException, *, deleting: bool = False) -> Refused:
    """The exception as a Refused; a defect is raised again."""
    refusal = read_refusal(exception, deleting=deleting)
    if refusal is None:
        raise exception
    return refusal


def _read_database_refusal(exception: BaseException, *, deleting: bool = False) -> Refused | None:
    """What PostgreSQL refused, by sqlstate; None for errors in our own SQL."""
    cause = exception.__cause__
    if isinstance(exception, OutcomeLost):
        return _read_outage(exception)
    if not isinstance(cause, Error) or cause.sqlstate is None:
        # No state: the server never answered.
        unreached = isinstance(exception, (OperationalError, InterfaceError))
        return _read_outage(exception) if unreached else None
    # By the state and never by the text, which is translated, and holds the values of a row.
    state = cause.sqlstate
    if state.startswith(PASSING) or cause.diag.severity_nonlocalized in ("FATAL", "PANIC"):
        return _read_outage(exception)  # the server ended the connection, or itself
    if state in ("40P01", "40001"):
        logger.warning(
            "Of requests that waited for each other this one gave way: %s", _describe_entanglement(cause.diag)
        )
        again = Refused(gettext("Another request changed the same rows. Nothing was changed; it is safe to repeat."))
        # What this request committed before stays: it is not safe to repeat then.
        return _read_outage(exception) if connection.has_committed else again
    if state in AWAY:
        return Moved(cause.diag.message_hint or "") if state == "CL421" else Moving()
    if state == "42501":
        logger.error("PostgreSQL refused, perhaps for want of a grant: %s", cause)
        return make_refusal(403, DETAILS[403])
    if state.startswith(("22", "23")):
        return _read_constraint_refusal(cause, state, deleting=deleting)
    return None


def _read_outage(exception: BaseException) -> Unavailable:
    """Nothing was changed, unless the connection broke at COMMIT, or a part was committed before."""
    if isinstance(exception, OutcomeLost) or connection.has_committed:
        return OutcomeUnknown(reason=find_reason(exception))
    state = getattr(exception.__cause__, "sqlstate", None)
    return Unavailable(reason=find_reason(exception), is_outage=state is None or state.startswith(GONE))


def find_reason(exception: BaseException) -> str:
    """Why the database did not do it, in one line of its own words without the values of a row."""
    cause = exception.__cause__
    if isinstance(cause, Error) and cause.sqlstate:
        return f"{cause.diag.message_primary} ({cause.sqlstate})"
    return str(exception).strip().partition("\n")[0]


def _describe_entanglement(diag: Diagnostic) -> str:
    """Who waited for whom and where: PostgreSQL tells it by numbers of processes and transactions, and by tables."""
    told = (diag.message_primary, diag.message_detail, diag.context)
    return "; ".join(line for text in told if text for line in text.splitlines())


def _read_constraint_refusal(cause: Error, state: str, *, deleting: bool) -> Refused:
    """A value or a constraint: the declared constraint's own message where there is one."""
    models = apps.get_models()
    name = cause.diag.constraint_name or ""
    _, constraint = find_violated(models, name)
    if state == "23001" or (state == "23503" and deleting):
        return Protected()
    if state == "23P01":
        refusal = Refused(str(constraint.get_violation_error_message()) if constraint else None)
        refusal.code = getattr(constraint, "violation_error_code", None) or Refused.code
        return refusal
    if state == "23505":
        field = find_column_field(models, name)
        fields = [field.name] if field else getattr(constraint, "fields", ())
        return FieldRefused(fields[-1] if fields else None, "unique", _explain_taken(field, constraint))
    if state == "23503":
        return FieldRefused(
            getattr(constraint, "field", None), "does_not_exist", gettext("A row it refers to is gone.")
        )
    detail = str(constraint.get_violation_error_message()) if constraint else gettext("A value is out of range.")
    return FieldRefused(cause.diag.column_name, "invalid", detail)


def _explain_taken(field: Field | None, constraint: BaseConstraint | None) -> str:
    """In the words of the model, where it has its own."""
    if field and field.error_messages["unique"] != Field.default_error_messages["unique"]:
        return str(field.error_messages["unique"])
    if constraint and constraint.violation_error_message != BaseConstraint.default_violation_error_message:
        return str(constraint.violation_error_message)
    return gettext("This is taken already.")
