"""The seal over audit and history, and who may blank words in them. Rows from before are sealed by the first run."""

from django.db import migrations, models

from clientline.operations import append_only
from clientline.redaction import (
    REDACTOR_ROLE,
    create_redactor_role,
    let_redactor,
    never_emptied,
    personal_words,
    redacted_by_role,
    refuse_truncate,
)


class Migration(migrations.Migration):

    dependencies = [
        ("organizations", "0007_countries_of_old_organizations"),
    ]

    operations = [
        create_redactor_role(),
        refuse_truncate(),
        personal_words(),
        never_emptied("audit"),
        redacted_by_role("audit"),
        let_redactor("audit", "SELECT, INSERT, UPDATE"),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('chain', models.BigIntegerField(help_text="The organization's id, 0 for what belongs to none")),
                ('table', models.CharField(max_length=30)),
                ('row', models.BigIntegerField()),
                ('salt', models.BinaryField(help_text='Of the words; null where there are none any more', max_length=16, null=True)),
                ('words', models.BinaryField(help_text='SHA-256 of salt and words; empty where there never were any', max_length=32)),
                ('link', models.BinaryField(help_text="SHA-256 of the link before, the row's facts, and `words`", max_length=32)),
                ('sealed_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'seals',
                'indexes': [models.Index(fields=['chain', 'table', 'id'], name='seal_by_chain')],
                'constraints': [models.UniqueConstraint(fields=('table', 'row'), name='seal_once_per_row')],
            },
        ),
        append_only("seals"),
        redacted_by_role("seals"),
        never_emptied("seals"),
        migrations.RunSQL(
            f"GRANT SELECT, UPDATE ON seals TO {REDACTOR_ROLE};",
            f"REVOKE ALL ON seals FROM {REDACTOR_ROLE};",
        ),
    ]
