"""Another second factor or e-mail address ends all other sign-ins of a person, too. No row changes."""

from django.db import migrations

FUNCTION = """
CREATE OR REPLACE FUNCTION end_sign_ins_of_user() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM sessions WHERE user_id = NEW.id
        AND id IS DISTINCT FROM NULLIF(current_setting('clientline.kept_session', true), '')::bigint;
    DELETE FROM tokens WHERE user_id = NEW.id
        AND id IS DISTINCT FROM NULLIF(current_setting('clientline.kept_token', true), '')::bigint;
    RETURN NULL;
END $$;
DROP TRIGGER end_sign_ins ON users;
CREATE TRIGGER end_sign_ins AFTER UPDATE OF password, role, is_active, email, has_second_factor ON users FOR EACH ROW
    WHEN ((OLD.password, OLD.role, OLD.is_active, OLD.email, OLD.has_second_factor)
        IS DISTINCT FROM (NEW.password, NEW.role, NEW.is_active, NEW.email, NEW.has_second_factor))
    EXECUTE FUNCTION end_sign_ins_of_user();
"""
FORMER = """
CREATE OR REPLACE FUNCTION end_sign_ins_of_user() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM sessions WHERE user_id = NEW.id;
    DELETE FROM tokens WHERE user_id = NEW.id
        AND id IS DISTINCT FROM NULLIF(current_setting('clientline.kept_token', true), '')::bigint;
    RETURN NULL;
END $$;
DROP TRIGGER end_sign_ins ON users;
CREATE TRIGGER end_sign_ins AFTER UPDATE OF password, role, is_active ON users FOR EACH ROW
    WHEN ((OLD.password, OLD.role, OLD.is_active) IS DISTINCT FROM (NEW.password, NEW.role, NEW.is_active))
    EXECUTE FUNCTION end_sign_ins_of_user();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_every_token_expires")]

    operations = [migrations.RunSQL(FUNCTION, FORMER)]
