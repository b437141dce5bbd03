"""Webhooks: who is called, what each is owed, and each attempt. Older databases had none."""

import clientline.columns
import clientline.constraints
import clientline.reach.webhooks.targets
import django.contrib.postgres.fields
import django.contrib.postgres.functions
import django.db.models.deletion
import django.utils.timezone
import uuid
from django.conf import settings
from django.db import migrations, models

from clientline.operations import audited, confine


class Migration(migrations.Migration):

    dependencies = [
        ('organizations', '0013_page_for_guests'),
        ('reach', '0002_messages'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            },
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('url__regex', '^https://[^\\s]+$')), name='webhook_endpoint_url_is_https', violation_error_message='The address has to begin with https://.'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('events__contained_by', ['appointment.booked', 'appointment.moved', 'appointment.cancelled', 'appointment.completed', 'appointment.no_show', 'appointment.corrected', 'appointment.rezoned', 'payment.completed', 'payment.failed', 'payment.voided', 'refund.completed', 'client.created', 'client.merged', 'client.erased']), ('events__len__gte', 1)), name='webhook_endpoint_events_are_known', violation_error_message='Choose at least one event.'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('secret__regex', '^whsec_([A-Za-z0-9+/]{4}){7,21}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$')), name='webhook_endpoint_secret_is_one', violation_error_message='Write whsec_ and standard base64 of 24 to 64 bytes.'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('former_secret', ''), ('former_secret_until__isnull', True)), models.Q(('former_secret__regex', '^whsec_([A-Za-z0-9+/]{4}){7,21}([A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$'), ('former_secret_until__isnull', False)), _connector='OR'), name='webhook_endpoint_former_secret_has_its_end', violation_error_message='A former secret ends at some time.'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('disabled_reason__in', ('', 'gone', 'failing', 'imported'))), name='webhook_endpoint_disabled_reason_is_known', violation_error_message='Choose one of: gone, failing, imported.'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.CheckConstraint(condition=models.Q(('is_active', False), ('disabled_reason', ''), _connector='OR'), name='webhook_endpoint_says_why_when_disabled', violation_error_message='Only a disabled webhook says why.'),
        ),
        migrations.AddConstraint(
            model_name='webhookendpoint',
            constraint=models.UniqueConstraint(fields=('organization', 'id'), name='webhook_endpoint_in_one_organization'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['endpoint', 'id'], name='webhook_delivery_by_endpoint'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'pending')), fields=['endpoint', 'due_at', 'id'], name='webhook_delivery_pending'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ('pending', 'delivered', 'failed'))), name='webhook_delivery_state_is_known', violation_error_message='Choose one of: pending, delivered, failed.'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_at__isnull', False), ('state', 'pending')), models.Q(models.Q(('state', 'pending'), _negated=True), ('due_at__isnull', True)), _connector='OR'), name='webhook_delivery_pending_has_its_time', violation_error_message='A pending delivery is due at some time, and no other is.'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(fields=('organization', 'id'), name='webhook_delivery_in_one_organization'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=clientline.constraints.SameOrganization(field='endpoint', name='webhook_delivery_endpoint_in_same_organization'),
        ),
        # Last, so that on the way back it goes before the key that it refers to.
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
        confine("webhook_endpoints", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("webhook_deliveries", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("webhook_attempts", grants="SELECT, INSERT, DELETE"),
        # What only tells how it fares is no change of anybody's.
        audited(
            "webhook_endpoints",
            without=("attended_until", "failing_since", "former_secret_until"),
            secret=("secret", "former_secret"),
        ),
    ]
