"""Lists as files, written by jobs and kept for some hours: two new tables."""

import clientline.columns
import clientline.constraints
import clientline.reach.files.models
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0015_receipts_by_mail'),
        ('reach', '0009_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ListFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('door', models.CharField(max_length=10)),
                ('listed', models.CharField(max_length=40)),
                ('query', models.TextField(blank=True, db_default='', default='')),
                ('headings', models.TextField(blank=True, db_default='', default='')),
                ('state', models.CharField(db_default=clientline.reach.files.models.ListFile.State['WAITING'], default=clientline.reach.files.models.ListFile.State['WAITING'], max_length=10)),
                ('rows', models.BigIntegerField(null=True)),
                ('done', models.BigIntegerField(db_default=0, default=0)),
                ('size', models.BigIntegerField(db_default=0, default=0)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
            ],
            options={
                'db_table': 'list_files',
            },
        ),
        migrations.CreateModel(
            name='ListFilePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('content', models.BinaryField(null=True)),
                ('file', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='reach.listfile')),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
            ],
            options={
                'db_table': 'list_file_parts',
            },
        ),
        migrations.AddIndex(
            model_name='listfile',
            index=models.Index(fields=['created_at'], name='list_file_by_creation'),
        ),
        migrations.AddConstraint(
            model_name='listfile',
            constraint=models.UniqueConstraint(fields=('organization', 'id'), name='list_file_in_one_organization'),
        ),
        migrations.AddConstraint(
            model_name='listfile',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('waiting', 'writing', 'ready', 'failed'))), name='list_file_state_is_known', violation_error_message='Choose one of: waiting, writing, ready, failed.'),
        ),
        migrations.AddConstraint(
            model_name='listfile',
            constraint=models.CheckConstraint(condition=models.Q(('door__in', ('admin', 'api'))), name='list_file_door_is_known', violation_error_message='Choose one of: admin, api.'),
        ),
        migrations.AddConstraint(
            model_name='listfilepart',
            constraint=models.UniqueConstraint(fields=('organization', 'file', 'number'), name='list_file_part_once_per_number'),
        ),
        migrations.AddConstraint(
            model_name='listfilepart',
            constraint=clientline.constraints.SameOrganization(field='file', name='list_file_part_file_in_same_organization'),
        ),
        confine("list_files", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("list_file_parts", grants="SELECT, INSERT, UPDATE, DELETE"),
        # What is written is compressed already.
        migrations.RunSQL(
            "ALTER TABLE list_file_parts ALTER content SET STORAGE EXTERNAL;",
            "ALTER TABLE list_file_parts ALTER content SET STORAGE EXTENDED;",
        ),
    ]
