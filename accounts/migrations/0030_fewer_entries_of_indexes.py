import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Django's, for LIKE. Nothing looks for addresses by their beginning: who is looked for is found by words.
BEGINNINGS = "users_email_0ea73cca_like"


class Migration(migrations.Migration):
    """Whoever is added has fewer entries of indexes to be written. No row changes."""

    dependencies = [
        ('accounts', '0029_people_noted_by_column'),
        ('organizations', '0016_relocations'),
    ]

    operations = [
        migrations.AlterField(
            model_name='user',
            name='created_by',
            field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='user',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, help_text='The record of the same client that was kept, where two were merged', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_records', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(condition=models.Q(('created_by__isnull', False)), fields=['created_by'], name='user_by_creator'),
        ),
        migrations.AddIndex(
            model_name='user',
            index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='user_by_merged_into'),
        ),
        migrations.RunSQL(
            f"DROP INDEX IF EXISTS {BEGINNINGS};",
            f"CREATE INDEX {BEGINNINGS} ON users (email varchar_pattern_ops);",
        ),
    ]
