"""`redact_client` blanks what history and audit say of the time in which the client had a visit, and of no other time."""

from importlib import import_module

from django.db import migrations

from clientline.redaction import hand_over_redaction, take_back_redaction

before = import_module("payments.migrations.0007_redaction_by_its_role")


def _had_it_then(visit, handover):
    """SQL: whether a visit was the client's: the hand-over that came next is from them, or they have it still."""
    present = f"SELECT client_id::text FROM appointments WHERE appointments.id = {visit}"  # noqa: S608 -- ours
    return f"coalesce((\n            {handover}\n        ), ({present})) = client::text"


def _first(told, order):
    """SQL: not by LIMIT, for which PostgreSQL may read on in that order through the rows of all visits."""
    return f"(array_agg({told} ORDER BY {order}))[1]"


HISTORY_OF_IT = _had_it_then(
    "appointment_history.appointment_id",
    f"""SELECT {_first("given.was", "given.at, given.id")} FROM appointment_history AS given
            WHERE given.appointment_id = appointment_history.appointment_id AND given.action = 'client_changed'
                AND (given.at, given.id) >= (appointment_history.at, appointment_history.id)""",  # noqa: S608 -- ours
)
# The audit has its own order: the clocks of who writes a fact and of PostgreSQL need not be one.
AUDIT_OF_IT = _had_it_then(
    'audit."row"',
    f"""SELECT {_first("given.changes -> 'client_id' ->> 0", "given.id")} FROM audit AS given
            WHERE given."table" = 'appointments' AND given."row" = audit."row" AND given.action = 'update'
                AND given.id >= audit.id AND given.changes ? 'client_id'""",  # noqa: S608 -- ours
)
REDACT = before.REDACT
for former, became in (
    (
        "visits := ARRAY(SELECT id FROM appointments WHERE client_id = client);\n",
        "visits := ARRAY(SELECT id FROM appointments WHERE client_id = client);\n"
        "    had := ARRAY(SELECT unnest(visits) UNION SELECT appointment_id FROM appointment_history\n"
        "        WHERE organization_id = home AND action = 'client_changed' AND was = client::text);\n",
    ),
    ("    visits bigint[];\n", "    visits bigint[];\n    had bigint[];\n"),
    (
        "WHERE reason <> '' AND appointment_id = ANY (visits) RETURNING id",
        f"WHERE reason <> '' AND appointment_id = ANY (had)\n        AND {HISTORY_OF_IT} RETURNING id",
    ),
    ("UNION ALL SELECT 'appointments', unnest(visits)", "UNION ALL SELECT 'appointments', unnest(had)"),
    (
        "changes <> blank_words(changes)\n",
        f"changes <> blank_words(changes)\n        AND (about.kind <> 'appointments' OR {AUDIT_OF_IT})\n",
    ),
):
    assert REDACT.count(former) == 1, former
    REDACT = REDACT.replace(former, became)


class Migration(migrations.Migration):
    dependencies = [("appointments", "0019_visits_that_changed_hands"), ("payments", "0018_fold_by_client")]

    operations = [
        take_back_redaction(),
        migrations.RunSQL(REDACT, before.REDACT),
        hand_over_redaction(),
    ]
