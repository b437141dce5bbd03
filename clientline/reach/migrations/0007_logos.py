"""A picture at the head of each page for guests. Pages that are here have none."""

import clientline.columns
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0014_what_clients_are_told'),
        ('reach', '0006_codes_of_an_address'),
    ]

    operations = [
        migrations.CreateModel(
            name='GuestLogo',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('media_type', models.CharField(max_length=20)),
                ('image', models.BinaryField()),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
            ],
            options={
                'db_table': 'guest_logos',
                'constraints': [models.UniqueConstraint(fields=('organization',), name='guest_logo_once_per_organization')],
            },
        ),
        confine("guest_logos", grants="SELECT, INSERT, DELETE"),
    ]
