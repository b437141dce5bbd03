from django.db import migrations

from clientline.operations import audited


class Migration(migrations.Migration):

    dependencies = [
        ("organizations", "0004_audit"),
        ("services", "0001_initial"),
    ]

    operations = [
        audited("services"),
        audited("service_staff"),
    ]
