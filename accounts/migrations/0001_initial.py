import clientline.columns
import clientline.constraints
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('organizations', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('name', models.CharField(max_length=200)),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('phone', models.CharField(blank=True, db_default='', default='', max_length=40)),
                ('role', models.CharField(choices=[('admin', 'Admin'), ('manager', 'Manager'), ('staff', 'Staff'), ('client', 'Client')], max_length=10)),
                ('is_active', models.BooleanField(db_default=True, default=True)),
                ('is_superuser', models.BooleanField(db_default=False, default=False, editable=False, verbose_name='platform operator')),
                ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
            ],
            options={
                'db_table': 'users',
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, db_default='', default='', help_text='Empty for a token made by signing in', max_length=100)),
                ('prefix', models.CharField(help_text='Public part, by which the token is found', max_length=12, unique=True)),
                ('digest', models.BinaryField(help_text='SHA-256 of the whole token', max_length=32)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('last_used_at', models.DateTimeField(blank=True, help_text='Written at most once a minute', null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='tokens', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'tokens',
            },
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['organization', 'name', 'id'], name='user_by_name'),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(fields=['organization', 'created_at', 'id'], name='user_by_creation'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('role__in', ('admin', 'manager', 'staff', 'client'))), name='user_role_is_known', violation_error_message='Choose one of: admin, manager, staff, client.'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_in_lower_case', violation_error_message='Write the e-mail address in lower case.'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.UniqueConstraint(fields=('organization', 'id'), name='user_in_one_organization'),
        ),
        migrations.AddIndex(
            model_name='token',
            index=models.Index(fields=['organization'], name='token_by_organization'),
        ),
        migrations.AddConstraint(
            model_name='token',
            constraint=clientline.constraints.SameOrganization(field='user', name='token_user_in_same_organization'),
        ),
        confine("users", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("tokens", grants="SELECT, INSERT, UPDATE, DELETE"),
    ]
