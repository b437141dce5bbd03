import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clientline.operations import append_only, audited, confine, note_changes, redactable


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0003_require_second_factor'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Audit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('source', models.CharField(choices=[('api', 'API'), ('admin', 'Admin'), ('command', 'Command'), ('psql', 'database')], max_length=10)),
                ('request_id', models.CharField(help_text='Of the request, or the name of the program', max_length=128)),
                ('action', models.CharField(help_text='insert, update, delete, or the name of an event', max_length=20)),
                ('table', models.CharField(blank=True, db_default='', default='', max_length=30)),
                ('row', models.BigIntegerField(null=True)),
                ('changes', models.JSONField(help_text='Column → [old, new], as text; null where there was nothing')),
                ('actor', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='organizations.organization')),
            ],
            options={
                'verbose_name': 'change or event',
                'verbose_name_plural': 'audit',
                'db_table': 'audit',
                'indexes': [models.Index(fields=['organization', 'id'], name='audit_by_organization'), models.Index(fields=['organization', 'at'], name='audit_by_time'), models.Index(fields=['organization', 'actor', 'id'], name='audit_by_actor'), models.Index(fields=['table', 'row'], name='audit_by_row'), models.Index(condition=models.Q(('action__in', ('insert', 'update', 'delete')), _negated=True), fields=['organization', 'id'], name='audit_of_events')],
            },
        ),
        confine("audit", grants="SELECT, INSERT"),
        append_only("audit"),
        redactable("audit"),
        note_changes(),
        audited("organizations"),
    ]
