import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import clientline.columns

# Whoever writes it, psql included: with another password, role or standing all sessions and tokens end.
# SECURITY DEFINER, because the tenants' role has no grant on sessions. The token kept is the one that changes
# its owner's password; the session doing so is made anew by Django.
ENDING = """
CREATE FUNCTION end_sign_ins_of_user() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM sessions WHERE user_id = NEW.id;
    DELETE FROM tokens WHERE user_id = NEW.id
        AND id IS DISTINCT FROM NULLIF(current_setting('clientline.kept_token', true), '')::bigint;
    RETURN NULL;
END $$;
CREATE TRIGGER end_sign_ins AFTER UPDATE OF password, role, is_active ON users FOR EACH ROW
    WHEN ((OLD.password, OLD.role, OLD.is_active) IS DISTINCT FROM (NEW.password, NEW.role, NEW.is_active))
    EXECUTE FUNCTION end_sign_ins_of_user();

CREATE FUNCTION end_sign_ins_of_organization() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    DELETE FROM sessions USING users WHERE users.id = user_id AND users.organization_id = NEW.id;
    DELETE FROM tokens WHERE organization_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER end_sign_ins AFTER UPDATE OF is_active ON organizations FOR EACH ROW
    WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION end_sign_ins_of_organization();
"""
NOT_ENDING = """
DROP TRIGGER end_sign_ins ON organizations;
DROP FUNCTION end_sign_ins_of_organization();
DROP TRIGGER end_sign_ins ON users;
DROP FUNCTION end_sign_ins_of_user();
"""


def with_the_person(table, name):
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_team_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='token',
            name='address',
            field=models.GenericIPAddressField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name='token',
            name='agent',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=200),
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('session_key', models.CharField(max_length=40, unique=True)),
                ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ('last_used_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Written at most once a minute')),
                ('address', models.GenericIPAddressField(blank=True, editable=False, null=True)),
                ('agent', models.CharField(blank=True, db_default='', default='', editable=False, max_length=200)),
                ('user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='sessions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'sessions',
            },
        ),
        migrations.AddField(
            model_name='user',
            name='has_second_factor',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.BinaryField(max_length=20)),
                ('last_step', models.BigIntegerField(default=-1, help_text='Of the last code taken: none is taken twice')),
                ('recovery_codes', django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(max_length=32), default=list, help_text='SHA-256 of each', size=None)),
                ('confirmed_at', models.DateTimeField(help_text='None: set up, but no code was shown yet', null=True)),
                ('user', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='second_factor', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'db_table': 'second_factors',
            },
        ),
        with_the_person("sessions", "session_user_exists"),
        with_the_person("second_factors", "second_factor_user_exists"),
        migrations.RunSQL(ENDING, NOT_ENDING),
        migrations.RunSQL("DROP TABLE IF EXISTS django_session", migrations.RunSQL.noop),  # nobody reads it any more
    ]
