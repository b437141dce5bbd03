import clientline.columns
import clientline.currencies
import clientline.zones
import django.core.validators
import django.db.models.functions.text
import django.utils.timezone
from django.db import migrations, models

from clientline.operations import CURRENT_ORGANIZATION, confine, create_tenant_role


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        create_tenant_role(),
        migrations.CreateModel(
            name='Organization',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('phone', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('address', models.TextField(blank=True, db_default='', default='')),
                ('timezone', models.CharField(db_default='UTC', default='UTC', help_text='IANA name', max_length=64, validators=[clientline.zones.validate_zone])),
                ('currency', models.CharField(db_default='USD', default='USD', help_text='ISO 4217 code', max_length=3, validators=[clientline.currencies.validate_currency])),
                ('slot_interval', models.PositiveIntegerField(db_default=15, default=15, help_text='Minutes between offered starts', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(720)])),
                ('min_notice', models.PositiveIntegerField(db_default=60, default=60, help_text='Minutes a client must book ahead', validators=[django.core.validators.MaxValueValidator(527040)])),
                ('max_advance_days', models.PositiveIntegerField(db_default=90, default=90, help_text='Days a client may book ahead', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(1095)])),
                ('cancellation_notice', models.PositiveIntegerField(db_default=1440, default=1440, help_text='Minutes before the start until which a client may cancel or move', validators=[django.core.validators.MaxValueValidator(527040)])),
                ('late_cancellation_fee', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Percent of the price', max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('no_show_fee', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Percent of the price', max_digits=5, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                ('is_active', models.BooleanField(db_default=True, default=True)),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'db_table': 'organizations',
                'indexes': [models.Index(fields=['name', 'id'], name='organization_by_name')],
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='organization_email_in_lower_case', violation_error_message='Write the e-mail address in lower case.'), models.CheckConstraint(condition=models.Q(('timezone__regex', '^(CET|CST6CDT|Cuba|EET|EST|EST5EDT|Egypt|Eire|GB|GB-Eire|GMT|GMT\\+0|GMT-0|GMT0|Greenwich|HST|Hongkong|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|MET|MST|MST7MDT|NZ|NZ-CHAT|Navajo|PRC|PST8PDT|Poland|Portugal|ROC|ROK|Singapore|Turkey|UCT|UTC|Universal|W-SU|WET|Zulu|[A-Z][A-Za-z]+(/[A-Z][A-Za-z0-9_+-]*)+)$')), name='organization_timezone_is_a_name', violation_error_message='Choose an IANA time zone, like Europe/Berlin.'), models.CheckConstraint(condition=models.Q(('currency__regex', '^[A-Z]{3}$')), name='organization_currency_is_a_code', violation_error_message='Choose a currency by its three letters, like EUR.'), models.CheckConstraint(condition=models.Q(('slot_interval__gte', 5), ('slot_interval__lte', 720)), name='organization_slot_interval_5_to_720', violation_error_message='Choose 5 to 720 minutes.'), models.CheckConstraint(condition=models.Q(('min_notice__gte', 0), ('min_notice__lte', 527040)), name='organization_min_notice_within_a_year', violation_error_message='At most a year.'), models.CheckConstraint(condition=models.Q(('max_advance_days__gte', 1), ('max_advance_days__lte', 1095)), name='organization_max_advance_1_to_1095', violation_error_message='Choose 1 to 1095 days.'), models.CheckConstraint(condition=models.Q(('cancellation_notice__gte', 0), ('cancellation_notice__lte', 527040)), name='organization_cancellation_notice_within_a_year', violation_error_message='At most a year.'), models.CheckConstraint(condition=models.Q(('late_cancellation_fee__gte', 0), ('late_cancellation_fee__lte', 100)), name='organization_late_fee_is_a_percentage', violation_error_message='Choose 0 to 100.'), models.CheckConstraint(condition=models.Q(('no_show_fee__gte', 0), ('no_show_fee__lte', 100)), name='organization_no_show_fee_is_a_percentage', violation_error_message='Choose 0 to 100.')],
            },
        ),
        confine("organizations", grants="SELECT, UPDATE", rows=f"id = {CURRENT_ORGANIZATION}"),
    ]
