import clientline.columns
import clientline.constraints
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.operations import append_only, confine


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0001_initial'),
        ('organizations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        confine("appointment_history", grants="SELECT, INSERT"),
        append_only("appointment_history"),
    ]
