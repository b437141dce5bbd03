"""The last word on the ledger, whichever door is used: psql, too, erases nothing and gives back no more than came in."""

from django.db import migrations

from clientline.operations import never_deleted

PAYMENTS = """
CREATE FUNCTION payments_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.appointment_id, NEW.amount, NEW.payment_method, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.appointment_id, OLD.amount, OLD.payment_method, OLD.created_at)
        OR OLD.settled_at <> NEW.settled_at
        OR OLD.key IS DISTINCT FROM NEW.key OR OLD.provider <> NEW.provider
        OR OLD.reference <> '' AND OLD.reference <> NEW.reference
    THEN
        RAISE EXCEPTION 'The visit, amount and method of a payment never change.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_are_final', TABLE = 'payments';
    END IF;
    IF OLD.status <> NEW.status AND (OLD.status, NEW.status)
        NOT IN (('pending', 'completed'), ('pending', 'failed'), ('completed', 'refunded'))
    THEN
        RAISE EXCEPTION 'A payment that is % cannot become %.', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_move_forward', TABLE = 'payments';
    END IF;
    IF OLD.refunded_amount <> NEW.refunded_amount AND NEW.refunded_amount <> (
        SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment_id = NEW.id AND status = 'completed'
    ) THEN
        RAISE EXCEPTION 'What is refunded of a payment is the sum of its completed refunds.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payments_follow_refunds', TABLE = 'payments';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_are_final BEFORE UPDATE ON payments
    FOR EACH ROW EXECUTE FUNCTION payments_are_final();
"""

# The payment's row lock makes two refunds at once wait for each other; the sum is read after it, so it sees the first.
REFUNDS = """
CREATE FUNCTION refunds_never_exceed_payment() RETURNS trigger LANGUAGE plpgsql AS $$
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
    IF NEW.status <> 'failed' AND payment.amount < NEW.amount + (
        SELECT coalesce(sum(amount), 0) FROM refunds
        WHERE payment_id = NEW.payment_id AND status <> 'failed' AND id <> NEW.id
    ) THEN
        RAISE EXCEPTION 'Refunds never exceed their payment.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_never_exceed_payment', TABLE = 'refunds';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_never_exceed_payment BEFORE INSERT ON refunds
    FOR EACH ROW EXECUTE FUNCTION refunds_never_exceed_payment();

CREATE FUNCTION refunds_are_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.organization_id, NEW.payment_id, NEW.amount, NEW.created_at)
        IS DISTINCT FROM (OLD.id, OLD.organization_id, OLD.payment_id, OLD.amount, OLD.created_at)
        OR OLD.settled_at <> NEW.settled_at
        OR OLD.key IS DISTINCT FROM NEW.key
        OR OLD.reference <> '' AND OLD.reference <> NEW.reference
    THEN
        RAISE EXCEPTION 'The payment and amount of a refund never change.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_are_final', TABLE = 'refunds';
    END IF;
    IF OLD.status <> NEW.status AND OLD.status <> 'pending' THEN
        RAISE EXCEPTION 'A refund that is % cannot become %.', OLD.status, NEW.status
            USING ERRCODE = 'check_violation', CONSTRAINT = 'refunds_move_forward', TABLE = 'refunds';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refunds_are_final BEFORE UPDATE ON refunds
    FOR EACH ROW EXECUTE FUNCTION refunds_are_final();
"""


def drop(table, *functions):
    return "".join(f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();" for name in functions)


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0002_refunds'),
    ]

    operations = [
        migrations.RunSQL(PAYMENTS, drop("payments", "payments_are_final")),
        migrations.RunSQL(REFUNDS, drop("refunds", "refunds_never_exceed_payment", "refunds_are_final")),
        never_deleted("payments"),
        never_deleted("refunds"),
    ]
