from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0002_idempotency_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='require_second_factor',
            field=models.BooleanField(db_default=False, default=False, help_text='Of everybody but clients; who has none sets one up first'),
        ),
    ]
