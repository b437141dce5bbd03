from django.db import migrations

from clientline.operations import audited


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0003_team_index"),
        ("organizations", "0003_audit"),
    ]

    operations = [
        audited("users", without=["last_login"], secret=["password"]),
    ]
