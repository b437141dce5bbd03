import django.db.models.deletion
from django.db import migrations, models

from clientline.made_addresses import SUFFIX
from clientline.operations import audited_by_statement, note_insertions


class Migration(migrations.Migration):
    """Thousands of people at once: their rows are noted by one statement, and of their words one key is checked.

    The person's key includes the organization, so that the organization's own said nothing more. No row changes.
    """

    dependencies = [
        ("accounts", "0025_last_days_ahead"),
    ]

    operations = [
        note_insertions(hidden=SUFFIX),
        audited_by_statement("users", without=["last_login", "phone_e164"], secret=["password"]),
        migrations.AlterField(
            model_name="searchword",
            name="organization",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="organizations.organization",
            ),
        ),
    ]
