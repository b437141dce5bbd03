"""Whether clients are told of their visits. Old organizations do, as new ones: where no mail server is set, nothing goes out."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0013_page_for_guests'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='confirms_visits',
            field=models.BooleanField(db_default=True, default=True, help_text='Whether clients are told by mail when a visit is booked or changed'),
        ),
        migrations.AddField(
            model_name='organization',
            name='reminds_clients',
            field=models.BooleanField(db_default=True, default=True, help_text='Whether clients are reminded; when, say its reminders'),
        ),
    ]
