"""Finds messages that did not arrive, and says what pages call feeds."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0018_notes_of_a_client'),
        ('organizations', '0016_relocations'),
        ('reach', '0010_files_of_lists'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='feed',
            options={'verbose_name': 'calendar feed', 'verbose_name_plural': 'calendar feeds'},
        ),
        migrations.AlterField(
            model_name='feed',
            name='detail',
            field=models.CharField(choices=[('busy', 'busy, and nothing else'), ('service', 'the service'), ('name', "the service and the client's first name")], db_default='busy', default='busy', help_text="`busy`: only that; `service`: what for; `name`: also the client's first name", max_length=7),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(condition=models.Q(('state__in', ('failed', 'bounced', 'unsure'))), fields=['claimed_at'], name='message_in_trouble'),
        ),
    ]
