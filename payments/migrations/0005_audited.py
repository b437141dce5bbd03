from django.db import migrations

from clientline.operations import audited


class Migration(migrations.Migration):

    dependencies = [
        ("organizations", "0003_audit"),
        ("payments", "0003_ledger_is_final"),
    ]

    operations = [
        audited("payments", without=["key", "checkout_url"]),
        audited("refunds", without=["key"]),
    ]
