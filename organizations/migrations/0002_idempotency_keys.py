import clientline.columns
import clientline.constraints
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IdempotencyKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(help_text="The caller's, when it was answered", max_length=10)),
                ('key', models.CharField(max_length=255)),
                ('fingerprint', models.BinaryField(help_text='SHA-256 of method, path and body', max_length=32)),
                ('status', models.PositiveSmallIntegerField()),
                ('body', models.BinaryField(help_text='The answer, as it was sent')),
                ('location', models.TextField(blank=True, db_default='', default='')),
                ('etag', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('is_final', models.BooleanField(db_default=True, default=True, help_text='False: answered so far, and a payment provider is being asked')),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'idempotency_keys',
                'indexes': [models.Index(fields=['organization'], name='idempotency_by_organization')],
                'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='idempotency_key_once_per_user'), clientline.constraints.SameOrganization(field='user', name='idempotency_key_user_in_same_organization')],
            },
        ),
        confine("idempotency_keys", grants="SELECT, INSERT, UPDATE, DELETE"),
    ]
