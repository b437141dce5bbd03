"""A payment notes whose visit it was for, of which service and at which tax, in the moment in which its money comes.

The next migration fills old rows, and the one after it requires it of all.
"""

import clientline.constraints
import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clientline.operations import audited

# Copied rows bring what they noted; those of before there was any get what their visit says, as the next migration does.
NOTING = """
CREATE FUNCTION note_whose_and_for_what() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NEW.staff_id IS NULL THEN
        SELECT staff_id, service_id, tax_rate INTO NEW.staff_id, NEW.service_id, NEW.tax_rate
            FROM appointments WHERE id = NEW.appointment_id;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_note_whose_and_for_what BEFORE INSERT OR UPDATE ON payments
    FOR EACH ROW WHEN (NEW.settled_at IS NOT NULL) EXECUTE FUNCTION note_whose_and_for_what();

CREATE FUNCTION refuse_another_hand() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'Whose visit a settled payment was for, of which service and at which tax never change.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_are_final', TABLE = 'payments';
END $$;
CREATE TRIGGER payments_keep_whose_and_for_what BEFORE UPDATE ON payments
    FOR EACH ROW WHEN (
        OLD.staff_id IS NOT NULL
        AND (OLD.staff_id, OLD.service_id, OLD.tax_rate) IS DISTINCT FROM (NEW.staff_id, NEW.service_id, NEW.tax_rate)
    ) EXECUTE FUNCTION refuse_another_hand();
"""
NO_NOTING = """
DROP TRIGGER payments_keep_whose_and_for_what ON payments;
DROP TRIGGER payments_note_whose_and_for_what ON payments;
DROP FUNCTION refuse_another_hand();
DROP FUNCTION note_whose_and_for_what();
"""
FORMER_AUDIT = audited("payments", without=["key", "checkout_url", "void_reason"])
NOT_YET = migrations.RunSQL(FORMER_AUDIT.reverse_sql, FORMER_AUDIT.sql)


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0017_calendar_of_visits'),
        ('organizations', '0014_what_clients_are_told'),
        ('payments', '0012_money_that_came_late'),
        ('services', '0004_page_for_guests'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='payment',
            name='payment_by_settled_day',
        ),
        migrations.AddField(
            model_name='payment',
            name='service',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='What it was for when the money came', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.service'),
        ),
        migrations.AddField(
            model_name='payment',
            name='staff',
            field=models.ForeignKey(blank=True, db_constraint=False, editable=False, help_text='Whose visit it was when the money came', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='payment',
            name='tax_rate',
            field=models.DecimalField(blank=True, decimal_places=2, help_text='Percent, contained in the price; as it was when the money came', max_digits=5, null=True, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]),
        ),
        migrations.AddIndex(
            model_name='payment',
            index=models.Index(condition=models.Q(('status__in', ('completed', 'refunded'))), fields=['organization', 'settled_at'], include=('amount', 'tip', 'rounding', 'staff', 'service', 'payment_method'), name='payment_by_settled_day'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=clientline.constraints.SameOrganization(field='staff', name='payment_staff_in_same_organization'),
        ),
        migrations.AddConstraint(
            model_name='payment',
            constraint=clientline.constraints.SameOrganization(field='service', name='payment_service_in_same_organization'),
        ),
        migrations.RunSQL(NOTING, NO_NOTING),
        # What the payment notes is in the audit already, where its visit changed.
        NOT_YET,
        audited("payments", without=["key", "checkout_url", "void_reason", "staff_id", "service_id", "tax_rate"]),
    ]
