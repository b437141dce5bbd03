from django.db import migrations

from clientline.made_addresses import SUFFIX
from clientline.operations import note_insertions_in_less_time


class Migration(migrations.Migration):
    """What is noted of people who are added stays the same, and no row changes."""

    dependencies = [
        ("accounts", "0027_people_of_the_day"),
    ]

    operations = [note_insertions_in_less_time(hidden=SUFFIX)]
