"""Codes for who has forgotten a password. Nobody has asked for one yet."""

import clientline.columns
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('reach', '0011_feeds_and_troubles'),
    ]

    operations = [
        migrations.CreateModel(
            name='PasswordReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(help_text="SHA-256 of the secret in its page's address", max_length=32, unique=True)),
                ('address', models.EmailField(help_text='Where the code goes, if anybody signs in by it', max_length=254)),
                ('network', models.CharField(blank=True, db_default='', default='', help_text='From where: an address, or of IPv6 the first 64 bits', max_length=45)),
                ('wrong_codes', models.PositiveIntegerField(db_default=0, default=0)),
                ('used_at', models.DateTimeField(blank=True, help_text='When the password was changed', null=True)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
            ],
            options={
                'db_table': 'password_resets',
                'indexes': [models.Index(fields=['address', 'created_at'], name='password_reset_by_address'), models.Index(fields=['network', 'created_at'], name='password_reset_by_network'), models.Index(fields=['created_at'], name='password_reset_by_creation')],
            },
        ),
    ]
