"""`forget_client`: what an erasure takes away beyond the reach of requests. No row changes."""

from django.db import migrations

from clientline.operations import CURRENT_ORGANIZATION, TENANT_ROLE

# As the owner: requests may not see failed sign-ins, and an operator's stored answers are of another organization.
# People sign in, and fail to, by what they were once called, so the names come from the audit, which `redact_client`
# blanks afterwards. Of stored answers, all go that may tell of the client: repeated, such a request is refused.
FORGET = f"""
CREATE FUNCTION forget_client(client bigint) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    home bigint;
    names text[];
BEGIN
    SELECT organization_id INTO home FROM users WHERE id = client AND role = 'client' AND NOT is_active
        AND (current_setting('role') <> '{TENANT_ROLE}' OR organization_id = {CURRENT_ORGANIZATION});
    IF home IS NULL THEN
        RAISE EXCEPTION 'Only deactivated clients are forgotten.' USING ERRCODE = 'restrict_violation';
    END IF;
    SELECT array_agg(DISTINCT left(lower(told.word), 255)) INTO names
    FROM audit, jsonb_each(changes) AS changed (name, pair), jsonb_array_elements_text(pair) AS told (word)
    WHERE audit."table" = 'users' AND audit."row" = client AND action IN ('insert', 'update', 'delete')
        AND changed.name IN ('name', 'email', 'contact_email', 'phone', 'phone_e164') AND told.word <> '';
    DELETE FROM axes_accessattemptexpiration USING axes_accessattempt
        WHERE access_attempt_id = axes_accessattempt.id AND lower(username) = ANY (names);
    DELETE FROM axes_accessattempt WHERE lower(username) = ANY (names);
    DELETE FROM axes_accessfailurelog WHERE lower(username) = ANY (names);
    DELETE FROM axes_accesslog WHERE lower(username) = ANY (names);
    UPDATE idempotency_keys SET body = '', location = '', etag = '' WHERE body <> ''
        AND (organization_id = home OR user_id IN (SELECT id FROM users WHERE is_superuser));
END $$;
REVOKE EXECUTE ON FUNCTION forget_client(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_client(bigint) TO {TENANT_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_words_of_people"),
        ("axes", "0010_accessattemptexpiration"),
        ("organizations", "0008_seals"),
    ]

    operations = [migrations.RunSQL(FORGET, "DROP FUNCTION forget_client(bigint);")]
