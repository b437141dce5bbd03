from django.db import migrations

from clientline.operations import CURRENT_ORGANIZATION, TENANT_ROLE, audited

# What happened stays known, without the words that name a person. As the owner, and past the triggers that refuse
# every change; so it takes deactivated clients only, and a confined caller only those of their organization.
REDACT = f"""
CREATE FUNCTION redact_client(client bigint) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    personal text[] := ARRAY['name', 'email', 'phone', 'notes', 'internal_notes', 'cancellation_reason', 'reason'];
    visits bigint[];
BEGIN
    IF NOT EXISTS (
        SELECT FROM users WHERE id = client AND role = 'client' AND NOT is_active
        AND (current_setting('role') <> '{TENANT_ROLE}' OR organization_id = {CURRENT_ORGANIZATION})
    ) THEN
        RAISE EXCEPTION 'Only deactivated clients are redacted.' USING ERRCODE = 'restrict_violation';
    END IF;
    visits := ARRAY(SELECT id FROM appointments WHERE client_id = client);
    PERFORM set_config('clientline.redacting', 'on', true);
    UPDATE appointment_history SET reason = '' WHERE reason <> '' AND appointment_id = ANY (visits);
    UPDATE audit SET changes = (
        SELECT jsonb_object_agg(key, CASE WHEN key = ANY (personal) THEN '["erased", "erased"]' ELSE value END)
        FROM jsonb_each(changes)
    )
    FROM (
        SELECT 'users' AS kind, client AS id
        UNION ALL SELECT 'appointments', unnest(visits)
        UNION ALL SELECT 'refunds', refunds.id FROM refunds JOIN payments ON payments.id = payment_id
            WHERE appointment_id = ANY (visits)
    ) AS about
    WHERE audit."table" = about.kind AND audit."row" = about.id AND changes ?| personal;
    PERFORM set_config('clientline.redacting', 'off', true);
    UPDATE django_admin_log SET object_repr = 'Erased client ' || client, change_message = ''
    FROM django_content_type kind
    WHERE content_type_id = kind.id AND (app_label, model) = ('accounts', 'user') AND object_id = client::text;
END $$;
"""


class Migration(migrations.Migration):

    dependencies = [
        ("organizations", "0004_audit"),
        ("payments", "0004_revenue_by_visit"),
        ("accounts", "0005_audited"),
        ("appointments", "0005_audited"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        audited("payments", without=["key", "checkout_url"]),
        audited("refunds", without=["key"]),
        migrations.RunSQL(REDACT, "DROP FUNCTION redact_client(bigint);"),
    ]
