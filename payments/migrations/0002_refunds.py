import clientline.columns
import clientline.constraints
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0003_never_deleted'),
        ('organizations', '0001_initial'),
        ('payments', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount', models.DecimalField(decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(Decimal('0.01'))])),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=500)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('completed', 'Completed'), ('failed', 'Failed')], db_default='pending', default='pending', max_length=10)),
                ('key', models.UUIDField(blank=True, editable=False, null=True)),
                ('reference', models.CharField(blank=True, db_default='', default='', help_text="The payment provider's id", max_length=200)),
                ('settled_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'db_table': 'refunds',
            },
        ),
        migrations.AddField(
            model_name='payment',
            name='checkout_url',
            field=models.TextField(blank=True, db_default='', default='', editable=False, help_text='Where the client pays'),
        ),
        migrations.AddField(
            model_name='payment',
            name='key',
            field=models.UUIDField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='provider',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='Who settles it, for online payments', max_length=20),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['organization', 'settled_at'], include=('amount', 'appointment', 'payment_method'), name='payment_by_settlement'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('key',), name='payment_key_is_unique'),
        ),
        migrations.AddField(
            model_name='refund',
            name='created_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refund',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization'),
        ),
        migrations.AddField(
            model_name='refund',
            name='payment',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.payment'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['organization', 'settled_at'], include=('amount', 'payment'), name='refund_by_settlement'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_amount_above_zero', violation_error_message='More than 0.'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('status', 'completed')), models.Q(('settled_at__isnull', True), ('status__in', ('pending', 'failed'))), _connector='OR'), name='refund_settled_has_its_time', violation_error_message='A completed refund says when, and no other does.'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('pending', 'completed', 'failed'))), name='refund_status_is_known', violation_error_message='Choose one of: pending, completed, failed.'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('key',), name='refund_key_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=clientline.constraints.SameOrganization(field='payment', name='refund_payment_in_same_organization'),
        ),
        confine("refunds", grants="SELECT, INSERT, UPDATE"),
    ]
