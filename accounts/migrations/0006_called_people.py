from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("accounts", "0005_audited")]

    operations = [
        migrations.AlterModelOptions("user", {"verbose_name": "person", "verbose_name_plural": "people"}),
    ]
