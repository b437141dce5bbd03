"""Where the moves began that are under way, or can be taken back: whoever left noted rows before."""

from django.db import migrations

FILL = """
UPDATE relocations SET is_origin = true
WHERE state IN ('leaving', 'frozen', 'moved') OR state = 'arrived' AND notes_rows
"""


class Migration(migrations.Migration):
    dependencies = [("organizations", "0017_where_a_move_began")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True)]
