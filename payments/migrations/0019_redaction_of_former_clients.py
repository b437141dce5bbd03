"""`redact_client` blanks also what history and audit say of a client on visits that became another client's."""

from importlib import import_module

from django.db import migrations

from clientline.redaction import hand_over_redaction, take_back_redaction

before = import_module("payments.migrations.0007_redaction_by_its_role")


def _had_it_then(row, moment):
    """SQL: whether the next hand-over of a visit, at or after this row's moment, is from the client."""
    return f"""(
            SELECT given.was FROM appointment_history AS given
            WHERE given.appointment_id = {row} AND given.action = 'client_changed' AND {moment}
            ORDER BY given.at, given.id LIMIT 1
        ) = client::text"""  # noqa: S608 -- ours


# The clocks of PostgreSQL and of who writes the fact need not be one.
IN_HISTORY = _had_it_then("appointment_history.appointment_id", "given.at >= appointment_history.at")
IN_AUDIT = _had_it_then('audit."row"', "given.created_at + interval '2 seconds' >= audit.at")
REDACT = before.REDACT
for former, became in (
    ("    visits bigint[];\n", "    visits bigint[];\n    given_away bigint[];\n"),
    (
        "    WITH blanked AS (\n        UPDATE appointment_history",
        "    given_away := ARRAY(SELECT DISTINCT appointment_id FROM appointment_history\n"
        "        WHERE organization_id = home AND action = 'client_changed' AND was = client::text);\n"
        "    WITH blanked AS (\n        UPDATE appointment_history",
    ),
    (
        "WHERE reason <> '' AND appointment_id = ANY (visits) RETURNING id",
        "WHERE reason <> '' AND (\n            appointment_id = ANY (visits)"
        f" OR appointment_id = ANY (given_away) AND {IN_HISTORY}\n        ) RETURNING id",
    ),
    ("SELECT 'users' AS kind, client AS id", "SELECT 'users' AS kind, client AS id, false AS is_given_away"),
    (
        "UNION ALL SELECT 'appointments', unnest(visits)",
        "UNION ALL SELECT 'appointments', unnest(visits), false\n"
        "            UNION ALL SELECT 'appointments', unnest(given_away), true",
    ),
    ("SELECT 'refunds', refunds.id FROM", "SELECT 'refunds', refunds.id, false FROM"),
    (
        "changes <> blank_words(changes)\n",
        f"changes <> blank_words(changes)\n        AND (NOT about.is_given_away OR {IN_AUDIT})\n",
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
