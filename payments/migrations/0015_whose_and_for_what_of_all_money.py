"""No money without whose visit it was for and of which service. Old rows were filled by the migration before."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("payments", "0014_whose_and_for_what_of_old_money"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name='payment',
            constraint=models.CheckConstraint(condition=models.Q(('settled_at__isnull', True), models.Q(('service__isnull', False), ('staff__isnull', False)), _connector='OR'), name='payment_settled_says_whose_and_for_what', violation_error_message='A settled payment says whose visit it was for, and of which service.'),
        ),
    ]
