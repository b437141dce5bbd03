"""Visits whose person is no longer there are marked. Old rows are not, until the next migration looks at them."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0012_grace_side_and_tax'),
        ('organizations', '0008_seals'),
        ('services', '0002_audited'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='stranded',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Hours, time off, the zone or the team changed: its person is no longer there'),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('stranded', True)), fields=['organization', 'appointment_date', 'id'], name='appointment_stranded'),
        ),
    ]
