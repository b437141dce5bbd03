from django.db import migrations

from clientline.operations import audited, redactable


class Migration(migrations.Migration):

    dependencies = [
        ("appointments", "0004_references_for_reports"),
        ("organizations", "0004_audit"),
    ]

    operations = [
        audited("working_hours"),
        audited("special_hours"),
        audited("time_off"),
        audited("appointments"),
        redactable("appointment_history"),
    ]
