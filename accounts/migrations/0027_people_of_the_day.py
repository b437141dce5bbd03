"""Whose columns of a day somebody sees: not of one browser any more. Who is here sees everybody's until they choose."""

import django.contrib.postgres.fields
from django.db import migrations, models

from clientline.operations import audited_by_statement, grant_columns

# What somebody looks at is no change of the business.
UNTOLD = ["last_login", "phone_e164"]
FORMER_AUDIT = audited_by_statement("users", without=UNTOLD, secret=["password"])
NOT_YET = migrations.RunSQL("DROP TRIGGER added_users_are_audited ON users;", FORMER_AUDIT.sql)


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0026_people_added_at_once'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='day_people',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=[], default=list, editable=False, help_text="Whose columns of a day they see, in this order; empty: everybody's", size=None),
        ),
        grant_columns("users", not_inserted=["is_superuser"], not_updated=["is_superuser", "has_second_factor"]),
        NOT_YET,
        audited_by_statement("users", without=[*UNTOLD, "day_people"], secret=["password"]),
    ]
