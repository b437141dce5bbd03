from django.db import migrations

from clientline.operations import TENANT_ROLE, confine, grant

# The users a tenant sees are its own already, so this asks no more than whether the author is one of them.
BY_A_MEMBER = "EXISTS (SELECT FROM users WHERE users.id = user_id)"

# Deleting somebody, Django deletes their log before it finds out whether there is one. The grant lets that statement
# run, and this policy lets it find nothing: a person who has a log cannot be deleted.
KEPT = f"CREATE POLICY django_admin_log_is_kept ON django_admin_log AS RESTRICTIVE FOR DELETE TO {TENANT_ROLE} USING (false)"


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        grant("django_content_type", "SELECT"),
        confine("django_admin_log", grants="SELECT, INSERT, DELETE", rows=BY_A_MEMBER),
        migrations.RunSQL(KEPT, "DROP POLICY django_admin_log_is_kept ON django_admin_log"),
    ]
