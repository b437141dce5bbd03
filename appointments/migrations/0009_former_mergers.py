"""Clients who were merged before get `merged_into`, where the history of their visits tells into whom.

Whoever had no visit keeps none: nothing but the admin's log told of it, and that by names. Nor is the audit told:
nothing was changed by anybody.
"""

from django.db import migrations

FIND_OUT = """
    SELECT set_config('clientline.audit', 'off', true);
    UPDATE users SET merged_into_id = kept.id
    FROM (
        SELECT DISTINCT ON (was) was::bigint AS id, became::bigint AS kept_id
        FROM appointment_history
        WHERE action = 'client_changed' AND reason = 'Two records of one client were merged.'
        ORDER BY was, id DESC
    ) AS merged
    JOIN users AS kept ON kept.id = merged.kept_id
    WHERE users.id = merged.id AND users.organization_id = kept.organization_id
        AND NOT users.is_active AND users.merged_into_id IS NULL AND users.id <> kept.id;
    SELECT set_config('clientline.audit', 'on', true);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_merged_into"),
        ("appointments", "0008_agreed_times_of_old_visits"),
    ]

    operations = [migrations.RunSQL(FIND_OUT, migrations.RunSQL.noop, elidable=True)]
