"""Payments and refunds: no TRUNCATE. And `redact_client` runs as a role of its own, which alone may blank words."""

from importlib import import_module

from django.db import migrations

from clientline.operations import CURRENT_ORGANIZATION, TENANT_ROLE
from clientline.redaction import REDACTOR_ROLE, TAKE_BACK, hand_over_redaction, let_redactor, never_emptied

# Past the triggers gets what its owner runs. It takes deactivated clients only, and from a confined caller only those
# of their organization; what it did is a row of the audit.
REDACT = f"""
CREATE OR REPLACE FUNCTION redact_client(client bigint) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    home bigint;
    visits bigint[];
    facts bigint[];
    entries bigint[];
    program text := current_setting('application_name');
    source text := NULLIF(current_setting('clientline.source', true), '');
BEGIN
    SELECT organization_id INTO home FROM users WHERE id = client AND role = 'client' AND NOT is_active
        AND (current_setting('role') <> '{TENANT_ROLE}' OR organization_id = {CURRENT_ORGANIZATION});
    IF home IS NULL THEN
        RAISE EXCEPTION 'Only deactivated clients are redacted.' USING ERRCODE = 'restrict_violation';
    END IF;
    -- The seal must not take a digest of words that go away in this moment.
    PERFORM pg_advisory_xact_lock(hashtextextended('seal:' || home, 0));
    visits := ARRAY(SELECT id FROM appointments WHERE client_id = client);
    WITH blanked AS (
        UPDATE appointment_history SET reason = '' WHERE reason <> '' AND appointment_id = ANY (visits) RETURNING id
    ) SELECT array_agg(id ORDER BY id) INTO facts FROM blanked;
    WITH blanked AS (
        UPDATE audit SET changes = blank_words(changes)
        FROM (
            SELECT 'users' AS kind, client AS id
            UNION ALL SELECT 'appointments', unnest(visits)
            UNION ALL SELECT 'refunds', refunds.id FROM refunds JOIN payments ON payments.id = payment_id
                WHERE appointment_id = ANY (visits)
        ) AS about
        WHERE audit."table" = about.kind AND audit."row" = about.id AND changes <> blank_words(changes)
        RETURNING audit.id
    ) SELECT array_agg(id ORDER BY id) INTO entries FROM blanked;
    UPDATE seals SET salt = NULL
        WHERE "table" = 'audit' AND "row" = ANY (entries) OR "table" = 'appointment_history' AND "row" = ANY (facts);
    IF entries IS NOT NULL OR facts IS NOT NULL THEN
        INSERT INTO audit (organization_id, at, actor_id, source, request_id, action, "table", "row", changes) VALUES (
            home,
            clock_timestamp(),
            NULLIF(current_setting('clientline.user_id', true), '')::bigint,
            coalesce(source, CASE WHEN program LIKE 'manage.py %' THEN 'command' ELSE 'psql' END),
            CASE WHEN source IS NULL THEN program ELSE current_setting('clientline.request_id', true) END,
            'redact', 'users', client,
            jsonb_build_object(
                'audit', jsonb_build_array(NULL, array_to_string(entries, ' ')),
                'appointment_history', jsonb_build_array(NULL, array_to_string(facts, ' '))
            )
        );
    END IF;
    UPDATE django_admin_log SET object_repr = 'Erased client ' || client, change_message = ''
    FROM django_content_type kind
    WHERE content_type_id = kind.id AND (app_label, model) = ('accounts', 'user') AND object_id = client::text;
END $$;
"""
# Old words for the way back.
FORMER = import_module("payments.migrations.0005_audited").REDACT.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_merged_into"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("appointments", "0011_never_emptied"),
        ("payments", "0006_search_paths"),
    ]

    operations = [
        never_emptied("payments"),
        never_emptied("refunds"),
        let_redactor("users", "SELECT"),
        let_redactor("payments", "SELECT"),
        let_redactor("refunds", "SELECT"),
        let_redactor("django_admin_log", "SELECT, UPDATE"),
        migrations.RunSQL(
            f"GRANT SELECT ON django_content_type TO {REDACTOR_ROLE};",
            f"REVOKE ALL ON django_content_type FROM {REDACTOR_ROLE};",
        ),
        migrations.RunSQL(TAKE_BACK, migrations.RunSQL.noop),  # after an old dump was restored
        migrations.RunSQL(REDACT, FORMER),
        hand_over_redaction(),
    ]
