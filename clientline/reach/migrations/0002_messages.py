"""Messages to clients, the reminders that plan them, and who wants none. Of visits booked before, nobody is told."""

import clientline.columns
import clientline.constraints
import clientline.languages
import clientline.reach.messages.placeholders
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


from clientline.operations import confine


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('appointments', '0017_calendar_of_visits'),
        ('organizations', '0014_what_clients_are_told'),
        ('reach', '0001_grants_for_jobs'),
        ('services', '0004_page_for_guests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Message',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('confirmation', 'Confirmation'), ('moved', 'Moved'), ('cancelled', 'Cancelled'), ('reminder', 'Reminder'), ('receipt', 'Receipt'), ('code', 'Code')], max_length=12)),
                ('rule', models.PositiveIntegerField(db_default=0, default=0, help_text='Minutes before the visit, of a reminder; of all others 0')),
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
                'indexes': [models.Index(condition=models.Q(('state', 'planned')), fields=['try_at', 'id'], name='message_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['claimed_at'], name='message_under_way'), models.Index(condition=models.Q(('state__in', ('sent', 'delivered', 'bounced', 'failed'))), fields=['organization', '-sent_at'], name='message_tried')],
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
        confine("messages", grants="SELECT, INSERT, UPDATE"),
        confine("message_rules", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("message_texts", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("reminder_opt_outs", grants="SELECT, INSERT, DELETE"),
    ]
