"""Old tokens may do all that the role permits, as until now. Where they were last used from is not known."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_merged_into")]

    operations = [
        migrations.AddField(
            model_name="session",
            name="last_used_address",
            field=models.GenericIPAddressField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="last_used_address",
            field=models.GenericIPAddressField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="token",
            name="scope",
            field=models.CharField(
                choices=[("read", "read"), ("book", "book"), ("manage", "manage")],
                db_default="manage",
                default="manage",
                help_text="`read`: nothing but GET; `book`: also visits, and new clients; `manage`: all that the role may",
                max_length=10,
            ),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.CheckConstraint(
                condition=models.Q(("scope__in", ("read", "book", "manage"))),
                name="token_scope_is_known",
                violation_error_message="Choose one of: read, book, manage.",
            ),
        ),
    ]
