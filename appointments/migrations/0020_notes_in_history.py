"""What the history says in words may be as long as the notes of a visit. PostgreSQL writes no row anew for it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0019_visits_that_changed_hands'),
    ]

    operations = [
        migrations.AlterField(
            model_name='appointmenthistory',
            name='reason',
            field=models.TextField(blank=True, db_default='', default=''),
        ),
    ]
