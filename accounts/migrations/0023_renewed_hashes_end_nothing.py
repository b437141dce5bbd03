"""A hash that is renewed at sign-in, by a dearer rule, is no new password: it ends no sign-in. No row changes."""

import importlib

from django.db import migrations

FORMER = importlib.import_module("accounts.migrations.0012_factor_and_address_end_sign_ins").FUNCTION
RENEWED = """
CREATE OR REPLACE FUNCTION end_sign_ins_of_user() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('clientline.renewed_hash', true) = NEW.id::text
        AND (OLD.role, OLD.is_active, OLD.email, OLD.has_second_factor)
            IS NOT DISTINCT FROM (NEW.role, NEW.is_active, NEW.email, NEW.has_second_factor)
    THEN RETURN NULL; END IF;
    DELETE FROM sessions WHERE user_id = NEW.id
        AND id IS DISTINCT FROM NULLIF(current_setting('clientline.kept_session', true), '')::bigint;
    DELETE FROM tokens WHERE user_id = NEW.id
        AND id IS DISTINCT FROM NULLIF(current_setting('clientline.kept_token', true), '')::bigint;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_people_are_logged_by_number")]

    operations = [migrations.RunSQL(RENEWED, FORMER)]
