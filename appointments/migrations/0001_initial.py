import clientline.columns
import clientline.constraints
import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('organizations', '0001_initial'),
        ('services', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Appointment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('appointment_date', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('busy_from', models.DateTimeField(help_text="Start, less the service's buffer before")),
                ('busy_until', models.DateTimeField(help_text="End, plus the service's buffer after")),
                ('status', models.CharField(choices=[('scheduled', 'Scheduled'), ('completed', 'Completed'), ('cancelled', 'Cancelled'), ('no_show', 'No Show')], db_default='scheduled', default='scheduled', max_length=10)),
                ('notes', models.TextField(blank=True, db_default='', default='')),
                ('internal_notes', models.TextField(blank=True, db_default='', default='', help_text='Never shown to clients')),
                ('price', models.DecimalField(decimal_places=2, help_text='As it was when booked', max_digits=10, validators=[django.core.validators.MinValueValidator(0)])),
                ('overbooked', models.BooleanField(db_default=False, default=False, help_text='Booked knowingly beside another visit')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                ('cancelled_at', models.DateTimeField(blank=True, null=True)),
                ('cancellation_reason', models.CharField(blank=True, db_default='', default='', max_length=500)),
                ('cancellation_notice', models.PositiveIntegerField(help_text='Minutes; the policy when booked')),
                ('late_cancellation_fee', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Percent of the price; the policy when booked', max_digits=5, validators=[django.core.validators.MaxValueValidator(100)])),
                ('no_show_fee', models.DecimalField(db_default=0, decimal_places=2, default=0, help_text='Percent of the price; the policy when booked', max_digits=5, validators=[django.core.validators.MaxValueValidator(100)])),
                ('fee_waived', models.BooleanField(db_default=False, default=False)),
                ('series', models.UUIDField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('cancelled_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('client', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('service', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='services.service')),
                ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits_given', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'appointments',
                'indexes': [models.Index(fields=['organization', 'appointment_date', 'id'], name='appointment_by_date'), models.Index(fields=['organization', 'created_at', 'id'], name='appointment_by_creation'), models.Index(fields=['staff', 'appointment_date'], name='appointment_by_staff_and_date')],
                'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(models.Q(('status', 'cancelled'), _negated=True), ('overbooked', False)), expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.F('busy_from'), models.F('busy_until'), function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='appointment_no_double_booking', violation_error_code='slot_taken', violation_error_message='This time is taken.'), models.CheckConstraint(condition=models.Q(('status__in', ('scheduled', 'completed', 'cancelled', 'no_show'))), name='appointment_status_is_known', violation_error_message='Choose one of: scheduled, completed, cancelled, no_show.'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('appointment_date'))), name='appointment_ends_after_start', violation_error_message='A visit has to end after it starts.'), models.CheckConstraint(condition=models.Q(('busy_from__lte', models.F('appointment_date')), ('busy_until__gte', models.F('ends_at')), ('busy_until__lte', django.db.models.expressions.CombinedExpression(models.F('busy_from'), '+', models.Value(datetime.timedelta(days=1))))), name='appointment_with_buffers_within_a_day', violation_error_message='A visit with its buffers lasts at most a day.'), models.CheckConstraint(condition=models.Q(('busy_from__gte', datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('busy_until__lte', datetime.datetime(2100, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='appointment_between_2000_and_2100', violation_error_message='Choose a date between 2000 and 2100.'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='appointment_price_not_negative', violation_error_message='Not below 0.'), models.CheckConstraint(condition=models.Q(('late_cancellation_fee__gte', 0), ('late_cancellation_fee__lte', 100)), name='appointment_late_fee_is_a_percentage', violation_error_message='Choose 0 to 100.'), models.CheckConstraint(condition=models.Q(('no_show_fee__gte', 0), ('no_show_fee__lte', 100)), name='appointment_no_show_fee_is_a_percentage', violation_error_message='Choose 0 to 100.'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('cancelled_at__isnull', True)), _connector='OR'), name='appointment_cancelled_has_its_time', violation_error_message='A cancelled visit says when, and no other does.'), models.UniqueConstraint(fields=('organization', 'id'), name='appointment_in_one_organization'), clientline.constraints.SameOrganization(field='client', name='appointment_client_in_same_organization'), clientline.constraints.SameOrganization(field='staff', name='appointment_staff_in_same_organization'), clientline.constraints.SameOrganization(field='service', name='appointment_service_in_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='SpecialHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('starts', models.TimeField(blank=True, null=True)),
                ('ends', models.TimeField(blank=True, help_text='00:00 means midnight', null=True)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='special_hours', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'special hours',
                'verbose_name_plural': 'special hours',
                'db_table': 'special_hours',
                'indexes': [models.Index(fields=['organization', 'id'], name='special_hours_by_organization')],
                'constraints': [models.CheckConstraint(condition=models.Q(('date__gte', datetime.date(2000, 1, 1)), ('date__lte', datetime.date(2100, 1, 1))), name='special_hours_between_2000_and_2100', violation_error_message='Choose a date between 2000 and 2100.'), models.CheckConstraint(condition=models.Q(models.Q(('ends__isnull', True), ('starts__isnull', True)), models.Q(('ends__isnull', False), ('starts__isnull', False), models.Q(('ends__gt', models.F('starts')), ('ends', '00:00'), _connector='OR')), _connector='OR'), name='special_hours_end_after_start', violation_error_message='Give both times, the end after the start, or neither for a closed day.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="(%(expressions)s - DATE '2000-01-01')"), '*', models.Value(1440)), '+', django.db.models.functions.comparison.Coalesce(models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), models.Value(0))), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="(%(expressions)s - DATE '2000-01-01')"), '*', models.Value(1440)), '+', django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), models.Value(0)), models.Value(1440))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), '&&')], name='special_hours_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.'), clientline.constraints.SameOrganization(field='staff', name='special_hours_staff_in_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='TimeOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('reason', models.CharField(blank=True, db_default='', default='', max_length=200)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('staff', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: everybody', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='time_off', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'time off',
                'verbose_name_plural': 'time off',
                'db_table': 'time_off',
                'indexes': [models.Index(fields=['organization', 'id'], name='time_off_by_organization'), models.Index(fields=['organization', 'ends_at'], name='time_off_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='time_off_ends_after_start', violation_error_message='It has to end after it starts.'), models.CheckConstraint(condition=models.Q(('ends_at__lte', datetime.datetime(2100, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('starts_at__gte', datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='time_off_between_2000_and_2100', violation_error_message='Choose dates between 2000 and 2100.'), clientline.constraints.SameOrganization(field='staff', name='time_off_staff_in_same_organization')],
            },
        ),
        migrations.CreateModel(
            name='WorkingHours',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], help_text='0 is Monday')),
                ('starts', models.TimeField()),
                ('ends', models.TimeField(help_text='00:00 means midnight')),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='working_hours', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'working hours',
                'verbose_name_plural': 'working hours',
                'db_table': 'working_hours',
                'indexes': [models.Index(fields=['organization', 'id'], name='working_hours_by_organization')],
                'constraints': [models.CheckConstraint(condition=models.Q(('weekday__gte', 0), ('weekday__lte', 6)), name='working_hours_weekday_0_to_6', violation_error_message='Choose 0 (Monday) to 6 (Sunday).'), models.CheckConstraint(condition=models.Q(('ends__gt', models.F('starts')), ('ends', '00:00'), _connector='OR'), name='working_hours_end_after_start', violation_error_message='They have to end after they start.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('weekday'), '*', models.Value(1440)), '+', django.db.models.functions.comparison.Coalesce(models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), models.Value(0))), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('weekday'), '*', models.Value(1440)), '+', django.db.models.functions.comparison.Coalesce(django.db.models.functions.comparison.NullIf(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), models.Value(0)), models.Value(1440))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), '&&')], name='working_hours_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.'), clientline.constraints.SameOrganization(field='staff', name='working_hours_staff_in_same_organization')],
            },
        ),
        confine("appointments", grants="SELECT, INSERT, UPDATE"),
        confine("working_hours", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("special_hours", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("time_off", grants="SELECT, INSERT, UPDATE, DELETE"),
    ]
