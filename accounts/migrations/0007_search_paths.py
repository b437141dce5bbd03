from django.db import migrations

from clientline.operations import fix_search_path, keep_from_public

# No row changes. Until here the two kept the search path of whoever migrated, which looks at temporary tables first.
FUNCTIONS = ("end_sign_ins_of_user()", "end_sign_ins_of_organization()")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_called_people")]

    operations = [
        *(fix_search_path(function) for function in FUNCTIONS),
        *(keep_from_public(function) for function in FUNCTIONS),
    ]
