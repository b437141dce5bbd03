from django.db import migrations

from clientline.made_addresses import SUFFIX
from clientline.operations import (
    audited_by_column,
    note_added,
    note_insertions,
    note_insertions_in_less_time,
)

UNTOLD = ["last_login", "phone_e164", "day_people"]
FORMER = note_insertions(SUFFIX).sql + note_insertions_in_less_time(SUFFIX).sql


class Migration(migrations.Migration):
    """What is noted of people who are added stays the same, and no row changes."""

    dependencies = [
        ("accounts", "0028_people_noted_in_less_time"),
    ]

    operations = [
        note_added("users", without=UNTOLD, secret=["password"], hidden=SUFFIX),
        audited_by_column("users", without=UNTOLD, secret=["password"]),
        migrations.RunSQL("DROP FUNCTION note_insertions();", FORMER),
    ]
