import decimal

import clientline.columns
import clientline.constraints
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('appointments', '0001_initial'),
        ('organizations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Payment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(decimal.Decimal('0.01'))])),
                ('payment_method', models.CharField(blank=True, choices=[('cash', 'Cash'), ('card', 'Card'), ('online', 'Online')], db_default='', default='', max_length=10)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('completed', 'Completed'), ('failed', 'Failed'), ('refunded', 'Refunded')], db_default='pending', default='pending', max_length=10)),
                ('refunded_amount', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=10)),
                ('reference', models.CharField(blank=True, db_default='', default='', help_text="The payment provider's id", max_length=200)),
                ('settled_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('appointment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='payments', to='appointments.appointment')),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
            ],
            options={
                'db_table': 'payments',
                'indexes': [models.Index(fields=['organization', 'created_at', 'id'], name='payment_by_creation')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='payment_amount_above_zero', violation_error_message='More than 0.'), models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', models.F('amount'))), name='payment_refunds_never_exceed_it', violation_error_message='Refunds never exceed the payment.'), models.CheckConstraint(condition=models.Q(models.Q(('refunded_amount', models.F('amount')), ('status', 'refunded')), models.Q(models.Q(('status', 'refunded'), _negated=True), ('refunded_amount__lt', models.F('amount'))), _connector='OR'), name='payment_refunded_exactly_when_nothing_is_left', violation_error_message='A payment is refunded exactly when nothing is left of it.'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('status__in', ('completed', 'refunded'))), models.Q(('settled_at__isnull', True), ('status__in', ('pending', 'failed'))), _connector='OR'), name='payment_settled_has_its_time', violation_error_message='A settled payment says when, and no other does.'), models.CheckConstraint(condition=models.Q(('status__in', ('pending', 'completed', 'failed', 'refunded'))), name='payment_status_is_known', violation_error_message='Choose one of: pending, completed, failed, refunded.'), models.CheckConstraint(condition=models.Q(('payment_method__in', ('cash', 'card', 'online', ''))), name='payment_method_is_known', violation_error_message='Choose one of: cash, card, online.'), models.UniqueConstraint(fields=('organization', 'id'), name='payment_in_one_organization'), clientline.constraints.SameOrganization(field='appointment', name='payment_appointment_in_same_organization')],
            },
        ),
        confine("payments", grants="SELECT, INSERT, UPDATE"),
    ]
