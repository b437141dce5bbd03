"""Whether guests may book a service. Those that are here may be booked once their organization opens its page."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('services', '0003_tax_rates'),
    ]

    operations = [
        migrations.AddField(
            model_name='service',
            name='bookable_online',
            field=models.BooleanField(db_default=True, default=True, help_text="Whether guests may book it on the organization's page"),
        ),
    ]
