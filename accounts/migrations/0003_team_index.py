from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_admin_under_the_wall'),
        ('organizations', '0001_initial'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='user',
            index=models.Index(condition=models.Q(('role', 'client'), _negated=True), fields=['organization', 'id'], name='user_of_the_team'),
        ),
    ]
