import clientline.columns
import clientline.constraints
import clientline.languages
import datetime
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.squashing import AtOnce, repeat

# What the steps said beside the models is repeated from their files, in their order.
STEPS = [
    '0002_admin_under_the_wall',
    '0003_team_index',
    '0004_sign_ins',
    '0005_audited',
    '0006_called_people',
    '0007_search_paths',
    '0008_merged_into',
    '0009_token_scopes',
    '0010_old_tokens_expire',
    '0011_every_token_expires',
    '0012_factor_and_address_end_sign_ins',
    '0013_last_days',
    '0014_last_days_from_the_audit',
    '0015_contact_apart_from_sign_in',
    '0016_contacts_of_old_clients',
    '0017_operators_are_not_made_by_tenants',
    '0018_client_file_columns',
    '0019_search_words',
    '0020_words_of_people',
    '0021_forget_client',
    '0022_people_are_logged_by_number',
    '0023_renewed_hashes_end_nothing',
    '0024_page_for_guests',
    '0025_last_days_ahead',
    '0026_people_added_at_once',
    '0027_people_of_the_day',
    '0028_people_noted_in_less_time',
    '0029_people_noted_by_column',
    '0030_fewer_entries_of_indexes',
]


class Migration(migrations.Migration):

    replaces = [('accounts', name) for name in STEPS]

    dependencies = [
        ('accounts', '0001_initial'),
        ('admin', '0003_logentry_add_action_flag_choices'),
        ('axes', '0010_accessattemptexpiration'),
        ('contenttypes', '0002_remove_content_type_name'),
        ('organizations', '0016_relocations'),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='Session',
                fields=[
                    ('session_data', models.TextField(verbose_name='session data')),
                    ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                    ('id', models.BigAutoField(primary_key=True, serialize=False)),
                    ('session_key', models.CharField(max_length=40, unique=True)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('last_used_at', models.DateTimeField(default=django.utils.timezone.now, help_text='Written at most once a minute')),
                    ('address', models.GenericIPAddressField(blank=True, editable=False, null=True)),
                    ('agent', models.CharField(blank=True, db_default='', default='', editable=False, max_length=200)),
                    ('user', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='sessions', to=settings.AUTH_USER_MODEL)),
                    ('last_used_address', models.GenericIPAddressField(blank=True, editable=False, null=True)),
                ],
                options={
                    'db_table': 'sessions',
                },
            ),
            migrations.CreateModel(
                name='SecondFactor',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.BinaryField(max_length=20)),
                    ('last_step', models.BigIntegerField(default=-1, help_text='Of the last code taken: none is taken twice')),
                    ('recovery_codes', django.contrib.postgres.fields.ArrayField(base_field=models.BinaryField(max_length=32), default=list, help_text='SHA-256 of each', size=None)),
                    ('confirmed_at', models.DateTimeField(help_text='None: set up, but no code was shown yet', null=True)),
                    ('user', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='second_factor', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'db_table': 'second_factors',
                },
            ),
            migrations.CreateModel(
                name='ClientFileColumns',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('headings', models.CharField(help_text='SHA-256 of the folded headings', max_length=64)),
                    ('fields', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(blank=True, max_length=20), help_text='Of each column in its order', size=None)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'client_file_columns',
                    'constraints': [models.UniqueConstraint(fields=('organization', 'headings'), name='client_file_columns_once_per_headings')],
                },
            ),
            migrations.CreateModel(
                name='SearchWord',
                fields=[
                    ('pk', models.CompositePrimaryKey('user', 'word', blank=True, editable=False, primary_key=True, serialize=False)),
                    ('word', models.TextField(db_collation='C')),
                    ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'db_table': 'search_words',
                    'indexes': [models.Index(fields=['organization', 'word', 'user'], name='search_word_by_word')],
                    'constraints': [clientline.constraints.SameOrganization(field='user', name='search_word_user_in_same_organization')],
                },
            ),
            migrations.AlterModelOptions(
                name='user',
                options={'verbose_name': 'person', 'verbose_name_plural': 'people'},
            ),
            migrations.AddField(
                model_name='token',
                name='address',
                field=models.GenericIPAddressField(blank=True, editable=False, null=True),
            ),
            migrations.AddField(
                model_name='token',
                name='agent',
                field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=200),
            ),
            migrations.AddField(
                model_name='token',
                name='last_used_address',
                field=models.GenericIPAddressField(blank=True, editable=False, null=True),
            ),
            migrations.AddField(
                model_name='token',
                name='scope',
                field=models.CharField(choices=[('read', 'read'), ('book', 'book'), ('manage', 'manage')], db_default='manage', default='manage', help_text='`read`: nothing but GET; `book`: also visits, and new clients; `manage`: all that the role may', max_length=10),
            ),
            migrations.AddField(
                model_name='user',
                name='has_second_factor',
                field=models.BooleanField(db_default=False, default=False, editable=False),
            ),
            migrations.AddField(
                model_name='user',
                name='merged_into',
                field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, editable=False, help_text='The record of the same client that was kept, where two were merged', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged_records', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AddField(
                model_name='user',
                name='works_until',
                field=models.DateField(blank=True, help_text='Of somebody of the team, the last date on which they begin to work', null=True),
            ),
            migrations.AddField(
                model_name='user',
                name='birthday',
                field=models.DateField(blank=True, null=True),
            ),
            migrations.AddField(
                model_name='user',
                name='client_notes',
                field=models.TextField(blank=True, db_default='', default='', help_text='Shown at the desk, never to clients'),
            ),
            migrations.AddField(
                model_name='user',
                name='contact_email',
                field=models.EmailField(blank=True, db_default='', default='', help_text='Where mail goes; need not be unique', max_length=254, verbose_name='contact address'),
            ),
            migrations.AddField(
                model_name='user',
                name='external_id',
                field=models.CharField(blank=True, db_default='', default='', help_text='What another program calls them', max_length=200),
            ),
            migrations.AddField(
                model_name='user',
                name='external_source',
                field=models.CharField(blank=True, db_default='', default='', help_text='The program that `external_id` is of', max_length=40),
            ),
            migrations.AddField(
                model_name='user',
                name='is_flagged',
                field=models.BooleanField(db_default=False, default=False, help_text='Whether the notes have to be seen before anything is done'),
            ),
            migrations.AddField(
                model_name='user',
                name='language',
                field=models.CharField(blank=True, db_default='', default='', help_text="Tag of their texts; empty: the organization's", max_length=35, validators=[clientline.languages.validate_language]),
            ),
            migrations.AddField(
                model_name='user',
                name='marketing_consent_at',
                field=models.DateTimeField(blank=True, help_text='When they agreed to advertising; empty: they did not', null=True),
            ),
            migrations.AddField(
                model_name='user',
                name='phone_e164',
                field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='The first number in `phone`, as +491705500003; empty where none can be read', max_length=16),
            ),
            migrations.AddField(
                model_name='user',
                name='bookable_online',
                field=models.BooleanField(db_default=True, default=True, help_text="Of the team: whether guests may book them on the organization's page"),
            ),
            migrations.AddField(
                model_name='user',
                name='day_people',
                field=django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), db_default=[], default=list, editable=False, help_text="Whose columns of a day they see, in this order; empty: everybody's", size=None),
            ),
            migrations.AlterField(
                model_name='token',
                name='expires_at',
                field=models.DateTimeField(default=None),
                preserve_default=False,
            ),
            migrations.AlterField(
                model_name='user',
                name='created_by',
                field=models.ForeignKey(blank=True, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
            ),
            migrations.AlterField(
                model_name='user',
                name='email',
                field=models.EmailField(error_messages={'unique': 'This address signs in somebody already. Who does not sign in needs none: give it as contact address instead.'}, max_length=254, unique=True),
            ),
            migrations.AddIndex(
                model_name='user',
                index=models.Index(condition=models.Q(('role', 'client'), _negated=True), fields=['organization', 'id'], name='user_of_the_team'),
            ),
            migrations.AddIndex(
                model_name='user',
                index=models.Index(condition=models.Q(('phone_e164', ''), _negated=True), fields=['organization', 'phone_e164'], name='user_by_phone'),
            ),
            migrations.AddIndex(
                model_name='user',
                index=models.Index(condition=models.Q(('contact_email', ''), _negated=True), fields=['organization', 'contact_email'], name='user_by_contact_email'),
            ),
            migrations.AddIndex(
                model_name='user',
                index=models.Index(condition=models.Q(('birthday__isnull', False)), fields=['organization', 'birthday'], name='user_by_birthday'),
            ),
            migrations.AddIndex(
                model_name='user',
                index=models.Index(condition=models.Q(('created_by__isnull', False)), fields=['created_by'], name='user_by_creator'),
            ),
            migrations.AddIndex(
                model_name='user',
                index=models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='user_by_merged_into'),
            ),
            migrations.AddConstraint(
                model_name='token',
                constraint=models.CheckConstraint(condition=models.Q(('scope__in', ('read', 'book', 'manage'))), name='token_scope_is_known', violation_error_message='Choose one of: read, book, manage.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=clientline.constraints.SameOrganization(field='merged_into', name='user_merged_in_same_organization'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('is_active', False), models.Q(('merged_into', models.F('id')), _negated=True)), _connector='OR'), name='user_merged_is_inactive', violation_error_message='A record that was merged into another is inactive.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(('contact_email', django.db.models.functions.text.Lower('contact_email'))), name='user_contact_email_in_lower_case', violation_error_message='Write the e-mail address in lower case.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(models.Q(('email__endswith', '@client.invalid'), _negated=True), models.Q(('role', 'client'), models.Q(('password', ''), ('password__startswith', '!'), _connector='OR')), _connector='OR'), name='user_made_address_is_no_sign_in', violation_error_message='Whoever signs in needs an e-mail address.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(('birthday__gte', datetime.date(1900, 1, 1))), name='user_birthday_from_1900', violation_error_message='Choose a date from 1900 on.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.CheckConstraint(condition=models.Q(('language__regex', '^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$')), name='user_language_is_a_tag', violation_error_message='Choose a language by its tag, like en.'),
            ),
            migrations.AddConstraint(
                model_name='user',
                constraint=models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('organization', 'external_source', 'external_id'), name='user_external_id_once_per_source', violation_error_message='Another person here has this number of that program.'),
            ),
        ]),
        *repeat(__package__, STEPS),
    ]
