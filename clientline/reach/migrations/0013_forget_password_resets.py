"""`forget_password_resets`: an erasure takes along what was asked for by the client's addresses. No row changes."""

from django.db import migrations

from clientline.operations import CURRENT_ORGANIZATION, TENANT_ROLE

# As the owner, as `forget_client`: requests may not see who forgot a password, and the audit knows former addresses.
FORGET = f"""
CREATE FUNCTION forget_password_resets(client bigint) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    DELETE FROM password_resets WHERE address IN (
        SELECT lower(told.word)
        FROM users JOIN audit ON audit."table" = 'users' AND audit."row" = users.id,
            jsonb_array_elements_text(changes -> 'email') AS told (word)
        WHERE users.id = client AND role = 'client' AND NOT is_active AND action IN ('insert', 'update', 'delete')
            AND (current_setting('role') <> '{TENANT_ROLE}' OR users.organization_id = {CURRENT_ORGANIZATION})
    );
$$;
REVOKE EXECUTE ON FUNCTION forget_password_resets(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION forget_password_resets(bigint) TO {TENANT_ROLE};
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0028_people_noted_in_less_time"),
        ("reach", "0012_passwords"),
    ]

    operations = [migrations.RunSQL(FORGET, "DROP FUNCTION forget_password_resets(bigint);")]
