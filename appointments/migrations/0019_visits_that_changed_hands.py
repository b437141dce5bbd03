"""An index of visits that became another client's, by whose they were. Old rows are in it, too."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0001_squashed_0018_notes_of_a_client'),
        ('organizations', '0002_squashed_0016_relocations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='appointmenthistory',
            index=models.Index(condition=models.Q(('action', 'client_changed')), fields=['organization', 'was'], name='history_handed_over'),
        ),
    ]
