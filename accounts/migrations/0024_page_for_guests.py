"""Whether guests may book somebody. Who is here may be booked once their organization opens its page."""

from django.db import migrations, models

from clientline.operations import grant_columns


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0023_renewed_hashes_end_nothing'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='bookable_online',
            field=models.BooleanField(db_default=True, default=True, help_text="Of the team: whether guests may book them on the organization's page"),
        ),
        grant_columns("users", not_inserted=["is_superuser"], not_updated=["is_superuser", "has_second_factor"]),
    ]
