"""No row changes. What requests of members run as can make nobody an operator, nor switch a second factor."""

from django.db import migrations

from clientline.operations import grant_columns


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_contacts_of_old_clients")]

    operations = [
        grant_columns("users", not_inserted=["is_superuser"], not_updated=["is_superuser", "has_second_factor"]),
    ]
