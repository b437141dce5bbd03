

import clientline.constraints
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0012_grace_side_and_tax'),
        ('organizations', '0009_counter_money'),
        ('payments', '0007_redaction_by_its_role'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReceiptCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('last_number', models.BigIntegerField()),
            ],
            options={
                'db_table': 'receipt_counters',
            },
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_amount_above_zero',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_refunded_exactly_when_nothing_is_left',
        ),
        migrations.RemoveConstraint(
            model_name='payment',
            name='payment_settled_has_its_time',
        ),
        migrations.RemoveIndex(
            model_name='payment',
            name='payment_by_settlement',
        ),
        migrations.RemoveIndex(
            model_name='payment',
            name='payment_by_visit',
        ),
        migrations.RemoveIndex(
            model_name='refund',
            name='refund_by_settlement',
        ),
        migrations.AddField(
            model_name='payment',
            name='former_number',
            field=models.BigIntegerField(blank=True, editable=False, help_text='What its receipt printed before receipts were numbered', null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='given_up_at',
            field=models.DateTimeField(blank=True, editable=False, help_text='Since when what it pays online is not wanted any more', null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='instead_of',
            field=models.OneToOneField(blank=True, db_constraint=False, editable=False, help_text='The online payment that was asked for, where the provider took another amount', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='arrival', to='payments.payment'),
        ),
        migrations.AddField(
            model_name='payment',
            name='receipt_number',
            field=models.BigIntegerField(blank=True, editable=False, help_text="Of the organization's one series; null until money moved", null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='rounding',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, editable=False, help_text='Part of the amount; neither price nor tip', max_digits=10),
        ),
        migrations.AddField(
            model_name='payment',
            name='tip',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Part of the amount; pays for no visit', max_digits=10, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddField(
            model_name='payment',
            name='void_reason',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=500),
        ),
        migrations.AddField(
            model_name='payment',
            name='voided_at',
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='payment',
            name='voided_by',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='refund',
            name='automatic',
            field=models.BooleanField(db_default=False, default=False, editable=False, help_text='Of money that came when it was not wanted any more'),
        ),
        migrations.AddField(
            model_name='refund',
            name='receipt_number',
            field=models.BigIntegerField(blank=True, editable=False, help_text="Of the organization's one series; null until money moved", null=True),
        ),
        migrations.AddField(
            model_name='refund',
            name='rounding',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, editable=False, help_text='Part of the amount; neither price nor tip', max_digits=10),
        ),
        migrations.AddField(
            model_name='refund',
            name='tip',
            field=models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Part of the amount; pays for no visit', max_digits=10, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AlterField(
            model_name='payment',
            name='amount',
            field=models.DecimalField(decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(0)]),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('status__in', ('completed', 'refunded'))), fields=['organization', 'settled_at'], include=('amount', 'tip', 'rounding', 'appointment', 'payment_method'), name='payment_by_settled_day'),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('status__in', ('completed', 'refunded'))), fields=['organization', 'appointment'], include=('settled_at', 'amount', 'tip', 'rounding'), name='payment_by_its_visit'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['organization', 'settled_at'], include=('amount', 'tip', 'rounding', 'payment'), name='refund_by_settled_day'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0), models.Q(('amount', 0), ('rounding__lt', 0)), _connector='OR'), name='payment_amount_above_zero', violation_error_message='More than 0, or 0 where cash was rounded down to nothing.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('tip__gte', 0), ('tip__lte', models.F('amount'))), name='payment_tip_is_part_of_it', violation_error_message='A tip is a part of the amount.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('rounding', 0), ('payment_method', 'cash'), _connector='OR'), name='payment_rounding_is_of_cash', violation_error_message='Only cash is rounded.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(models.F('tip'), '+', models.F('rounding')))), name='payment_tip_and_rounding_within_it', violation_error_message='Tip and rounding are parts of the amount.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('refunded_amount', models.F('amount')), ('status', 'refunded')), models.Q(models.Q(('status', 'refunded'), _negated=True), models.Q(('refunded_amount__lt', models.F('amount')), ('amount', 0), _connector='OR')), _connector='OR'), name='payment_refunded_exactly_when_nothing_is_left', violation_error_message='A payment is refunded exactly when nothing is left of it.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('status__in', ('completed', 'refunded')), ('voided_at__isnull', True)), models.Q(('settled_at__isnull', True), ('status', 'pending'), ('voided_at__isnull', True)), models.Q(('settled_at__isnull', True), ('status', 'failed'), ('voided_at__isnull', True)), models.Q(('settled_at__isnull', False), ('status', 'failed'), ('voided_at__isnull', False)), _connector='OR'), name='payment_settled_has_its_time', violation_error_message='A settled payment says when, a void one also when it was made void.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('voided_at__isnull', True), ('payment_method__in', ('cash', 'card')), _connector='OR'), name='payment_void_is_cash_or_card', violation_error_message='Only cash and card payments are made void.'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.UniqueConstraint(condition=models.Q(('receipt_number__isnull', False)), fields=('organization', 'receipt_number'), name='payment_receipt_number_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=clientline.constraints.SameOrganization(field='instead_of', name='payment_instead_of_one_in_same_organization'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('tip__gte', 0), ('tip__lte', models.F('amount'))), name='refund_tip_is_part_of_it', violation_error_message='A tip is a part of the amount.'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('receipt_number__isnull', False)), fields=('organization', 'receipt_number'), name='refund_receipt_number_is_unique'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('payment', 'reference'), name='refund_reference_once'),
        ),
        migrations.AddField(
            model_name='receiptcounter',
            name='organization',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization'),
        ),
        migrations.AddConstraint(
            model_name='receiptcounter',
            constraint=models.UniqueConstraint(fields=('organization',), name='receipt_counter_once_per_organization'),
        ),
    ]
