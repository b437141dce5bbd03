"""Tokens that were good for ever expire a year after this; the others when they were to."""

from django.db import migrations

EXPIRE = "UPDATE tokens SET expires_at = now() + make_interval(days => 365) WHERE expires_at IS NULL"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_token_scopes")]

    operations = [migrations.RunSQL(EXPIRE, migrations.RunSQL.noop, elidable=True)]
