"""Receipt numbers without gaps, drawn where money moves; and what stays of tips, rounding, numbers and void payments."""

from importlib import import_module

from django.db import migrations

from clientline.operations import TENANT_ROLE, audited, confine

PAYMENTS = """
CREATE OR REPLACE FUNCTION payments_are_final() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.appointment_id, NEW.amount, NEW.tip, NEW.rounding, NEW.payment_method,
            NEW.created_at, NEW.instead_of_id)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.appointment_id, OLD.amount, OLD.tip, OLD.rounding,
            OLD.payment_method, OLD.created_at, OLD.instead_of_id)
        OR OLD.settled_at <> NEW.settled_at
        OR OLD.receipt_number IS NOT NULL AND OLD.receipt_number IS DISTINCT FROM NEW.receipt_number
        OR OLD.former_number IS NOT NULL AND OLD.former_number IS DISTINCT FROM NEW.former_number
        OR OLD.voided_at IS NOT NULL AND OLD.voided_at IS DISTINCT FROM NEW.voided_at
        OR OLD.key IS DISTINCT FROM NEW.key OR OLD.provider <> NEW.provider
        OR OLD.reference <> '' AND OLD.reference <> NEW.reference
    THEN
        RAISE EXCEPTION 'The visit, amount, method and number of a payment never change.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_are_final', TABLE = 'payments';
    END IF;
    -- Money that a provider took although the payment had failed is there all the same; nothing else comes back.
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status)
        NOT IN (('pending', 'completed'), ('pending', 'failed'), ('completed', 'refunded'))
        AND NOT (OLD.status = 'completed' AND NEW.status = 'failed' AND NEW.voided_at IS NOT NULL)
        AND NOT (OLD.status = 'failed' AND NEW.status = 'completed' AND OLD.provider <> '')
    THEN
        RAISE EXCEPTION 'A payment that is % cannot become %.', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_move_forward', TABLE = 'payments';
    END IF;
    IF NEW.voided_at IS NOT NULL AND OLD.voided_at IS NULL AND EXISTS (
        SELECT FROM refunds WHERE payment_id = NEW.id AND status <> 'failed'
    ) THEN
        RAISE EXCEPTION 'A payment of which something was refunded is not made void.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_void_without_refunds', TABLE = 'payments';
    END IF;
    IF OLD.refunded_amount <> NEW.refunded_amount AND NEW.refunded_amount <> (
        SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment_id = NEW.id AND status = 'completed'
    ) THEN
        RAISE EXCEPTION 'What is refunded of a payment is the sum of its completed refunds.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_follow_refunds', TABLE = 'payments';
    END IF;
    RETURN NEW;
END $$;
"""

REFUNDS = """
CREATE OR REPLACE FUNCTION refunds_never_exceed_payment() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    payment payments%ROWTYPE;
BEGIN
    SELECT * INTO payment FROM payments WHERE id = NEW.payment_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NEW; -- the reference check refuses it
    END IF;
    IF payment.status NOT IN ('completed', 'refunded') THEN
        RAISE EXCEPTION 'A payment that is % cannot be refunded.', payment.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_of_completed_payments', TABLE = 'refunds';
    END IF;
    IF NEW.status <> 'failed' AND EXISTS (
        SELECT FROM refunds WHERE payment_id = NEW.payment_id AND status <> 'failed' AND id <> NEW.id
        HAVING payment.amount < NEW.amount + coalesce(sum(amount), 0)
            OR payment.tip < NEW.tip + coalesce(sum(tip), 0)
    ) THEN
        RAISE EXCEPTION 'Refunds never exceed their payment.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_never_exceed_payment', TABLE = 'refunds';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION refunds_are_final() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.payment_id, NEW.amount, NEW.tip, NEW.rounding, NEW.automatic, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.payment_id, OLD.amount, OLD.tip, OLD.rounding, OLD.automatic,
            OLD.created_at)
        OR OLD.settled_at <> NEW.settled_at
        OR OLD.receipt_number IS NOT NULL AND OLD.receipt_number IS DISTINCT FROM NEW.receipt_number
        OR OLD.key IS DISTINCT FROM NEW.key
        OR OLD.reference <> '' AND OLD.reference <> NEW.reference
    THEN
        RAISE EXCEPTION 'The payment, amount and number of a refund never change.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_are_final', TABLE = 'refunds';
    END IF;
    IF OLD.status <> NEW.status AND OLD.status <> 'pending' THEN
        RAISE EXCEPTION 'A refund that is % cannot become %.', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_move_forward', TABLE = 'refunds';
    END IF;
    RETURN NEW;
END $$;
"""

# Danger: the counter's row stays locked until the commit, and all cashiers of the organization wait for it. It has to be
# the last that a transaction locks; a transaction that settled one payment must not lock another.
# Where the audit is paused, which only the owner can do, rows are copied or made up: they bring their numbers, or
# number_receipts() gives them some.
NUMBERS = f"""
CREATE FUNCTION draw_receipt_number() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF current_setting('clientline.audit', true) = 'off' AND current_setting('role') <> '{TENANT_ROLE}' THEN
        RETURN NEW;
    END IF;
    INSERT INTO receipt_counters AS counter (organization_id, last_number) VALUES (NEW.organization_id, 1)
        ON CONFLICT (organization_id) DO UPDATE SET last_number = counter.last_number + 1
        RETURNING last_number INTO NEW.receipt_number;
    RETURN NEW;
END $$;
"""
# Named to fire after the guards: triggers of one moment fire in the order of their names.
DRAWING = "".join(
    f"""
CREATE TRIGGER {table}_z_draw_numbers BEFORE INSERT OR UPDATE ON {table}
    FOR EACH ROW WHEN (NEW.settled_at IS NOT NULL AND NEW.receipt_number IS NULL) EXECUTE FUNCTION draw_receipt_number();
"""
    for table in ("payments", "refunds")
)
NO_DRAWING = "".join(f"DROP TRIGGER {table}_z_draw_numbers ON {table};" for table in ("payments", "refunds"))

# The one place that numbers rows afterwards, in the order in which money moved: of one organization, or of all (NULL).
ALL_AT_ONCE = """
CREATE FUNCTION number_receipts(whose bigint) RETURNS void LANGUAGE plpgsql
    SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    CREATE TEMPORARY TABLE moved ON COMMIT DROP AS
        SELECT kind, unnumbered.id, organization_id, coalesce(last_number, 0) + row_number() OVER (
            PARTITION BY organization_id ORDER BY settled_at, kind, unnumbered.id
        ) AS number
        FROM (
            SELECT 1 AS kind, id, organization_id, settled_at FROM payments
            WHERE settled_at IS NOT NULL AND receipt_number IS NULL
            UNION ALL
            SELECT 2, id, organization_id, settled_at FROM refunds
            WHERE settled_at IS NOT NULL AND receipt_number IS NULL
        ) AS unnumbered LEFT JOIN receipt_counters USING (organization_id)
        WHERE whose IS NULL OR organization_id = whose;
    ANALYZE moved;
    UPDATE payments SET receipt_number = number FROM moved WHERE kind = 1 AND moved.id = payments.id;
    UPDATE refunds SET receipt_number = number FROM moved WHERE kind = 2 AND moved.id = refunds.id;
    INSERT INTO receipt_counters AS counter (organization_id, last_number)
        SELECT organization_id, max(number) FROM moved GROUP BY organization_id
        ON CONFLICT (organization_id) DO UPDATE SET last_number = EXCLUDED.last_number;
    DROP TABLE moved;
END $$;
REVOKE EXECUTE ON FUNCTION number_receipts(bigint) FROM PUBLIC;
"""


def former(sql):
    """The functions as migration 0003 made them."""
    return sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
        "CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"
    )


FORMER = import_module("payments.migrations.0003_ledger_is_final")
PATHS = "".join(
    f"ALTER FUNCTION {name}() SET search_path = pg_catalog, public, pg_temp;"
    for name in ("payments_are_final", "refunds_never_exceed_payment")
)


FORMERLY = audited("payments", without=["key", "checkout_url"])
NOT_YET = migrations.RunSQL(FORMERLY.reverse_sql, FORMERLY.sql)


class Migration(migrations.Migration):

    dependencies = [
        ("payments", "0008_counter_money"),
    ]

    operations = [
        confine("receipt_counters", grants="SELECT, INSERT, UPDATE"),
        migrations.RunSQL(PAYMENTS, former(FORMER.PAYMENTS)),
        migrations.RunSQL(REFUNDS, former(FORMER.REFUNDS) + PATHS),
        migrations.RunSQL(NUMBERS, "DROP FUNCTION draw_receipt_number();"),
        migrations.RunSQL(DRAWING, NO_DRAWING),
        # Why a payment is void is said in its row alone: words about a person that no erasure has to look for here.
        NOT_YET,
        audited("payments", without=["key", "checkout_url", "void_reason"]),
        migrations.RunSQL(ALL_AT_ONCE, "DROP FUNCTION number_receipts(bigint);"),
    ]
