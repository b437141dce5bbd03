"""Visits and what happened to them: no TRUNCATE, and no setting that opens the history. No row changes."""

from django.db import migrations

from clientline.redaction import let_redactor, never_emptied, redacted_by_role


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0008_seals"),
        ("appointments", "0010_nights_validity_and_whole_days"),
    ]

    operations = [
        never_emptied("appointments"),
        never_emptied("appointment_history"),
        redacted_by_role("appointment_history"),
        let_redactor("appointments", "SELECT"),
        let_redactor("appointment_history", "SELECT, UPDATE"),
    ]
