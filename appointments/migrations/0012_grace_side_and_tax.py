

import django.core.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0011_never_emptied'),
        ('organizations', '0009_counter_money'),
        ('services', '0003_tax_rates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='cancellation_grace',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='Minutes after booking; the policy when booked'),
        ),
        migrations.AddField(
            model_name='appointment',
            name='cancelled_on_behalf_of',
            field=models.CharField(blank=True, choices=[('organization', 'Organization'), ('client', 'Client')], db_default='', default='', help_text="Whose doing it was; empty where nobody asked, which counts as the client's", max_length=12),
        ),
        migrations.AddField(
            model_name='appointment',
            name='tax_rate',
            field=models.DecimalField(blank=True, decimal_places=2, help_text='Percent, contained in the price; as it was when booked', max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('tax_rate__gte', 0), ('tax_rate__lte', 100)), name='appointment_tax_rate_is_a_percentage', violation_error_message='Choose 0 to 100.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('cancellation_grace__gte', 0), ('cancellation_grace__lte', 1440)), name='appointment_cancellation_grace_within_a_day', violation_error_message='A day.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('cancelled_on_behalf_of__in', ('', 'organization', 'client'))), name='appointment_cancelled_on_behalf_of_is_known', violation_error_message='Choose one of: organization, client.'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'cancelled'), ('cancelled_on_behalf_of', ''), _connector='OR'), name='appointment_says_whose_doing_when_cancelled', violation_error_message='Only a cancelled visit says on whose behalf.'),
        ),
    ]
