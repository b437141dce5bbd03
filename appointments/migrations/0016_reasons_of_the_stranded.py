"""What strands a visit is remembered. Of old rows it is not known: they are stranded until nothing is in the way."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0015_groups_and_marks'),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='stranded_by',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='Which of these it was; empty where nobody knows any more', max_length=40),
        ),
    ]
