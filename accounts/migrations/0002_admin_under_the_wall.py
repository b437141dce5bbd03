from django.db import migrations

from clientline.operations import confine, grant

# The users a tenant sees are its own already, so this asks no more than whether the author is one of them.
BY_A_MEMBER = "EXISTS (SELECT FROM users WHERE users.id = user_id)"


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0001_initial"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        grant("django_content_type", "SELECT"),
        confine("django_admin_log", grants="SELECT, INSERT", rows=BY_A_MEMBER),
    ]
