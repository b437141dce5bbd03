"""The admin's log names people by their number, also in old lines: there, a name would outlive its erasure."""

from django.db import migrations

NUMBERS = """
    UPDATE django_admin_log SET object_repr = 'person ' || object_id
    FROM django_content_type kind
    WHERE content_type_id = kind.id AND (app_label, model) = ('accounts', 'user');
    UPDATE django_admin_log SET change_message = 'Merged.'
    FROM django_content_type kind
    WHERE content_type_id = kind.id AND (app_label, model) = ('accounts', 'user')
        AND (change_message LIKE 'Merged with %' OR change_message LIKE 'Merged into %');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0021_forget_client"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunSQL(NUMBERS, migrations.RunSQL.noop, elidable=True)]
