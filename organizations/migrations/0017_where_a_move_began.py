"""At which end a move began: an `--undo` that was given up half-way looked like a move from the other end."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0002_squashed_0016_relocations'),
    ]

    operations = [
        migrations.AddField(
            model_name='relocation',
            name='is_origin',
            field=models.BooleanField(db_default=False, default=False, help_text='Whether the move began here: it is taken back here, and forgotten here'),
        ),
    ]
