from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_old_tokens_expire")]

    operations = [migrations.AlterField(model_name="token", name="expires_at", field=models.DateTimeField())]
