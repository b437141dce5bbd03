

import clientline.bookkeeping
import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0011_team_calendar'),
    ]

    operations = [
        migrations.AddField(
            model_name='organization',
            name='bookkeeping_accounts',
            field=models.TextField(blank=True, db_default='', default='', help_text='Like cash 1600, card 1360, online 1361, tips 1755, rounding 2660, revenue 8200, revenue 19 8400', validators=[clientline.bookkeeping.validate_accounts]),
        ),
        migrations.AddField(
            model_name='organization',
            name='datev_client',
            field=models.PositiveIntegerField(blank=True, help_text='DATEV: number of the client there', null=True, validators=[django.core.validators.MaxValueValidator(99999)]),
        ),
        migrations.AddField(
            model_name='organization',
            name='datev_consultant',
            field=models.PositiveIntegerField(blank=True, help_text='DATEV: number of the consultant', null=True, validators=[django.core.validators.MaxValueValidator(9999999)]),
        ),
        migrations.AddField(
            model_name='organization',
            name='fiscal_year_starts',
            field=models.PositiveIntegerField(db_default=1, default=1, help_text='Month in which a fiscal year begins, 1 to 12', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)]),
        ),
        migrations.AddConstraint(
            model_name='organization',
            constraint=models.CheckConstraint(condition=models.Q(('fiscal_year_starts__gte', 1), ('fiscal_year_starts__lte', 12)), name='organization_fiscal_year_starts_in_a_month', violation_error_message='Choose 1 to 12.'),
        ),
    ]
