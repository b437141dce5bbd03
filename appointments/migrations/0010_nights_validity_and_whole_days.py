"""Hours may end on the next day, hold for a time or every second week; time off may be whole days.

Old hours hold always and every week, and what ended at midnight still does. Old time off has times. Reversing deletes
hours that are over, which would hold again, and is refused while there are nights, second weeks, or hours that begin
later or will end: the former table cannot hold them.
"""

import datetime
import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.expressions
import django.db.models.functions.comparison
import django.db.models.functions.math
from django.conf import settings
from django.db import migrations, models


FORMERLY = """
    SELECT set_config('clientline.audit', 'off', true);
    DELETE FROM working_hours WHERE valid_until < current_date;
    SELECT set_config('clientline.audit', 'on', true);
    DO $$
    BEGIN
        IF EXISTS (
            SELECT FROM working_hours WHERE ends <= starts AND ends <> '00:00' OR every_second_week IS NOT NULL
                OR valid_from > current_date OR valid_until IS NOT NULL
        ) OR EXISTS (SELECT FROM special_hours WHERE ends <= starts AND ends <> '00:00') THEN
            RAISE EXCEPTION 'Hours over midnight, of second weeks, or that begin later or end: end or change them first.';
        END IF;
    END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0009_former_mergers'),
        ('organizations', '0007_countries_of_old_organizations'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='specialhours',
            name='special_hours_end_after_start',
        ),
        migrations.RemoveConstraint(
            model_name='specialhours',
            name='special_hours_never_overlap',
        ),
        migrations.RemoveConstraint(
            model_name='workinghours',
            name='working_hours_end_after_start',
        ),
        migrations.RemoveConstraint(
            model_name='workinghours',
            name='working_hours_never_overlap',
        ),
        migrations.AddField(
            model_name='timeoff',
            name='from_date',
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='timeoff',
            name='to_date',
            field=models.DateField(blank=True, help_text='Included', null=True),
        ),
        migrations.AddField(
            model_name='timeoff',
            name='whole_days',
            field=models.BooleanField(db_default=False, default=False, help_text='From `from_date` to `to_date`: all hours that begin on these dates'),
        ),
        migrations.AddField(
            model_name='workinghours',
            name='every_second_week',
            field=models.PositiveSmallIntegerField(blank=True, choices=[(0, 'Even weeks'), (1, 'Odd weeks')], help_text='0 or 1: the parity of whole weeks since Monday 2000-01-03; empty: every week', null=True),
        ),
        migrations.AddField(
            model_name='workinghours',
            name='valid_from',
            field=models.DateField(blank=True, help_text='First date; empty: always', null=True),
        ),
        migrations.AddField(
            model_name='workinghours',
            name='valid_until',
            field=models.DateField(blank=True, help_text='Last date, included; empty: for good', null=True),
        ),
        migrations.AlterField(
            model_name='specialhours',
            name='ends',
            field=models.TimeField(blank=True, help_text='Where it is no later than the start, of the next day', null=True),
        ),
        migrations.AlterField(
            model_name='workinghours',
            name='ends',
            field=models.TimeField(help_text='Where it is no later than the start, of the next day'),
        ),
        migrations.AddConstraint(
            model_name='specialhours',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ends__isnull', True), ('starts__isnull', True)), models.Q(('ends__isnull', False), ('starts__isnull', False)), _connector='OR'), name='special_hours_have_both_times_or_neither', violation_error_message='Give both times, or neither for a closed day.'),
        ),
        migrations.AddConstraint(
            model_name='specialhours',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', django.db.models.functions.comparison.Coalesce(models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), models.Value(0))), django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', models.Case(models.When(ends__gt=models.F('starts'), then=models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), default=models.Value(1440))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), '&&')], name='special_hours_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.'),
        ),
        migrations.AddConstraint(
            model_name='specialhours',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('starts__isnull', False)), expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('date'), output_field=models.IntegerField(), template="((%(expressions)s - DATE '2000-01-01') * 1440)"), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), '&&')], name='special_hours_nights_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.'),
        ),
        migrations.AddConstraint(
            model_name='timeoff',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('from_date__isnull', False), ('to_date__isnull', False), ('whole_days', True)), models.Q(('from_date__isnull', True), ('to_date__isnull', True), ('whole_days', False)), _connector='OR'), name='time_off_has_dates_or_times', violation_error_message='Whole days have a first and a last date, and times have neither.'),
        ),
        migrations.AddConstraint(
            model_name='timeoff',
            constraint=models.CheckConstraint(condition=models.Q(('from_date__gte', datetime.date(2000, 1, 1)), ('from_date__lt', datetime.date(2100, 1, 1)), ('to_date__gte', datetime.date(2000, 1, 1)), ('to_date__lt', datetime.date(2100, 1, 1))), name='time_off_dates_between_2000_and_2100', violation_error_message='Choose dates between 2000 and 2100.'),
        ),
        migrations.AddConstraint(
            model_name='timeoff',
            constraint=models.CheckConstraint(condition=models.Q(('to_date__gte', models.F('from_date'))), name='time_off_to_date_not_before_from_date', violation_error_message='The last date is not before the first.'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('every_second_week__gte', 0), ('every_second_week__lte', 1)), name='working_hours_second_week_0_or_1', violation_error_message='Choose 0 or 1, or none.'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='working_hours_valid_until_not_before_from', violation_error_message='The last date is not before the first.'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=models.CheckConstraint(condition=models.Q(('valid_from__gte', datetime.date(2000, 1, 1)), ('valid_from__lt', datetime.date(2100, 1, 1)), ('valid_until__gte', datetime.date(2000, 1, 1)), ('valid_until__lt', datetime.date(2100, 1, 1))), name='working_hours_valid_between_2000_and_2100', violation_error_message='Choose dates between 2000 and 2100.'),
        ),
        migrations.AddConstraint(
            model_name='workinghours',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[(models.Func(models.F('staff'), models.F('staff'), models.Value('[]'), function='int8range', output_field=django.contrib.postgres.fields.ranges.BigIntegerRangeField()), '&&'), (models.Func(models.Func(models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(0)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(0)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), models.Func(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.functions.comparison.Coalesce(models.F('every_second_week'), models.Value(1)), '+', models.Value(-2)), '*', models.Value(7)), '+', models.F('weekday')), '*', models.Value(1440)), '+', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', django.db.models.expressions.CombinedExpression(django.db.models.functions.math.Mod(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.Func(models.F('ends'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int'), '-', models.Func(models.F('starts'), output_field=models.IntegerField(), template='(extract(epoch from %(expressions)s) / 60)::int')), '+', models.Value(1439)), models.Value(1440), output_field=models.IntegerField()), '+', models.Value(1))), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), function='int4multirange'), models.Func(models.Func(models.Value(0), models.Value(20160), function='int4range', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField()), function='int4multirange'), arg_joiner=' * ', output_field=django.contrib.postgres.fields.ranges.IntegerRangeField(), template='(%(expressions)s)'), '&&'), (models.Func(models.F('valid_from'), models.F('valid_until'), models.Value('[]'), function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='working_hours_never_overlap', violation_error_code='overlapping_hours', violation_error_message='These hours overlap others of the same person.'),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, FORMERLY),  # the first thing on the way back
    ]
