import clientline.columns
import clientline.constraints
import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.squashing import AtOnce, repeat

# What the steps said beside the models is repeated from their files, in their order.
STEPS = [
    '0001_initial',
    '0002_history',
    '0003_never_deleted',
    '0004_references_for_reports',
    '0005_audited',
    '0006_visits_of_a_client_by_date',
    '0007_local_start',
    '0008_agreed_times_of_old_visits',
    '0009_former_mergers',
    '0010_nights_validity_and_whole_days',
    '0011_never_emptied',
    '0012_grace_side_and_tax',
    '0013_stranded_visits',
    '0014_old_stranded_visits',
    '0015_groups_and_marks',
    '0016_reasons_of_the_stranded',
    '0017_calendar_of_visits',
    '0018_notes_of_a_client',
]


class Migration(migrations.Migration):

    initial = True

    replaces = [('appointments', name) for name in STEPS]

    dependencies = [
        ('accounts', '0014_last_days_from_the_audit'),
        ('organizations', '0014_what_clients_are_told'),
        ('services', '0004_page_for_guests'),
    ]

    operations = [
        AtOnce([
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
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to=settings.AUTH_USER_MODEL)),
                    ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('service', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='services.service')),
                    ('staff', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='visits_given', to=settings.AUTH_USER_MODEL)),
                    ('local_start', clientline.columns.WallClockField(blank=True, editable=False, help_text="The time agreed, as the organization's clocks showed it", null=True)),
                    ('cancellation_grace', models.PositiveIntegerField(db_default=0, default=0, help_text='Minutes after booking; the policy when booked')),
                    ('cancelled_on_behalf_of', models.CharField(blank=True, choices=[('organization', 'Organization'), ('client', 'Client')], db_default='', default='', help_text="Whose doing it was; empty where nobody asked, which counts as the client's", max_length=12)),
                    ('tax_rate', models.DecimalField(blank=True, decimal_places=2, help_text='Percent, contained in the price; as it was when booked', max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)])),
                    ('stranded', models.BooleanField(db_default=False, default=False, editable=False, help_text='Hours, time off, the zone or the team changed: its person is no longer there')),
                    ('arrived_at', models.DateTimeField(blank=True, editable=False, help_text='When the client was there', null=True)),
                    ('group', models.UUIDField(blank=True, editable=False, help_text='Shared by visits in one go: booked together, one bill', null=True)),
                    ('in_service_at', models.DateTimeField(blank=True, editable=False, help_text='When it really began', null=True)),
                    ('stranded_by', models.CharField(blank=True, db_default='', default='', editable=False, help_text='Which of these it was; empty where nobody knows any more', max_length=40)),
                    ('calendar_uid', models.TextField(db_default=models.Func(output_field=models.TextField(), template='gen_random_uuid()::text'), default=clientline.columns.make_uid, editable=False, help_text='By which calendars know it, for ever')),
                    ('sequence', models.PositiveIntegerField(db_default=0, default=0, editable=False, help_text='How often it was moved, cancelled or followed new time zone rules')),
                ],
                options={
                    'db_table': 'appointments',
                    'indexes': [models.Index(fields=['organization', 'appointment_date', 'id'], name='appointment_by_date'), models.Index(fields=['organization', 'created_at', 'id'], name='appointment_by_creation'), models.Index(fields=['staff', 'appointment_date'], name='appointment_by_staff_and_date'), models.Index(fields=['organization', 'id'], include=('staff', 'service'), name='appointment_references'), models.Index(fields=['client', 'appointment_date'], name='appointment_by_client_and_date'), models.Index(condition=models.Q(('stranded', True)), fields=['organization', 'appointment_date', 'id'], name='appointment_stranded'), models.Index(condition=models.Q(('group__isnull', False)), fields=['organization', 'group'], name='appointment_by_group'), models.Index(condition=models.Q(('internal_notes', ''), _negated=True), fields=['client', 'appointment_date'], name='appointment_noted')],
                    'constraints': [django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(models.Q(('status', 'cancelled'), _negated=True), ('overbooked', False)), expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.F('busy_from'), models.F('busy_until'), function='tstzrange', output_field=django.contrib.postgres.fields.ranges.DateTimeRangeField()), '&&')], name='appointment_no_double_booking', violation_error_code='slot_taken', violation_error_message='This time is taken.'), models.CheckConstraint(condition=models.Q(('status__in', ('scheduled', 'completed', 'cancelled', 'no_show'))), name='appointment_status_is_known', violation_error_message='Choose one of: scheduled, completed, cancelled, no_show.'), models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('appointment_date'))), name='appointment_ends_after_start', violation_error_message='A visit has to end after it starts.'), models.CheckConstraint(condition=models.Q(('busy_from__lte', models.F('appointment_date')), ('busy_until__gte', models.F('ends_at')), ('busy_until__lte', django.db.models.expressions.CombinedExpression(models.F('busy_from'), '+', models.Value(datetime.timedelta(days=1))))), name='appointment_with_buffers_within_a_day', violation_error_message='A visit with its buffers lasts at most a day.'), models.CheckConstraint(condition=models.Q(('busy_from__gte', datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('busy_until__lte', datetime.datetime(2100, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='appointment_between_2000_and_2100', violation_error_message='Choose a date between 2000 and 2100.'), models.CheckConstraint(condition=models.Q(('price__gte', 0)), name='appointment_price_not_negative', violation_error_message='Not below 0.'), models.CheckConstraint(condition=models.Q(('late_cancellation_fee__gte', 0), ('late_cancellation_fee__lte', 100)), name='appointment_late_fee_is_a_percentage', violation_error_message='Choose 0 to 100.'), models.CheckConstraint(condition=models.Q(('no_show_fee__gte', 0), ('no_show_fee__lte', 100)), name='appointment_no_show_fee_is_a_percentage', violation_error_message='Choose 0 to 100.'), models.CheckConstraint(condition=models.Q(models.Q(('cancelled_at__isnull', False), ('status', 'cancelled')), models.Q(models.Q(('status', 'cancelled'), _negated=True), ('cancelled_at__isnull', True)), _connector='OR'), name='appointment_cancelled_has_its_time', violation_error_message='A cancelled visit says when, and no other does.'), models.UniqueConstraint(fields=('organization', 'id'), name='appointment_in_one_organization'), clientline.constraints.SameOrganization(field='client', name='appointment_client_in_same_organization'), clientline.constraints.SameOrganization(field='staff', name='appointment_staff_in_same_organization'), clientline.constraints.SameOrganization(field='service', name='appointment_service_in_same_organization'), models.CheckConstraint(condition=models.Q(('tax_rate__gte', 0), ('tax_rate__lte', 100)), name='appointment_tax_rate_is_a_percentage', violation_error_message='Choose 0 to 100.'), models.CheckConstraint(condition=models.Q(('cancellation_grace__gte', 0), ('cancellation_grace__lte', 1440)), name='appointment_cancellation_grace_within_a_day', violation_error_message='A day.'), models.CheckConstraint(condition=models.Q(('cancelled_on_behalf_of__in', ('', 'organization', 'client'))), name='appointment_cancelled_on_behalf_of_is_known', violation_error_message='Choose one of: organization, client.'), models.CheckConstraint(condition=models.Q(('status', 'cancelled'), ('cancelled_on_behalf_of', ''), _connector='OR'), name='appointment_says_whose_doing_when_cancelled', violation_error_message='Only a cancelled visit says on whose behalf.'), models.CheckConstraint(condition=models.Q(('in_service_at', None), ('arrived_at__isnull', False), _connector='OR'), name='appointment_in_service_after_arriving', violation_error_message='Nobody is in service who has not arrived.')],
                },
            ),
            migrations.CreateModel(
                name='SpecialHours',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('date', models.DateField()),
                    ('starts', models.TimeField(blank=True, null=True)),
                    ('ends', models.TimeField(blank=True, help_text='Where it is no later than the start, of the next day', null=True)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='special_hours', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'verbose_name': 'special hours',
                    'verbose_name_plural': 'special hours',
                    'db_table': 'special_hours',
                    'indexes': [models.Index(fields=['organization', 'id'], name='special_hours_by_organization')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('date__gte', datetime.date(2000, 1, 1)), ('date__lte', datetime.date(2100, 1, 1))), name='special_hours_between_2000_and_2100', violation_error_message='Choose a date between 2000 and 2100.'), clientline.constraints.SameOrganization(field='staff', name='special_hours_staff_in_same_organization'), models.CheckConstraint(condition=models.Q(models.Q(('ends__isnull', True), ('starts__isnull', True)), models.Q(('ends__isnull', False), ('starts__isnull', False)), _connector='OR'), name='special_hours_have_both_times_or_neither', violation_error_message='Give both times, or neither for a closed day.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', django.db.models.functions.comparison.Coalesce(models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), models.Value(0))), django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', models.Case(models.When(ends__gt=models.F('starts'), then=models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), default=models.Value(1440))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), '&&')], name='special_hours_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.'), django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('starts__isnull', False)), expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), '&&')], name='special_hours_nights_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.')],
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
                    ('from_date', models.DateField(blank=True, null=True)),
                    ('to_date', models.DateField(blank=True, help_text='Included', null=True)),
                    ('whole_days', models.BooleanField(db_default=False, default=False, help_text='From `from_date` to `to_date`: all hours that begin on these dates')),
                ],
                options={
                    'verbose_name': 'time off',
                    'verbose_name_plural': 'time off',
                    'db_table': 'time_off',
                    'indexes': [models.Index(fields=['organization', 'id'], name='time_off_by_organization'), models.Index(fields=['organization', 'ends_at'], name='time_off_by_end')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='time_off_ends_after_start', violation_error_message='It has to end after it starts.'), models.CheckConstraint(condition=models.Q(('ends_at__lte', datetime.datetime(2100, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)), ('starts_at__gte', datetime.datetime(2000, 1, 1, 0, 0, tzinfo=datetime.timezone.utc))), name='time_off_between_2000_and_2100', violation_error_message='Choose dates between 2000 and 2100.'), clientline.constraints.SameOrganization(field='staff', name='time_off_staff_in_same_organization'), models.CheckConstraint(condition=models.Q(models.Q(('from_date__isnull', False), ('to_date__isnull', False), ('whole_days', True)), models.Q(('from_date__isnull', True), ('to_date__isnull', True), ('whole_days', False)), _connector='OR'), name='time_off_has_dates_or_times', violation_error_message='Whole days have a first and a last date, and times have neither.'), models.CheckConstraint(condition=models.Q(('from_date__gte', datetime.date(2000, 1, 1)), ('from_date__lt', datetime.date(2100, 1, 1)), ('to_date__gte', datetime.date(2000, 1, 1)), ('to_date__lt', datetime.date(2100, 1, 1))), name='time_off_dates_between_2000_and_2100', violation_error_message='Choose dates between 2000 and 2100.'), models.CheckConstraint(condition=models.Q(('to_date__gte', models.F('from_date'))), name='time_off_to_date_not_before_from_date', violation_error_message='The last date is not before the first.')],
                },
            ),
            migrations.CreateModel(
                name='WorkingHours',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('weekday', models.PositiveSmallIntegerField(choices=[(0, 'Monday'), (1, 'Tuesday'), (2, 'Wednesday'), (3, 'Thursday'), (4, 'Friday'), (5, 'Saturday'), (6, 'Sunday')], help_text='0 is Monday')),
                    ('starts', models.TimeField()),
                    ('ends', models.TimeField(help_text='Where it is no later than the start, of the next day')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('staff', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='working_hours', to=settings.AUTH_USER_MODEL)),
                    ('every_second_week', models.PositiveSmallIntegerField(blank=True, choices=[(0, 'Even weeks'), (1, 'Odd weeks')], help_text='0 or 1: the parity of whole weeks since Monday 2000-01-03; empty: every week', null=True)),
                    ('valid_from', models.DateField(blank=True, help_text='First date; empty: always', null=True)),
                    ('valid_until', models.DateField(blank=True, help_text='Last date, included; empty: for good', null=True)),
                ],
                options={
                    'verbose_name': 'working hours',
                    'verbose_name_plural': 'working hours',
                    'db_table': 'working_hours',
                    'indexes': [models.Index(fields=['organization', 'id'], name='working_hours_by_organization')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('weekday__gte', 0), ('weekday__lte', 6)), name='working_hours_weekday_0_to_6', violation_error_message='Choose 0 (Monday) to 6 (Sunday).'), clientline.constraints.SameOrganization(field='staff', name='working_hours_staff_in_same_organization'), models.CheckConstraint(condition=models.Q(('every_second_week__gte', 0), ('every_second_week__lte', 1)), name='working_hours_second_week_0_or_1', violation_error_message='Choose 0 or 1, or none.'), models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='working_hours_valid_until_not_before_from', violation_error_message='The last date is not before the first.'), models.CheckConstraint(condition=models.Q(('valid_from__gte', datetime.date(2000, 1, 1)), ('valid_from__lt', datetime.date(2100, 1, 1)), ('valid_until__gte', datetime.date(2000, 1, 1)), ('valid_until__lt', datetime.date(2100, 1, 1))), name='working_hours_valid_between_2000_and_2100', violation_error_message='Choose dates between 2000 and 2100.'), django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.Func(models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), function='int4multirange'), models.Func(models.Func(models.Value(0), models.Value(20160), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), function='int4multirange'), arg_joiner=' * ', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField(), template='(%(expressions)s)'), '&&'), (models.Func(models.F('valid_from'), models.F('valid_until'), models.Value('[]'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='working_hours_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.')],
                },
            ),
            migrations.CreateModel(
                name='AppointmentHistory',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('action', models.CharField(max_length=20)),
                    ('was', models.CharField(blank=True, db_default='', default='', max_length=200)),
                    ('became', models.CharField(blank=True, db_default='', default='', max_length=200)),
                    ('reason', models.CharField(blank=True, db_default='', default='', max_length=500)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('appointment', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='history', to='appointments.appointment')),
                    ('by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'verbose_name_plural': 'appointment history',
                    'db_table': 'appointment_history',
                    'indexes': [models.Index(fields=['organization', 'id'], name='history_by_organization')],
                    'constraints': [clientline.constraints.SameOrganization(field='appointment', name='appointment_history_in_same_organization')],
                },
            ),
        ]),
        *repeat(__package__, STEPS),
    ]
