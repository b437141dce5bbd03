import clientline.columns
import clientline.constraints
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.squashing import AtOnce, repeat

# What the steps said beside the models is repeated from their files, in their order.
STEPS = [
    '0001_initial',
    '0002_audited',
    '0003_tax_rates',
    '0004_page_for_guests',
]


class Migration(migrations.Migration):

    initial = True

    replaces = [('services', name) for name in STEPS]

    dependencies = [
        ('accounts', '0001_initial'),
        ('organizations', '0009_counter_money'),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='Service',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('name', models.CharField(max_length=200)),
                    ('description', models.TextField(blank=True, db_default='', default='')),
                    ('duration', models.PositiveIntegerField(blank=True, help_text='Minutes; without it each booking has to say how long', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1440)])),
                    ('price', models.DecimalField(blank=True, decimal_places=2, max_digits=10, null=True, validators=[django.core.validators.MinValueValidator(0)])),
                    ('buffer_before', models.PositiveIntegerField(db_default=0, default=0, help_text='Minutes to prepare, kept free before the visit', validators=[django.core.validators.MaxValueValidator(720)])),
                    ('buffer_after', models.PositiveIntegerField(db_default=0, default=0, help_text='Minutes to clean up, kept free after the visit', validators=[django.core.validators.MaxValueValidator(720)])),
                    ('is_active', models.BooleanField(db_default=True, default=True)),
                    ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('staff', models.ManyToManyField(blank=True, help_text='Who performs it; when nobody is named, everybody but clients', related_name='services', through='services.ServiceStaff', to=settings.AUTH_USER_MODEL)),
                    ('tax_rate', models.DecimalField(blank=True, decimal_places=2, help_text='Percent, contained in the price; empty: no tax', max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                    ('bookable_online', models.BooleanField(db_default=True, default=True, help_text="Whether guests may book it on the organization's page")),
                ],
                options={
                    'db_table': 'services',
                    'indexes': [models.Index(fields=['organization', 'name', 'id'], name='service_by_name')],
                    'constraints': [models.UniqueConstraint(fields=('organization', 'id'), name='service_in_one_organization'), models.CheckConstraint(condition=models.Q(('duration__gte', 1), ('duration__lte', 1440)), name='service_duration_1_to_1440', violation_error_message='Choose 1 to 1440 minutes.'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='service_price_not_negative', violation_error_message='Not below 0.'), models.CheckConstraint(condition=models.Q(('buffer_before__gte', 0), ('buffer_before__lte', 720)), name='service_buffer_before_to_720', violation_error_message='Choose 0 to 720 minutes.'), models.CheckConstraint(condition=models.Q(('buffer_after__gte', 0), ('buffer_after__lte', 720)), name='service_buffer_after_to_720', violation_error_message='Choose 0 to 720 minutes.'), models.CheckConstraint(condition=models.Q(('duration__isnull', True), ('duration__lte', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Value(1440), '-', models.F('buffer_before')), '-', models.F('buffer_after'))), _connector='OR'), name='service_with_buffers_within_a_day', violation_error_message='Duration and buffers together are at most 1440 minutes.'), models.CheckConstraint(condition=models.Q(('tax_rate__gte', 0), ('tax_rate__lte', 100)), name='service_tax_rate_is_a_percentage', violation_error_message='Choose 0 to 100.')],
                },
            ),
            migrations.CreateModel(
                name='ServiceStaff',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.service')),
                    ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'performer',
                    'db_table': 'service_staff',
                    'indexes': [models.Index(fields=['organization'], name='service_staff_by_organization')],
                    'constraints': [models.UniqueConstraint(fields=('service', 'staff'), name='service_staff_named_once'), clientline.constraints.SameOrganization(field='service', name='service_staff_service_in_same_organization'), clientline.constraints.SameOrganization(field='staff', name='service_staff_staff_in_same_organization')],
                },
            ),
        ]),
        *repeat(__package__, STEPS),
    ]
