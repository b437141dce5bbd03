"""Which cell an installation is. There is no row: installations that are here count in ones, as before."""

from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Cell',
            fields=[
                ('number', models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ('highest_before', models.PositiveBigIntegerField(db_default=0, default=0)),
                ('begins_above', models.PositiveBigIntegerField(db_default=0, default=0)),
                ('address', models.CharField(blank=True, db_default='', default='', help_text='PUBLIC_URL, under which callers of who moves here find it', max_length=2000)),
                ('is_this', models.BooleanField(db_default=True, default=True)),
            ],
            options={
                'db_table': 'cells',
                'constraints': [models.CheckConstraint(condition=models.Q(('number__gte', 1), ('number__lte', 1023)), name='cell_number_1_to_1023', violation_error_message='Choose 1 to 1023.'), models.CheckConstraint(condition=models.Q(('is_this', True)), name='cell_is_this'), models.UniqueConstraint(fields=('is_this',), name='cell_once')],
            },
        ),
    ]
