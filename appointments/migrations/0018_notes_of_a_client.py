"""An index of visits with notes, by their client. Old rows are in it, too."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0017_calendar_of_visits'),
        ('organizations', '0014_what_clients_are_told'),
        ('services', '0004_page_for_guests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('internal_notes', ''), _negated=True), fields=['client', 'appointment_date'], name='appointment_noted'),
        ),
    ]
