import clientline.columns
import clientline.constraints
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from decimal import Decimal
from django.conf import settings
from django.db import migrations, models

from clientline.squashing import AtOnce, repeat

# What the steps said beside the models is repeated from their files, in their order.
STEPS = [
    '0001_initial',
    '0002_refunds',
    '0003_ledger_is_final',
    '0004_revenue_by_visit',
    '0005_audited',
    '0006_search_paths',
    '0007_redaction_by_its_role',
    '0008_counter_money',
    '0009_numbers_and_voids',
    '0010_numbers_of_old_money',
    '0011_void_payments_by_day',
    '0012_money_that_came_late',
    '0013_whose_and_for_what',
    '0014_whose_and_for_what_of_old_money',
    '0015_whose_and_for_what_of_all_money',
    '0016_client_totals',
    '0017_totals_of_old_visits',
]


class Migration(migrations.Migration):

    initial = True

    replaces = [('payments', name) for name in STEPS]

    dependencies = [
        ('accounts', '0008_merged_into'),
        ('admin', '0003_logentry_add_action_flag_choices'),
        ('appointments', '0017_calendar_of_visits'),
        ('organizations', '0014_what_clients_are_told'),
        ('services', '0004_page_for_guests'),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='Payment',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('amount', models.DecimalField(decimal_places=2, max_digits=10, validators=[django.core.validators.MinValueValidator(0)])),
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
                    ('checkout_url', models.TextField(blank=True, db_default='', default='', editable=False, help_text='Where the client pays')),
                    ('key', models.UUIDField(blank=True, editable=False, null=True)),
                    ('provider', models.CharField(blank=True, db_default='', default='', editable=False, help_text='Who settles it, for online payments', max_length=20)),
                    ('former_number', models.BigIntegerField(blank=True, editable=False, help_text='What its receipt printed before receipts were numbered', null=True)),
                    ('given_up_at', models.DateTimeField(blank=True, editable=False, help_text='Since when what it pays online is not wanted any more', null=True)),
                    ('instead_of', models.OneToOneField(blank=True, db_constraint=False, editable=False, help_text='The online payment that was asked for, where the provider took another amount', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='arrival', to='payments.payment')),
                    ('receipt_number', models.BigIntegerField(blank=True, editable=False, help_text="Of the organization's one series; null until money moved", null=True)),
                    ('rounding', models.DecimalField(db_default=0, decimal_places=2, default=0, editable=False, help_text='Part of the amount; neither price nor tip', max_digits=10)),
                    ('tip', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Part of the amount; pays for no visit', max_digits=10, validators=[django.core.validators.MinValueValidator(0)])),
                    ('void_reason', models.CharField(blank=True, db_default='', default='', editable=False, max_length=500)),
                    ('voided_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('voided_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('service', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='What it was for when the money came', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.service')),
                    ('staff', models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='Whose visit it was when the money came', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('tax_rate', models.DecimalField(blank=True, decimal_places=2, help_text='Percent, contained in the price; as it was when the money came', max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ],
                options={
                    'db_table': 'payments',
                    'indexes': [models.Index(fields=['organization', 'created_at', 'id'], name='payment_by_creation'), models.Index(condition=models.Q(('status__in', ('completed', 'refunded'))), fields=['organization', 'appointment'], include=('settled_at', 'amount', 'tip', 'rounding'), name='payment_by_its_visit'), models.Index(condition=models.Q(('voided_at__isnull', False)), fields=['organization', 'settled_at'], name='payment_by_void'), models.Index(condition=models.Q(('status__in', ('completed', 'refunded'))), fields=['organization', 'settled_at'], include=('amount', 'tip', 'rounding', 'staff', 'service', 'payment_method'), name='payment_by_settled_day')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('refunded_amount__gte', 0), ('refunded_amount__lte', models.F('amount'))), name='payment_refunds_never_exceed_it', violation_error_message='Refunds never exceed the payment.'), models.CheckConstraint(condition=models.Q(('status__in', ('pending', 'completed', 'failed', 'refunded'))), name='payment_status_is_known', violation_error_message='Choose one of: pending, completed, failed, refunded.'), models.CheckConstraint(condition=models.Q(('payment_method__in', ('cash', 'card', 'online', ''))), name='payment_method_is_known', violation_error_message='Choose one of: cash, card, online.'), models.UniqueConstraint(fields=('organization', 'id'), name='payment_in_one_organization'), clientline.constraints.SameOrganization(field='appointment', name='payment_appointment_in_same_organization'), models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('key',), name='payment_key_is_unique'), models.CheckConstraint(condition=models.Q(('amount__gt', 0), models.Q(('amount', 0), ('rounding__lt', 0)), _connector='OR'), name='payment_amount_above_zero', violation_error_message='More than 0, or 0 where cash was rounded down to nothing.'), models.CheckConstraint(condition=models.Q(('tip__gte', 0), ('tip__lte', models.F('amount'))), name='payment_tip_is_part_of_it', violation_error_message='A tip is a part of the amount.'), models.CheckConstraint(condition=models.Q(('rounding', 0), ('payment_method', 'cash'), _connector='OR'), name='payment_rounding_is_of_cash', violation_error_message='Only cash is rounded.'), models.CheckConstraint(condition=models.Q(('amount__gte', django.db.models.expressions.CombinedExpression(models.F('tip'), '+', models.F('rounding')))), name='payment_tip_and_rounding_within_it', violation_error_message='Tip and rounding are parts of the amount.'), models.CheckConstraint(condition=models.Q(models.Q(('amount__gt', 0), ('refunded_amount', models.F('amount')), ('status', 'refunded')), models.Q(models.Q(('status', 'refunded'), _negated=True), models.Q(('refunded_amount__lt', models.F('amount')), ('amount', 0), _connector='OR')), _connector='OR'), name='payment_refunded_exactly_when_nothing_is_left', violation_error_message='A payment is refunded exactly when nothing is left of it.'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('status__in', ('completed', 'refunded')), ('voided_at__isnull', True)), models.Q(('settled_at__isnull', True), ('status', 'pending'), ('voided_at__isnull', True)), models.Q(('settled_at__isnull', True), ('status', 'failed'), ('voided_at__isnull', True)), models.Q(('settled_at__isnull', False), ('status', 'failed'), ('voided_at__isnull', False)), _connector='OR'), name='payment_settled_has_its_time', violation_error_message='A settled payment says when, a void one also when it was made void.'), models.CheckConstraint(condition=models.Q(('voided_at__isnull', True), ('payment_method__in', ('cash', 'card')), _connector='OR'), name='payment_void_is_cash_or_card', violation_error_message='Only cash and card payments are made void.'), models.UniqueConstraint(condition=models.Q(('receipt_number__isnull', False)), fields=('organization', 'receipt_number'), name='payment_receipt_number_is_unique'), clientline.constraints.SameOrganization(field='instead_of', name='payment_instead_of_one_in_same_organization'), clientline.constraints.SameOrganization(field='staff', name='payment_staff_in_same_organization'), clientline.constraints.SameOrganization(field='service', name='payment_service_in_same_organization'), models.CheckConstraint(condition=models.Q(('settled_at__isnull', True), models.Q(('service__isnull', False), ('staff__isnull', False)), _connector='OR'), name='payment_settled_says_whose_and_for_what', violation_error_message='A settled payment says whose visit it was for, and of which service.')],
                },
            ),
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
                    ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('payment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.payment')),
                    ('automatic', models.BooleanField(db_default=False, default=False, editable=False, help_text='Of money that came when it was not wanted any more')),
                    ('receipt_number', models.BigIntegerField(blank=True, editable=False, help_text="Of the organization's one series; null until money moved", null=True)),
                    ('rounding', models.DecimalField(db_default=0, decimal_places=2, default=0, editable=False, help_text='Part of the amount; neither price nor tip', max_digits=10)),
                    ('tip', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Part of the amount; pays for no visit', max_digits=10, validators=[django.core.validators.MinValueValidator(0)])),
                ],
                options={
                    'db_table': 'refunds',
                    'indexes': [models.Index(fields=['organization', 'settled_at'], include=('amount', 'tip', 'rounding', 'payment'), name='refund_by_settled_day'), models.Index(condition=models.Q(('automatic', True)), fields=['organization', '-created_at', '-id'], name='refund_automatic')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='refund_amount_above_zero', violation_error_message='More than 0.'), models.CheckConstraint(condition=models.Q(models.Q(('settled_at__isnull', False), ('status', 'completed')), models.Q(('settled_at__isnull', True), ('status__in', ('pending', 'failed'))), _connector='OR'), name='refund_settled_has_its_time', violation_error_message='A completed refund says when, and no other does.'), models.CheckConstraint(condition=models.Q(('status__in', ('pending', 'completed', 'failed'))), name='refund_status_is_known', violation_error_message='Choose one of: pending, completed, failed.'), models.UniqueConstraint(condition=models.Q(('key__isnull', False)), fields=('key',), name='refund_key_is_unique'), clientline.constraints.SameOrganization(field='payment', name='refund_payment_in_same_organization'), models.CheckConstraint(condition=models.Q(('tip__gte', 0), ('tip__lte', models.F('amount'))), name='refund_tip_is_part_of_it', violation_error_message='A tip is a part of the amount.'), models.UniqueConstraint(condition=models.Q(('receipt_number__isnull', False)), fields=('organization', 'receipt_number'), name='refund_receipt_number_is_unique'), models.UniqueConstraint(condition=models.Q(('reference', ''), _negated=True), fields=('payment', 'reference'), name='refund_reference_once')],
                },
            ),
            migrations.CreateModel(
                name='ReceiptCounter',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('last_number', models.BigIntegerField()),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'receipt_counters',
                    'constraints': [models.UniqueConstraint(fields=('organization',), name='receipt_counter_once_per_organization')],
                },
            ),
            migrations.CreateModel(
                name='ClientTotal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('staff', models.BigIntegerField()),
                    ('visit', models.BigIntegerField(null=True)),
                    ('scheduled', models.IntegerField(db_default=0, default=0)),
                    ('completed', models.IntegerField(db_default=0, default=0)),
                    ('cancelled', models.IntegerField(db_default=0, default=0)),
                    ('no_show', models.IntegerField(db_default=0, default=0)),
                    ('price', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                    ('charge', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                    ('paid', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                    ('refunded', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                    ('is_folded', models.BooleanField(db_default=False, default=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'client_totals',
                    'indexes': [models.Index(fields=['client', 'visit'], name='client_total_by_client'), models.Index(condition=models.Q(('visit__isnull', False)), fields=['organization', 'visit'], name='client_total_open'), models.Index(condition=models.Q(('is_folded', False)), fields=['id'], name='client_total_unfolded')],
                    'constraints': [clientline.constraints.SameOrganization(field='client', name='client_total_client_in_same_organization')],
                },
            ),
        ]),
        *repeat(__package__, STEPS),
    ]
