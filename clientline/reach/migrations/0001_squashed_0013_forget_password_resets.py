import clientline.columns
import clientline.constraints
import clientline.languages
import clientline.reach.files.models
import clientline.reach.messages.placeholders
import clientline.reach.webhooks.targets
import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from clientline.squashing import AtOnce, repeat

# What the steps said beside the models is repeated from their files, in their order.
STEPS = [
    '0001_grants_for_jobs',
    '0002_messages',
    '0003_webhooks',
    '0004_page_for_guests',
    '0005_calendar_feeds',
    '0006_codes_of_an_address',
    '0007_logos',
    '0008_receipts_have_numbers',
    '0009_notices',
    '0010_files_of_lists',
    '0011_feeds_and_troubles',
    '0012_passwords',
    '0013_forget_password_resets',
]


class Migration(migrations.Migration):

    initial = True

    replaces = [('reach', name) for name in STEPS]

    dependencies = [
        ('accounts', '0028_people_noted_in_less_time'),
        ('appointments', '0018_notes_of_a_client'),
        ('organizations', '0016_relocations'),
        ('procrastinate', '0041_post_retry_failed_job'),
        ('services', '0004_page_for_guests'),
    ]

    operations = [
        AtOnce([
            migrations.CreateModel(
                name='Message',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('confirmation', 'Confirmation'), ('moved', 'Moved'), ('cancelled', 'Cancelled'), ('reminder', 'Reminder'), ('receipt', 'Receipt'), ('code', 'Code')], max_length=12)),
                    ('rule', models.PositiveIntegerField(db_default=0, default=0, help_text='Of a reminder the minutes before the visit, of a receipt its number, else 0')),
                    ('channel', models.CharField(choices=[('mail', 'Mail'), ('sms', 'Sms')], max_length=4)),
                    ('sequence', models.PositiveIntegerField(db_default=0, default=0, help_text='Of the visit: how often it had been moved or cancelled')),
                    ('start', models.DateTimeField(help_text='Of the visit, as the message says it')),
                    ('to', models.CharField(blank=True, db_default='', default='', help_text='Address or telephone; empty until there is one, and after an erasure', max_length=254)),
                    ('language', models.CharField(blank=True, db_default='', default='', max_length=35)),
                    ('due_at', models.DateTimeField()),
                    ('try_at', models.DateTimeField(help_text='The next try; later than `due_at` after one that failed')),
                    ('state', models.CharField(choices=[('planned', 'Planned'), ('sending', 'Sending'), ('sent', 'Sent'), ('delivered', 'Delivered'), ('bounced', 'Bounced'), ('skipped', 'Skipped'), ('failed', 'Failed'), ('unsure', 'Unsure')], db_default='planned', default='planned', max_length=9)),
                    ('reason', models.CharField(blank=True, db_default='', default='', max_length=200)),
                    ('attempts', models.PositiveIntegerField(db_default=0, default=0)),
                    ('claimed_at', models.DateTimeField(blank=True, null=True)),
                    ('sent_at', models.DateTimeField(blank=True, null=True)),
                    ('sender', models.CharField(blank=True, db_default='', default='', help_text='From; also the organizer of the visit in calendars, for ever', max_length=254)),
                    ('message_id', models.CharField(blank=True, db_default='', default='', help_text='Message-ID, the same for each try', max_length=200)),
                    ('provider_id', models.CharField(blank=True, db_default='', default='', max_length=200)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('appointment', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='messages', to='appointments.appointment')),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'messages',
                    'indexes': [models.Index(condition=models.Q(('state', 'planned')), fields=['try_at', 'id'], name='message_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['claimed_at'], name='message_under_way'), models.Index(condition=models.Q(('state__in', ('sent', 'delivered', 'bounced', 'failed'))), fields=['organization', '-sent_at'], name='message_tried'), models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='message_by_provider'), models.Index(condition=models.Q(('state__in', ('failed', 'bounced', 'unsure'))), fields=['claimed_at'], name='message_in_trouble')],
                    'constraints': [models.UniqueConstraint(fields=('appointment', 'kind', 'rule', 'channel', 'sequence'), name='message_planned_once'), models.UniqueConstraint(condition=models.Q(('kind', 'reminder'), ('state__in', ('sending', 'sent', 'delivered', 'bounced', 'unsure'))), fields=('appointment', 'rule', 'channel', 'start'), name='message_reminds_once_of_one_start'), models.CheckConstraint(condition=models.Q(('kind__in', ('confirmation', 'moved', 'cancelled', 'reminder', 'receipt', 'code'))), name='message_kind_is_known', violation_error_message='Choose one of: confirmation, moved, cancelled, reminder, receipt, code.'), models.CheckConstraint(condition=models.Q(('channel__in', ('mail', 'sms'))), name='message_channel_is_known', violation_error_message='Choose one of: mail, sms.'), models.CheckConstraint(condition=models.Q(('state__in', ('planned', 'sending', 'sent', 'delivered', 'bounced', 'skipped', 'failed', 'unsure'))), name='message_state_is_known', violation_error_message='Choose one of: planned, sending, sent, delivered, bounced, skipped, failed, unsure.'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('skipped', 'failed', 'unsure')), _negated=True), models.Q(('reason', ''), _negated=True), _connector='OR'), name='message_says_why_it_was_not_sent', violation_error_message='Say why it was not sent.'), models.UniqueConstraint(fields=('organization', 'id'), name='message_in_one_organization'), clientline.constraints.SameOrganization(field='appointment', name='message_appointment_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='MessageRule',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('minutes_before', models.PositiveIntegerField(help_text='5 minutes to 60 days', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(86400)])),
                    ('channel', models.CharField(choices=[('mail', 'Mail'), ('sms', 'Sms')], db_default='mail', default='mail', max_length=4)),
                    ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('service', models.ForeignKey(blank=True, db_constraint=False, help_text='Empty: of all services that have no rules of their own', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.service')),
                ],
                options={
                    'verbose_name': 'reminder',
                    'db_table': 'message_rules',
                    'constraints': [models.CheckConstraint(condition=models.Q(('minutes_before__gte', 5), ('minutes_before__lte', 86400)), name='message_rule_within_60_days', violation_error_message='Choose 5 minutes to 60 days.'), models.CheckConstraint(condition=models.Q(('channel__in', ('mail', 'sms'))), name='message_rule_channel_is_known', violation_error_message='Choose one of: mail, sms.'), models.UniqueConstraint(condition=models.Q(('service', None)), fields=('organization', 'minutes_before', 'channel'), name='message_rule_once', violation_error_message='There is such a reminder.'), models.UniqueConstraint(fields=('organization', 'service', 'minutes_before', 'channel'), name='message_rule_once_for_a_service', violation_error_message='There is such a reminder.'), clientline.constraints.SameOrganization(field='service', name='message_rule_service_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='MessageText',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('kind', models.CharField(choices=[('confirmation', 'Confirmation'), ('moved', 'Moved'), ('cancelled', 'Cancelled'), ('reminder', 'Reminder'), ('receipt', 'Receipt'), ('code', 'Code')], max_length=12)),
                    ('channel', models.CharField(choices=[('mail', 'Mail'), ('sms', 'Sms')], db_default='mail', default='mail', max_length=4)),
                    ('language', models.CharField(db_default='en', default='en', max_length=35, validators=[clientline.languages.validate_language])),
                    ('subject', models.CharField(blank=True, db_default='', default='', help_text='Of mails', max_length=150, validators=[clientline.reach.messages.placeholders.validate_placeholders])),
                    ('body', models.TextField(validators=[django.core.validators.MaxLengthValidator(4000), clientline.reach.messages.placeholders.validate_placeholders])),
                    ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'verbose_name': 'text of messages',
                    'verbose_name_plural': 'texts of messages',
                    'db_table': 'message_texts',
                    'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ('confirmation', 'moved', 'cancelled', 'reminder', 'receipt', 'code'))), name='message_text_kind_is_known', violation_error_message='Choose one of: confirmation, moved, cancelled, reminder, receipt, code.'), models.CheckConstraint(condition=models.Q(('channel__in', ('mail', 'sms'))), name='message_text_channel_is_known', violation_error_message='Choose one of: mail, sms.'), models.UniqueConstraint(fields=('organization', 'kind', 'channel', 'language'), name='message_text_once', violation_error_message='There is such a text.')],
                },
            ),
            migrations.CreateModel(
                name='OptOut',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'verbose_name': 'wish not to be reminded',
                    'db_table': 'reminder_opt_outs',
                    'indexes': [models.Index(fields=['organization'], name='opt_out_by_organization')],
                    'constraints': [models.UniqueConstraint(fields=('client',), name='opt_out_once'), clientline.constraints.SameOrganization(field='client', name='opt_out_client_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='WebhookEndpoint',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('url', models.CharField(help_text='Where it is called, https://…', max_length=500, validators=[clientline.reach.webhooks.targets.validate_url])),
                    ('description', models.CharField(blank=True, db_default='', default='', help_text='What it is for', max_length=200)),
                    ('events', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('appointment.booked', 'appointment.booked'), ('appointment.moved', 'appointment.moved'), ('appointment.cancelled', 'appointment.cancelled'), ('appointment.completed', 'appointment.completed'), ('appointment.no_show', 'appointment.no_show'), ('appointment.corrected', 'appointment.corrected'), ('appointment.rezoned', 'appointment.rezoned'), ('payment.completed', 'payment.completed'), ('payment.failed', 'payment.failed'), ('payment.voided', 'payment.voided'), ('refund.completed', 'refund.completed'), ('client.created', 'client.created'), ('client.merged', 'client.merged'), ('client.erased', 'client.erased')], max_length=40), size=None)),
                    ('secret', models.CharField(editable=False, max_length=100)),
                    ('former_secret', models.CharField(blank=True, db_default='', default='', editable=False, max_length=100)),
                    ('former_secret_until', models.DateTimeField(editable=False, help_text='Until then calls are signed with the former secret, too', null=True)),
                    ('is_active', models.BooleanField(db_default=True, default=True, help_text='Inactive, it is told nothing, and what waits for it rests')),
                    ('disabled_reason', models.CharField(blank=True, choices=[('gone', 'It answered 410 Gone.'), ('failing', 'It failed for five days.'), ('imported', 'It came from another installation, which may still call it.')], db_default='', default='', editable=False, help_text='Empty: nobody but people did it', max_length=10)),
                    ('failing_since', models.DateTimeField(editable=False, help_text='The first failure after the last success', null=True)),
                    ('attended_until', models.DateTimeField(editable=False, help_text='Not called before, as it is being called, or wants to be left alone', null=True)),
                    ('version', models.PositiveIntegerField(db_default=1, default=1, editable=False, help_text='Grows by 1 with each change.')),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('created_by', models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'verbose_name': 'webhook',
                    'db_table': 'webhook_endpoints',
                    'constraints': [models.CheckConstraint(condition=models.Q(('url__regex', '^https://[^\\s]+$')), name='webhook_endpoint_url_is_https', violation_error_message='The address has to begin with https://.'), models.CheckConstraint(condition=models.Q(('events__contained_by', ['appointment.booked', 'appointment.moved', 'appointment.cancelled', 'appointment.completed', 'appointment.no_show', 'appointment.corrected', 'appointment.rezoned', 'payment.completed', 'payment.failed', 'payment.voided', 'refund.completed', 'client.created', 'client.merged', 'client.erased']), ('events__len__gte', 1)), name='webhook_endpoint_events_are_known', violation_error_message='Choose at least one event.'), models.CheckConstraint(condition=models.Q(('secret__regex', '^whsec_([A-Za-z0-9+/]{4}){7,21}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$')), name='webhook_endpoint_secret_is_one', violation_error_message='Write whsec_ and standard base64 of 24 to 64 bytes.'), models.CheckConstraint(condition=models.Q(models.Q(('former_secret', ''), ('former_secret_until__isnull', True)), models.Q(('former_secret__regex', '^whsec_([A-Za-z0-9+/]{4}){7,21}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$'), ('former_secret_until__isnull', False)), _connector='OR'), name='webhook_endpoint_former_secret_has_its_end', violation_error_message='A former secret ends at some time.'), models.CheckConstraint(condition=models.Q(('disabled_reason__in', ('', 'gone', 'failing', 'imported'))), name='webhook_endpoint_disabled_reason_is_known', violation_error_message='Choose one of: gone, failing, imported.'), models.CheckConstraint(condition=models.Q(('is_active', False), ('disabled_reason', ''), _connector='OR'), name='webhook_endpoint_says_why_when_disabled', violation_error_message='Only a disabled webhook says why.'), models.UniqueConstraint(fields=('organization', 'id'), name='webhook_endpoint_in_one_organization')],
                },
            ),
            migrations.CreateModel(
                name='WebhookDelivery',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.UUIDField(db_default=django.contrib.postgres.functions.RandomUUID(), default=uuid.uuid4, editable=False)),
                    ('type', models.CharField(max_length=40)),
                    ('body', models.TextField(help_text='As it is sent: ids, and no words about people')),
                    ('state', models.CharField(choices=[('pending', 'Pending'), ('delivered', 'Delivered'), ('failed', 'Failed')], db_default='pending', default='pending', max_length=10)),
                    ('tries', models.PositiveIntegerField(db_default=0, default=0, help_text='Attempts that failed, since it was sent the last time')),
                    ('due_at', models.DateTimeField(help_text='Of the next attempt; null: there is none to come', null=True)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('endpoint', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='reach.webhookendpoint')),
                ],
                options={
                    'verbose_name_plural': 'webhook deliveries',
                    'db_table': 'webhook_deliveries',
                    'indexes': [models.Index(fields=['endpoint', 'id'], name='webhook_delivery_by_endpoint'), models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'due_at', 'id'], name='webhook_delivery_pending')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('state__in', ('pending', 'delivered', 'failed'))), name='webhook_delivery_state_is_known', violation_error_message='Choose one of: pending, delivered, failed.'), models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'pending')), models.Q(models.Q(('state', 'pending'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='webhook_delivery_pending_has_its_time', violation_error_message='A pending delivery is due at some time, and no other is.'), models.UniqueConstraint(fields=('organization', 'id'), name='webhook_delivery_in_one_organization'), clientline.constraints.SameOrganization(field='endpoint', name='webhook_delivery_endpoint_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='WebhookAttempt',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('at', models.DateTimeField()),
                    ('status', models.PositiveSmallIntegerField(help_text='Of HTTP; null: there was no answer', null=True)),
                    ('failure', models.CharField(blank=True, choices=[('address', 'address'), ('name', 'name'), ('unreachable', 'unreachable'), ('certificate', 'certificate'), ('tls', 'tls'), ('timeout', 'timeout'), ('protocol', 'protocol'), ('redirect', 'redirect'), ('status', 'status')], db_default='', default='', help_text='Or none', max_length=12)),
                    ('milliseconds', models.PositiveIntegerField()),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('delivery', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='reach.webhookdelivery')),
                ],
                options={
                    'db_table': 'webhook_attempts',
                    'indexes': [models.Index(fields=['organization', 'id'], name='webhook_attempts_by_home')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('failure__in', ('', 'address', 'name', 'unreachable', 'certificate', 'tls', 'timeout', 'protocol', 'redirect', 'status'))), name='webhook_attempt_failure_is_known', violation_error_message='Choose one of: address, name, unreachable, certificate, tls, timeout, protocol, redirect, status.'), clientline.constraints.SameOrganization(field='delivery', name='webhook_attempt_delivery_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='BookingRequest',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.BinaryField(help_text='SHA-256 of the secret in its address', max_length=32, unique=True)),
                    ('form', models.CharField(help_text='Key of the form it came by; sent twice, it is one request', max_length=43)),
                    ('network', models.CharField(blank=True, db_default='', default='', help_text='From where: an address, or of IPv6 the first 64 bits', max_length=45)),
                    ('appointment_date', models.DateTimeField()),
                    ('name', models.CharField(max_length=200)),
                    ('contact_email', models.EmailField(blank=True, db_default='', default='', max_length=254)),
                    ('phone', models.CharField(blank=True, db_default='', default='', max_length=40)),
                    ('address', models.CharField(help_text='Where the code goes: the e-mail address, or else the number', max_length=254)),
                    ('notes', models.TextField(blank=True, db_default='', default='')),
                    ('language', models.CharField(blank=True, db_default='', default='', max_length=35)),
                    ('consented_at', models.DateTimeField()),
                    ('wrong_codes', models.PositiveIntegerField(db_default=0, default=0)),
                    ('proven_at', models.DateTimeField(blank=True, help_text='When the code was typed', null=True)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('client', models.ForeignKey(db_constraint=False, help_text='Who was signed in', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('service', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='services.service')),
                    ('staff', models.ForeignKey(db_constraint=False, help_text='Empty: anyone', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('visit', models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='appointments.appointment')),
                ],
                options={
                    'db_table': 'booking_requests',
                    'indexes': [models.Index(fields=['network', 'created_at'], name='booking_request_by_network'), models.Index(fields=['created_at'], name='booking_request_by_creation'), models.Index(fields=['service'], name='booking_request_by_service'), models.Index(fields=['address', 'created_at'], name='booking_request_by_address')],
                    'constraints': [models.UniqueConstraint(fields=('organization', 'form'), name='booking_request_once_per_form'), clientline.constraints.SameOrganization(field='service', name='booking_request_service_in_same_organization'), clientline.constraints.SameOrganization(field='staff', name='booking_request_staff_in_same_organization'), clientline.constraints.SameOrganization(field='client', name='booking_request_client_in_same_organization'), clientline.constraints.SameOrganization(field='visit', name='booking_request_visit_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='ManageLink',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.BinaryField(help_text='SHA-256 of the secret in its address', max_length=32, unique=True)),
                    ('wrong_proofs', models.PositiveIntegerField(db_default=0, default=0, help_text="Names and digits that were not the client's")),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('visit', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='appointments.appointment')),
                ],
                options={
                    'db_table': 'manage_links',
                    'indexes': [models.Index(fields=['organization', 'id'], name='manage_link_by_organization')],
                    'constraints': [clientline.constraints.SameOrganization(field='visit', name='manage_link_visit_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='Feed',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('purpose', models.CharField(help_text='What it is for, as “My telephone”', max_length=60)),
                    ('detail', models.CharField(choices=[('busy', 'busy, and nothing else'), ('service', 'the service'), ('name', "the service and the client's first name")], db_default='busy', default='busy', help_text="`busy`: only that; `service`: what for; `name`: also the client's first name", max_length=7)),
                    ('digest', models.BinaryField(help_text='SHA-256 of the token', max_length=32, unique=True)),
                    ('standing', models.BinaryField(help_text='Digest of role and password as they were: with others, it has ended', max_length=32)),
                    ('hour_began_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('read_in_hour', models.PositiveIntegerField(db_default=0, default=0, editable=False)),
                    ('last_read_at', models.DateTimeField(blank=True, editable=False, null=True)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                    ('user', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ],
                options={
                    'db_table': 'calendar_feeds',
                    'indexes': [models.Index(fields=['organization'], name='feed_by_organization')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('detail__in', ('busy', 'service', 'name'))), name='feed_detail_is_known', violation_error_message='Choose one of: busy, service, name.'), models.UniqueConstraint(fields=('user', 'purpose'), name='feed_once_for_a_purpose', violation_error_message='You have a feed for this already.'), clientline.constraints.SameOrganization(field='user', name='feed_user_in_same_organization')],
                    'verbose_name': 'calendar feed',
                    'verbose_name_plural': 'calendar feeds',
                },
            ),
            migrations.CreateModel(
                name='GuestLogo',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('media_type', models.CharField(max_length=20)),
                    ('image', models.BinaryField()),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'guest_logos',
                    'constraints': [models.UniqueConstraint(fields=('organization',), name='guest_logo_once_per_organization')],
                },
            ),
            migrations.CreateModel(
                name='ListFile',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                    ('door', models.CharField(max_length=10)),
                    ('listed', models.CharField(max_length=40)),
                    ('query', models.TextField(blank=True, db_default='', default='')),
                    ('headings', models.TextField(blank=True, db_default='', default='')),
                    ('state', models.CharField(db_default=clientline.reach.files.models.ListFile.State['WAITING'], default=clientline.reach.files.models.ListFile.State['WAITING'], max_length=10)),
                    ('rows', models.BigIntegerField(null=True)),
                    ('done', models.BigIntegerField(db_default=0, default=0)),
                    ('size', models.BigIntegerField(db_default=0, default=0)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                    ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'list_files',
                    'indexes': [models.Index(fields=['created_at'], name='list_file_by_creation')],
                    'constraints': [models.UniqueConstraint(fields=('organization', 'id'), name='list_file_in_one_organization'), models.CheckConstraint(condition=models.Q(('state__in', ('waiting', 'writing', 'ready', 'failed'))), name='list_file_state_is_known', violation_error_message='Choose one of: waiting, writing, ready, failed.'), models.CheckConstraint(condition=models.Q(('door__in', ('admin', 'api'))), name='list_file_door_is_known', violation_error_message='Choose one of: admin, api.')],
                },
            ),
            migrations.CreateModel(
                name='ListFilePart',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('number', models.IntegerField()),
                    ('keys', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                    ('content', models.BinaryField(null=True)),
                    ('file', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='reach.listfile')),
                    ('organization', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
                ],
                options={
                    'db_table': 'list_file_parts',
                    'constraints': [models.UniqueConstraint(fields=('organization', 'file', 'number'), name='list_file_part_once_per_number'), clientline.constraints.SameOrganization(field='file', name='list_file_part_file_in_same_organization')],
                },
            ),
            migrations.CreateModel(
                name='PasswordReset',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('digest', models.BinaryField(help_text="SHA-256 of the secret in its page's address", max_length=32, unique=True)),
                    ('address', models.EmailField(help_text='Where the code goes, if anybody signs in by it', max_length=254)),
                    ('network', models.CharField(blank=True, db_default='', default='', help_text='From where: an address, or of IPv6 the first 64 bits', max_length=45)),
                    ('wrong_codes', models.PositiveIntegerField(db_default=0, default=0)),
                    ('used_at', models.DateTimeField(blank=True, help_text='When the password was changed', null=True)),
                    ('created_at', models.DateTimeField(db_default=clientline.columns.DatabaseNow(), default=django.utils.timezone.now, editable=False)),
                ],
                options={
                    'db_table': 'password_resets',
                    'indexes': [models.Index(fields=['address', 'created_at'], name='password_reset_by_address'), models.Index(fields=['network', 'created_at'], name='password_reset_by_network'), models.Index(fields=['created_at'], name='password_reset_by_creation')],
                },
            ),
        ]),
        *repeat(__package__, STEPS),
    ]
