

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0012_grace_side_and_tax'),
        ('organizations', '0012_bookkeeping'),
        ('payments', '0010_numbers_of_old_money'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('voided_at__isnull', False)), fields=['organization', 'settled_at'], name='payment_by_void'),
        ),
    ]
