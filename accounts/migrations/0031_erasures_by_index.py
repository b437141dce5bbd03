"""An erasure finds by index what is kept for operators, who are few among all people, and the log of the admin."""

from importlib import import_module

from django.db import migrations, models
from django.db.models import Q

FORMER = import_module("accounts.migrations.0021_forget_client").FORGET.partition("REVOKE")[0]
FORMER = FORMER.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
# One condition after the other: of both at once PostgreSQL read the keys and the people of all organizations.
TOGETHER = """
    UPDATE idempotency_keys SET body = '', location = '', etag = '' WHERE body <> ''
        AND (organization_id = home OR user_id IN (SELECT id FROM users WHERE is_superuser));
"""
APART = """
    UPDATE idempotency_keys SET body = '', location = '', etag = '' WHERE body <> '' AND organization_id = home;
    UPDATE idempotency_keys SET body = '', location = '', etag = '' WHERE body <> ''
        AND user_id = ANY (ARRAY(SELECT id FROM users WHERE is_superuser));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_squashed_0030_fewer_entries_of_indexes"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["id"], condition=Q(is_superuser=True), name="user_operator"),
        ),
        migrations.RunSQL(
            "CREATE INDEX admin_log_by_row ON django_admin_log (content_type_id, object_id);",
            "DROP INDEX admin_log_by_row;",
        ),
        migrations.RunSQL(FORMER.replace(TOGETHER, APART), FORMER),
    ]
