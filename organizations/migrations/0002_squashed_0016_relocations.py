import clientline.bookkeeping
import clientline.columns
import clientline.constraints
import clientline.languages
import clientline.page_settings
import clientline.zones
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.squashing import AtOnce, repeat

# What the steps said beside the models is repeated from their files, in their order.
STEPS = [
    '0002_idempotency_keys',
    '0003_require_second_factor',
    '0004_audit',
    '0005_looks_at_coming_visits',
    '0006_where_an_organization_is',
    '0007_countries_of_old_organizations',
    '0008_seals',
    '0009_counter_money',
    '0010_limits_of_clients',
    '0011_team_calendar',
    '0012_bookkeeping',
    '0013_page_for_guests',
    '0014_what_clients_are_told',
    '0015_receipts_by_mail',
    '0016_relocations',
]


class Migration(migrations.Migration):

    replaces = [('organizations', name) for name in STEPS]

    dependencies = [
        ('accounts', '0001_initial'),
        ('organizations', '0001_initial'),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='IdempotencyKey',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('role', models.CharField(help_text="The caller's, when it was answered", max_length=10)),
                    ('key', models.CharField(max_length=255)),
                    ('fingerprint', models.BinaryField(help_text='SHA-256 of method, path and body', max_length=32)),
                    ('status', models.PositiveSmallIntegerField()),
                    ('body', models.BinaryField(help_text='The answer, as it was sent')),
                    ('location', models.TextField(blank=True, db_default='', default='')),
                    ('etag', models.CharField(blank=True, db_default='', default='', max_length=40)),
                    ('is_final', models.BooleanField(db_default=True, default=True, help_text='False: answered so far, and a payment provider is being asked')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('user', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'db_table': 'idempotency_keys',
                    'indexes': [models.Index(fields=['organization'], name='idempotency_by_organization')],
                    'constraints': [models.UniqueConstraint(fields=('user', 'key'), name='idempotency_key_once_per_user'), clientline.constraints.SameOrganization(field='user', name='idempotency_key_user_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='Audit',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('source', models.CharField(choices=[('api', 'API'), ('admin', 'Admin'), ('guest', 'page for guests'), ('command', 'Command'), ('psql', 'database')], max_length=10)),
                    ('request_id', models.CharField(help_text='Of the request, or the name of the program', max_length=128)),
                    ('action', models.CharField(help_text='insert, update, delete, or the name of an event', max_length=20)),
                    ('table', models.CharField(blank=True, db_default='', default='', max_length=30)),
                    ('row', models.BigIntegerField(null=True)),
                    ('changes', models.JSONField(help_text='Column → [old, new], as text; null where there was nothing')),
                    ('actor', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='organizations.organization')),
                ],
                options={
                    'verbose_name': 'change or event',
                    'verbose_name_plural': 'audit',
                    'db_table': 'audit',
                    'indexes': [models.Index(fields=['organization', 'id'], name='audit_by_organization'), models.Index(fields=['organization', 'at'], name='audit_by_time'), models.Index(fields=['organization', 'actor', 'id'], name='audit_by_actor'), models.Index(fields=['table', 'row'], name='audit_by_row'), models.Index(condition=models.Q(('action__in', ('insert', 'update', 'delete')), _negated=True), fields=['organization', 'id'], name='audit_of_events')],
                },
            ),
            migrations.CreateModel(
                name='Seal',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('chain', models.BigIntegerField(help_text="The organization's id, 0 for what belongs to none")),
                    ('table', models.CharField(max_length=30)),
                    ('row', models.BigIntegerField()),
                    ('salt', models.BinaryField(help_text='Of the words; null where there are none any more', max_length=16, null=True)),
                    ('words', models.BinaryField(help_text='SHA-256 of salt and words; empty where there never were any', max_length=32)),
                    ('link', models.BinaryField(help_text="SHA-256 of the link before, the row's facts, and `words`", max_length=32)),
                    ('sealed_at', models.DateTimeField()),
                ],
                options={
                    'db_table': 'seals',
                    'indexes': [models.Index(fields=['chain', 'table', 'id'], name='seal_by_chain')],
                    'constraints': [models.UniqueConstraint(fields=('table', 'row'), name='seal_once_per_row')],
                },
            ),
            migrations.CreateModel(
                name='RelocatedRow',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('organization', models.BigIntegerField()),
                    ('table', models.CharField(max_length=63)),
                    ('row', models.BigIntegerField()),
                ],
                options={
                    'db_table': 'relocated_rows',
                    'constraints': [models.UniqueConstraint(fields=('organization', 'table', 'row'), name='relocated_row_once')],
                },
            ),
            migrations.CreateModel(
                name='Relocation',
                fields=[
                    ('organization', models.BigIntegerField(primary_key=True, serialize=False)),
                    ('state', models.CharField(choices=[('leaving', 'leaving'), ('frozen', 'frozen'), ('moved', 'moved'), ('arriving', 'arriving'), ('arrived', 'arrived')], max_length=10)),
                    ('address', models.CharField(blank=True, db_default='', default='', help_text='Of the other installation', max_length=2000)),
                    ('notes_rows', models.BooleanField(db_default=False, default=False, help_text='Whether rows that change are noted, to be compared at the end')),
                    ('since', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ],
                options={
                    'db_table': 'relocations',
                    'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ['leaving', 'frozen', 'moved', 'arriving', 'arrived'])), name='relocation_state_is_known')],
                },
            ),
            migrations.AddField(
                model_name='organization',
                name='require_second_factor',
                field=models.BooleanField(db_default=False, default=False, help_text='Of everybody but clients; who has none sets one up first'),
            ),
            migrations.AddField(
                model_name='organization',
                name='visits_to_rezone',
                field=models.PositiveIntegerField(db_default=0, default=0, editable=False, help_text='Coming visits that did not show the time agreed, at that look'),
            ),
            migrations.AddField(
                model_name='organization',
                name='zone_rules',
                field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='Version of the rules by which coming visits were last looked through', max_length=20),
            ),
            migrations.AddField(
                model_name='organization',
                name='country',
                field=models.CharField(blank=True, db_default='', default='', help_text='ISO 3166 code; empty: none, or not known', max_length=2, validators=[clientline.zones.validate_country]),
            ),
            migrations.AddField(
                model_name='organization',
                name='language',
                field=models.CharField(blank=True, db_default='', default='', help_text='Tag of its texts; empty: not chosen', max_length=35, validators=[clientline.languages.validate_language]),
            ),
            migrations.AddField(
                model_name='organization',
                name='region',
                field=models.CharField(blank=True, db_default='', default='', help_text='Of the country, where holidays differ in it, like BY or ZH', max_length=60),
            ),
            migrations.AddField(
                model_name='organization',
                name='cancellation_grace',
                field=models.PositiveIntegerField(db_default=15, default=15, help_text='Minutes after booking in which a client may cancel or move, however late; 0: none', validators=[django.core.validators.MaxValueValidator(1440)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='tax_number',
                field=models.CharField(blank=True, db_default='', default='', help_text='Of the organization, as its receipts print it', max_length=40),
            ),
            migrations.AddField(
                model_name='organization',
                name='forget_after_months',
                field=models.PositiveIntegerField(db_default=0, default=0, help_text='After which `manage.py forget` erases clients nobody saw since; 0: never', validators=[django.core.validators.MaxValueValidator(1200)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='max_visits_ahead',
                field=models.PositiveIntegerField(db_default=0, default=0, help_text='Coming visits that a client may have booked at once; 0: as many as they like', validators=[django.core.validators.MaxValueValidator(1000)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='team_calendar',
                field=models.BooleanField(db_default=False, default=False, help_text='Whether staff see and book visits of their colleagues, too'),
            ),
            migrations.AddField(
                model_name='organization',
                name='bookkeeping_accounts',
                field=models.TextField(blank=True, db_default='', default='', help_text='Like cash 1600, card 1360, online 1361, tips 1755, rounding 2660, revenue 8200, revenue 19 8400', validators=[clientline.bookkeeping.validate_accounts]),
            ),
            migrations.AddField(
                model_name='organization',
                name='datev_client',
                field=models.PositiveIntegerField(blank=True, help_text='DATEV: number of the client there', null=True, validators=[django.core.validators.MaxValueValidator(99999)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='datev_consultant',
                field=models.PositiveIntegerField(blank=True, help_text='DATEV: number of the consultant', null=True, validators=[django.core.validators.MaxValueValidator(9999999)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='fiscal_year_starts',
                field=models.PositiveIntegerField(db_default=1, default=1, help_text='Month in which a fiscal year begins, 1 to 12', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(12)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='booking_terms',
                field=models.TextField(blank=True, db_default='', default='', help_text='What guests agree to when they book', validators=[django.core.validators.MaxLengthValidator(5000)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='brand_color',
                field=models.CharField(blank=True, db_default='', default='', help_text='Of buttons on that page, like #1d4ed8; empty: the usual one', max_length=7, validators=[clientline.page_settings.validate_color]),
            ),
            migrations.AddField(
                model_name='organization',
                name='embed_origins',
                field=models.CharField(blank=True, db_default='', default='', help_text='Sites that may show that page in a frame, like https://www.example.com, parted by blanks', max_length=2000, validators=[clientline.page_settings.validate_origins]),
            ),
            migrations.AddField(
                model_name='organization',
                name='guest_page',
                field=models.BooleanField(db_default=False, default=False, help_text='Whether guests may book on its page, without a sign-in'),
            ),
            migrations.AddField(
                model_name='organization',
                name='privacy_notice',
                field=models.TextField(blank=True, db_default='', default='', help_text='What becomes of what guests say of themselves', validators=[django.core.validators.MaxLengthValidator(5000)]),
            ),
            migrations.AddField(
                model_name='organization',
                name='slug',
                field=models.CharField(blank=True, db_default='', default='', help_text='Its word in /b/<slug>, the page where guests book; empty: none', max_length=60, validators=[clientline.page_settings.validate_slug]),
            ),
            migrations.AddField(
                model_name='organization',
                name='confirms_visits',
                field=models.BooleanField(db_default=True, default=True, help_text='Whether clients are told by mail when a visit is booked or changed'),
            ),
            migrations.AddField(
                model_name='organization',
                name='reminds_clients',
                field=models.BooleanField(db_default=True, default=True, help_text='Whether clients are reminded; when, say its reminders'),
            ),
            migrations.AddField(
                model_name='organization',
                name='sends_receipts',
                field=models.BooleanField(db_default=True, default=True, help_text='Whether clients get receipts by mail when money came or went back'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('country__regex', '^([A-Z]{2})?$')), name='organization_country_is_a_code', violation_error_message='Choose a country by its two letters, like DE.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('language__regex', '^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$')), name='organization_language_is_a_tag', violation_error_message='Choose a language by its tag, like en.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('cancellation_grace__gte', 0), ('cancellation_grace__lte', 1440)), name='organization_cancellation_grace_within_a_day', violation_error_message='At most a day.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('max_visits_ahead__gte', 0), ('max_visits_ahead__lte', 1000)), name='organization_max_visits_ahead_to_1000', violation_error_message='Choose 0 to 1000.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('forget_after_months__gte', 0), ('forget_after_months__lte', 1200)), name='organization_forget_after_months_to_1200', violation_error_message='Choose 0 to 1200.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('fiscal_year_starts__gte', 1), ('fiscal_year_starts__lte', 12)), name='organization_fiscal_year_starts_in_a_month', violation_error_message='Choose 1 to 12.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('slug__regex', '^([a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?)?$')), name='organization_slug_is_a_word', violation_error_message='Choose up to 60 small letters, digits and hyphens, like corner-barbers.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.UniqueConstraint(condition=models.Q(('slug', ''), _negated=True), fields=('slug',), name='organization_slug_once', violation_error_message='Another organization has this word.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('guest_page', False), models.Q(('slug', ''), _negated=True), _connector='OR'), name='organization_guest_page_has_a_slug', violation_error_message='A page for guests needs a word for its address.'),
            ),
            migrations.AddConstraint(
                model_name='organization',
                constraint=models.CheckConstraint(condition=models.Q(('brand_color__regex', '^(#[0-9a-f]{6})?$')), name='organization_brand_color_is_a_color', violation_error_message='Choose a colour by six small hexadecimal digits, like #1d4ed8.'),
            ),
        ]),
        *repeat(__package__, STEPS),
    ]
