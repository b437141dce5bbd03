"""At home here, as the other end of a move was given up as destroyed: it could come back."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0018_moves_under_way'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='relocation',
            name='relocation_state_is_known',
        ),
        migrations.AlterField(
            model_name='relocation',
            name='state',
            field=models.CharField(choices=[('leaving', 'leaving'), ('frozen', 'frozen'), ('moved', 'moved'), ('arriving', 'arriving'), ('arrived', 'arrived'), ('alone', 'alone')], max_length=10),
        ),
        migrations.AddConstraint(
            model_name='relocation',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['leaving', 'frozen', 'moved', 'arriving', 'arrived', 'alone'])), name='relocation_state_is_known'),
        ),
    ]
