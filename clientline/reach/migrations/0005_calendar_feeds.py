"""Feeds of visits for calendar programs. Nobody had one."""

import clientline.columns
import clientline.constraints
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


from clientline.operations import confine


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0014_what_clients_are_told'),
        ('reach', '0004_page_for_guests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Feed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(help_text='What it is for, as “My telephone”', max_length=60)),
                ('detail', models.CharField(choices=[('busy', 'Busy'), ('service', 'Service'), ('name', 'Name')], db_default='busy', default='busy', help_text="`busy`: only that; `service`: what for; `name`: also the client's first name", max_length=7)),
                ('digest', models.BinaryField(help_text='SHA-256 of the token', max_length=32, unique=True)),
                ('standing', models.BinaryField(help_text='Digest of role and password as they were: with others, it has ended', max_length=32)),
                ('hour_began_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('read_in_hour', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                ('last_read_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'calendar_feeds',
                'indexes': [models.Index(fields=['organization'], name='feed_by_organization')],
                'constraints': [models.CheckConstraint(condition=models.Q(('detail__in', ('busy', 'service', 'name'))), name='feed_detail_is_known', violation_error_message='Choose one of: busy, service, name.'), models.UniqueConstraint(fields=('user', 'purpose'), name='feed_once_for_a_purpose', violation_error_message='You have a feed for this already.'), clientline.constraints.SameOrganization(field='user', name='feed_user_in_same_organization')],
            },
        ),
        confine("calendar_feeds", grants="SELECT, INSERT, UPDATE, DELETE"),
    ]
