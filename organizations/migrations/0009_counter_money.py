

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0008_seals'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='cancellation_grace',
            field=models.PositiveIntegerField(db_default=15, default=15, help_text='Minutes after booking in which a client may cancel or move, however late; 0: none', validators=[django.core.validators.MaxValueValidator(1440)]),
        ),
        migrations.AddField(
            model_name='organization',
            name='tax_number',
            field=models.CharField(blank=True, db_default='', default='', help_text='Of the organization, as its receipts print it', max_length=40),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('cancellation_grace__gte', 0), ('cancellation_grace__lte', 1440)), name='organization_cancellation_grace_within_a_day', violation_error_message='At most a day.'),
        ),
    ]
