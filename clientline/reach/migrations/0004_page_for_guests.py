"""What guests ask for, and the links of visits. Visits that are here have no link until a message brings one."""

import clientline.columns
import clientline.constraints
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from clientline.operations import confine

# By every door, psql too: whoever holds an old message must not manage what was agreed since.
DROP_LINKS = """
CREATE FUNCTION drop_links_of_moved_visit() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM manage_links WHERE visit_id = NEW.id;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION drop_links_of_moved_visit() FROM PUBLIC;
CREATE TRIGGER moved_visits_lose_their_links AFTER UPDATE OF appointment_date ON appointments
    FOR EACH ROW WHEN (OLD.appointment_date IS DISTINCT FROM NEW.appointment_date)
    EXECUTE FUNCTION drop_links_of_moved_visit();
"""
KEEP_LINKS = """
DROP TRIGGER moved_visits_lose_their_links ON appointments;
DROP FUNCTION drop_links_of_moved_visit();
"""


class Migration(migrations.Migration):


    dependencies = [
        ('appointments', '0014_old_stranded_visits'),
        ('organizations', '0013_page_for_guests'),
        ('reach', '0003_webhooks'),
        ('services', '0004_page_for_guests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
                'indexes': [models.Index(fields=['organization', 'address', 'created_at'], name='booking_request_by_address'), models.Index(fields=['network', 'created_at'], name='booking_request_by_network'), models.Index(fields=['created_at'], name='booking_request_by_creation'), models.Index(fields=['service'], name='booking_request_by_service')],
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
        confine("booking_requests", grants="SELECT, INSERT, UPDATE, DELETE"),
        confine("manage_links", grants="SELECT, INSERT, UPDATE, DELETE"),
        migrations.RunSQL(DROP_LINKS, KEEP_LINKS),
    ]
