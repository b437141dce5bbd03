from django.db import migrations

from clientline.operations import never_deleted


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0002_history'),
    ]

    operations = [
        never_deleted("appointments"),
    ]
