"""An index for the refunds of money that came when it was not wanted any more. Old rows are in it, too."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0013_page_for_guests'),
        ('payments', '0011_void_payments_by_day'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('automatic', True)), fields=['organization', '-created_at', '-id'], name='refund_automatic'),
        ),
    ]
