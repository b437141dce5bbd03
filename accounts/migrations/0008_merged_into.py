import clientline.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0007_search_paths'),
        ('organizations', '0007_countries_of_old_organizations'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='merged_into',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='The record of the same client that was kept, where two were merged', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_records', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=clientline.constraints.SameOrganization(field='merged_into', name='user_merged_in_same_organization'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('is_active', False), models.Q(('merged_into', models.F('id')), _negated=True)), _connector='OR'), name='user_merged_is_inactive', violation_error_message='A record that was merged into another is inactive.'),
        ),
    ]
