from django.db import migrations

from clientline.operations import audited


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0004_sign_ins"),
        ("organizations", "0004_audit"),
    ]

    operations = [
        audited("users", without=["last_login"], secret=["password"]),
    ]
