"""Codes to one address are counted over all organizations. No row changes."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("reach", "0005_calendar_feeds")]

    operations = [
        migrations.RemoveIndex(model_name="bookingrequest", name="booking_request_by_address"),
        migrations.AddIndex(
            model_name="bookingrequest",
            index=models.Index(fields=["address", "created_at"], name="booking_request_by_address"),
        ),
    ]
