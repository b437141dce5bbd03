"""Visits may belong to a group, and say when their client arrived and was in service. Old rows say nothing of it."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0014_old_stranded_visits'),
        ('organizations', '0012_bookkeeping'),
        ('services', '0003_tax_rates'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='appointment',
            name='arrived_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When the client was there', null=True),
        ),
        migrations.AddField(
            model_name='appointment',
            name='group',
            field=models.UUIDField(blank=True, editable=False, help_text='Shared by visits in one go: booked together, one bill', null=True),
        ),
        migrations.AddField(
            model_name='appointment',
            name='in_service_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='When it really began', null=True),
        ),
        migrations.AddIndex(
            model_name='appointment',
            index=models.Index(condition=models.Q(('group__isnull', False)), fields=['organization', 'group'], name='appointment_by_group'),
        ),
        migrations.AddConstraint(
            model_name='appointment',
            constraint=models.CheckConstraint(condition=models.Q(('in_service_at', None), ('arrived_at__isnull', False), _connector='OR'), name='appointment_in_service_after_arriving', violation_error_message='Nobody is in service who has not arrived.'),
        ),
    ]
