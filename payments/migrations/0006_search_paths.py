from django.db import migrations

from clientline.operations import fix_search_path

# No row changes. These guards look at rows, and run as whoever writes.
FUNCTIONS = ("payments_are_final()", "refunds_never_exceed_payment()")


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_audited")]

    operations = [fix_search_path(function) for function in FUNCTIONS]
