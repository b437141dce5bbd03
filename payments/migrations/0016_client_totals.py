"""The figures of clients, kept by triggers where something happens: to read a client's visits takes longer each year.

Old rows are counted by the next migration.
"""

import clientline.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from clientline.operations import TENANT_ROLE, confine

WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"

# Of `visit` and its `organization`. As payments.balances and appointments.lateness say it: a test compares them.
CHARGE = f"""
    round(CASE
        WHEN visit.status IN ('scheduled', 'completed') THEN visit.price
        WHEN visit.fee_waived THEN 0
        WHEN visit.status = 'no_show' THEN visit.price * visit.no_show_fee / 100
        WHEN visit.cancelled_on_behalf_of <> 'organization'
            AND visit.cancelled_at > visit.appointment_date - make_interval(mins => visit.cancellation_notice)
            AND (visit.cancellation_grace = 0
                OR visit.cancelled_at > visit.created_at + make_interval(mins => visit.cancellation_grace))
            THEN visit.price * visit.late_cancellation_fee / 100
        ELSE 0
    END, CASE WHEN organization.currency = ANY (string_to_array('{WHOLE}', ' ')) THEN 0 ELSE 2 END)
"""
# What a payment and a refund did for the price, where they count.
RECEIVED = "status IN ('completed', 'refunded')"
GIVEN_BACK = "status IN ('pending', 'completed')"
PART = "amount - tip - rounding"

COUNTS = ("scheduled", "completed", "cancelled", "no_show")
AMOUNTS = ("price", "charge", "paid", "refunded")
FIGURES = (*COUNTS, *AMOUNTS)
WHOSE = ("organization_id", "client_id", "staff", "visit")
SUMS = ", ".join(f"sum({name})" for name in FIGURES)
INTO = f"INSERT INTO client_totals ({', '.join((*WHOSE, *FIGURES))})"
ANY_FIGURE = " OR ".join(f"sum({name}) <> 0" for name in FIGURES)



def charge_of(visit):
    return CHARGE.replace("visit.", f"{visit}.")


def list_statuses(visit, before=""):
    return ", ".join(f"({visit}.status = '{name}')::int AS {before}{name}" for name in COUNTS)


def list_names(before=""):
    """What a visit counts for without its payments."""
    return ", ".join(f"{before}{name}" for name in (*COUNTS, "price", "charge"))


STATUSES = list_statuses("visit")
HEAD = "LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp"

# What stands together with a visit that is paid exactly becomes one row for client and staff; of each other visit one
# is left. What somebody else folds at this moment is skipped: nobody waits, and no row counts twice.
FOLD = f"""
CREATE FUNCTION fold_client_totals(whose bigint[]) RETURNS void {HEAD} AS $$
BEGIN
    WITH fresh AS (
        SELECT total.id, total.client_id, total.visit
        FROM unnest(whose) AS client JOIN client_totals AS total ON total.client_id = client
        WHERE NOT is_folded FOR UPDATE OF total SKIP LOCKED
    ), open AS (
        SELECT total.id FROM (SELECT DISTINCT client_id, visit FROM fresh) AS touched
        JOIN client_totals AS total ON (total.client_id, total.visit) = (touched.client_id, touched.visit)
        WHERE is_folded FOR UPDATE OF total SKIP LOCKED
    ), settled AS (
        SELECT total.id FROM unnest(whose) AS client JOIN client_totals AS total ON total.client_id = client
        WHERE is_folded AND total.visit IS NULL FOR UPDATE OF total SKIP LOCKED
    ), gone AS (
        DELETE FROM client_totals
        USING (SELECT id FROM fresh UNION ALL SELECT id FROM open UNION ALL SELECT id FROM settled) AS picked
        WHERE client_totals.id = picked.id RETURNING client_totals.*
    ), visits AS (
        SELECT {", ".join(WHOSE)}, {", ".join(f"sum({name}) AS {name}" for name in FIGURES)}
        FROM gone GROUP BY {", ".join(WHOSE)}
    )
    {INTO.replace(")", ", is_folded)")}
    SELECT organization_id, client_id, staff, CASE WHEN charge - paid + refunded <> 0 THEN visit END AS open,
        {SUMS}, true
    FROM visits GROUP BY organization_id, client_id, staff, open HAVING {ANY_FIGURE};
END $$;
"""

# Of thousands of rows at once the sums are made at once.
FOLD_MANY = """
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written > 100 THEN
        PERFORM fold_client_totals(ARRAY(SELECT DISTINCT client_id FROM client_totals WHERE NOT is_folded));
    END IF;
    RETURN NULL;
"""

NEW_VISITS = f"""
CREATE FUNCTION count_new_visits() RETURNS trigger {HEAD} AS $$
DECLARE
    written bigint;
BEGIN
    {INTO}
    SELECT visit.organization_id, client_id, staff_id, visit.id, {STATUSES}, visit.price, {CHARGE}, 0, 0
    FROM came AS visit JOIN organizations AS organization ON organization.id = visit.organization_id;
    {FOLD_MANY}
END $$;
"""

# With the client or the person of a visit go its payments: whoever settles or refunds one at this moment is waited for,
# or waits, and sees who has the visit now. The visit is locked first, then its payments, as the ledger does.
CHANGED_VISITS = f"""
CREATE FUNCTION count_changed_visits() RETURNS trigger {HEAD} AS $$
DECLARE
    written bigint;
BEGIN
    PERFORM FROM payments WHERE appointment_id IN (
        SELECT id FROM gone JOIN came USING (id)
        WHERE (gone.client_id, gone.staff_id) <> (came.client_id, came.staff_id)
    ) ORDER BY id FOR SHARE;
    {INTO}
    WITH pairs AS (
        SELECT came.id, came.organization_id, gone.client_id AS was_client, gone.staff_id AS was_staff,
            came.client_id, came.staff_id, {list_statuses("gone", "was_")}, {list_statuses("came")},
            gone.price AS was_price, came.price, {charge_of("gone")} AS was_charge, {charge_of("came")} AS charge
        FROM gone JOIN came USING (id) JOIN organizations AS organization ON organization.id = came.organization_id
    ), changed AS (
        SELECT *, (was_client, was_staff) <> (client_id, staff_id) AS has_moved FROM pairs
        WHERE (was_client, was_staff, {list_names("was_")}) <> (client_id, staff_id, {list_names()})
    )
    SELECT organization_id, share.client_id, share.staff, changed.id, {", ".join(f"sum(share.{name})" for name in FIGURES)}
    FROM changed LEFT JOIN LATERAL (
        SELECT coalesce((
            SELECT sum({PART}) FROM payments WHERE appointment_id = changed.id AND {RECEIVED}
        ), 0) AS paid, coalesce((
            SELECT sum({PART}) FROM refunds WHERE {GIVEN_BACK}
                AND payment_id IN (SELECT id FROM payments WHERE appointment_id = changed.id)
        ), 0) AS refunded
    ) AS money ON has_moved
    CROSS JOIN LATERAL (VALUES
        (was_client, was_staff, {list_names("-was_")}, coalesce(-paid, 0), coalesce(-refunded, 0)),
        (client_id, staff_id, {list_names()}, coalesce(paid, 0), coalesce(refunded, 0))
    ) AS share (client_id, staff, {", ".join(FIGURES)})
    GROUP BY organization_id, share.client_id, share.staff, changed.id HAVING {ANY_FIGURE.replace("sum(", "sum(share.")};
    {FOLD_MANY}
END $$;
"""


def write_money(function, figure, moved):
    """The function that adds what `moved`, rows of a visit and an amount, to this figure."""
    return f"""
CREATE FUNCTION {function}() RETURNS trigger {HEAD} AS $$
DECLARE
    written bigint;
BEGIN
    INSERT INTO client_totals ({", ".join(WHOSE)}, {figure})
    SELECT visit.organization_id, visit.client_id, visit.staff_id, visit.id, sum(moved.amount)
    FROM ({moved}) AS moved JOIN appointments AS visit ON visit.id = moved.visit
    GROUP BY visit.id HAVING sum(moved.amount) <> 0;
    {FOLD_MANY}
END $$;
"""


def part_of(row, counts):
    """What a payment or refund does for its visit, where `counts` says that it does."""
    return f"CASE WHEN {row}.{counts} THEN {row}.amount - {row}.tip - {row}.rounding ELSE 0 END"


def select_new(visit, counts, rest=""):
    return f"SELECT {visit} AS visit, {part_of('came', counts)} AS amount FROM came {rest}"


def select_changed(visit, counts, rest=""):
    difference = f"{part_of('came', counts)} - {part_of('gone', counts)}"
    return f"""
        SELECT {visit} AS visit, {difference} AS amount FROM gone JOIN came USING (id) {rest} WHERE {difference} <> 0
    """


OF_PAYMENT = ("came.appointment_id", RECEIVED)
OF_REFUND = ("payments.appointment_id", GIVEN_BACK, "JOIN payments ON payments.id = came.payment_id")
MONEY = "".join(
    (
        write_money("count_new_payments", "paid", select_new(*OF_PAYMENT)),
        write_money("count_changed_payments", "paid", select_changed(*OF_PAYMENT)),
        write_money("count_new_refunds", "refunded", select_new(*OF_REFUND)),
        write_money("count_changed_refunds", "refunded", select_changed(*OF_REFUND)),
    )
)

# What each visit should count for: of one organization, or of all (NULL).
LIST = f"""
CREATE FUNCTION list_figures_of_visits(whose bigint) RETURNS TABLE (
    id bigint, {", ".join(f"{name} bigint" for name in WHOSE[:3])}, {", ".join(f"{name} integer" for name in COUNTS)},
    {", ".join(f"{name} numeric" for name in AMOUNTS)}
) LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT visit.id, visit.organization_id, client_id, staff_id, {STATUSES}, visit.price, {CHARGE} AS charge,
        coalesce(paid, 0), coalesce(refunded, 0)
    FROM appointments AS visit JOIN organizations AS organization ON organization.id = visit.organization_id
    LEFT JOIN (
        SELECT appointment_id, sum({PART}) AS paid FROM payments
        WHERE {RECEIVED} AND (whose IS NULL OR organization_id = whose) GROUP BY appointment_id
    ) AS payment ON payment.appointment_id = visit.id
    LEFT JOIN (
        SELECT appointment_id, sum(refunds.amount - refunds.tip - refunds.rounding) AS refunded
        FROM refunds JOIN payments ON payments.id = payment_id
        WHERE refunds.{GIVEN_BACK} AND (whose IS NULL OR refunds.organization_id = whose) GROUP BY appointment_id
    ) AS refund ON refund.appointment_id = visit.id
    WHERE whose IS NULL OR visit.organization_id = whose
$$;
REVOKE EXECUTE ON FUNCTION list_figures_of_visits(bigint) FROM PUBLIC;
"""

# Before the receipt's number is drawn, which has to be the last lock. Rows that are copied have nobody to wait for.
HOLD = f"""
CREATE FUNCTION hold_visit_of_payment() RETURNS trigger {HEAD} AS $$
BEGIN
    IF current_setting('clientline.audit', true) IS DISTINCT FROM 'off' OR current_setting('role') = '{TENANT_ROLE}' THEN
        PERFORM FROM appointments WHERE id = NEW.appointment_id FOR NO KEY UPDATE;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER payments_hold_their_visit BEFORE INSERT ON payments
    FOR EACH ROW EXECUTE FUNCTION hold_visit_of_payment();
"""

# The one place that counts from the beginning: for one organization, or for all (NULL).
COUNT = f"""
CREATE FUNCTION count_client_totals(whose bigint) RETURNS void {HEAD} AS $$
BEGIN
    DELETE FROM client_totals WHERE whose IS NULL OR organization_id = whose;
    {INTO.replace(")", ", is_folded)")}
    SELECT organization_id, client_id, staff, CASE WHEN charge - paid + refunded <> 0 THEN id END AS open,
        {SUMS}, true
    FROM list_figures_of_visits(whose) GROUP BY organization_id, client_id, staff, open;
END $$;
REVOKE EXECUTE ON FUNCTION count_client_totals(bigint) FROM PUBLIC;
"""

# Without payments, another currency may come; it may know no cents.
CURRENCY = f"""
CREATE FUNCTION count_in_other_currency() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM count_client_totals(NEW.id);
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION count_in_other_currency() FROM PUBLIC;
CREATE TRIGGER organizations_count_in_other_currency AFTER UPDATE OF currency ON organizations
    FOR EACH ROW WHEN (OLD.currency <> NEW.currency) EXECUTE FUNCTION count_in_other_currency();
"""

FUNCTIONS = {
    "appointments": ("count_new_visits", "count_changed_visits"),
    "payments": ("count_new_payments", "count_changed_payments"),
    "refunds": ("count_new_refunds", "count_changed_refunds"),
}
# Danger: each counts what its statement did. One statement that changes two of these tables would count twice.
TRIGGERS = "".join(
    f"""
CREATE TRIGGER {table}_count_new AFTER INSERT ON {table}
    REFERENCING NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION {new}();
CREATE TRIGGER {table}_count_changed AFTER UPDATE ON {table}
    REFERENCING OLD TABLE AS gone NEW TABLE AS came FOR EACH STATEMENT EXECUTE FUNCTION {changed}();
"""
    for table, (new, changed) in FUNCTIONS.items()
)
NO_TRIGGERS = "".join(
    f"DROP TRIGGER {table}_count_new ON {table}; DROP TRIGGER {table}_count_changed ON {table};"
    for table in FUNCTIONS
)
NO_FUNCTIONS = "".join(f"DROP FUNCTION {name}();" for names in FUNCTIONS.values() for name in names)


class Migration(migrations.Migration):

    dependencies = [
        ('appointments', '0017_calendar_of_visits'),
        ('organizations', '0014_what_clients_are_told'),
        ('payments', '0015_whose_and_for_what_of_all_money'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ClientTotal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('staff', models.BigIntegerField()),
                ('visit', models.BigIntegerField(null=True)),
                ('scheduled', models.IntegerField(db_default=0, default=0)),
                ('completed', models.IntegerField(db_default=0, default=0)),
                ('cancelled', models.IntegerField(db_default=0, default=0)),
                ('no_show', models.IntegerField(db_default=0, default=0)),
                ('price', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ('charge', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ('paid', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ('refunded', models.DecimalField(db_default=0, decimal_places=2, default=0, max_digits=14)),
                ('is_folded', models.BooleanField(db_default=False, default=False)),
                ('client', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('organization', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='organizations.organization')),
            ],
            options={
                'db_table': 'client_totals',
                'indexes': [models.Index(fields=['client', 'visit'], name='client_total_by_client'), models.Index(condition=models.Q(('visit__isnull', False)), fields=['organization', 'visit'], name='client_total_open'), models.Index(condition=models.Q(('is_folded', False)), fields=['id'], name='client_total_unfolded')],
                'constraints': [clientline.constraints.SameOrganization(field='client', name='client_total_client_in_same_organization')],
            },
        ),
        confine("client_totals", grants="SELECT, INSERT, UPDATE, DELETE"),
        migrations.RunSQL(FOLD, "DROP FUNCTION fold_client_totals(bigint[]);"),
        migrations.RunSQL(NEW_VISITS + CHANGED_VISITS + MONEY, NO_FUNCTIONS),
        migrations.RunSQL(
            HOLD,
            "DROP TRIGGER payments_hold_their_visit ON payments; DROP FUNCTION hold_visit_of_payment();",
        ),
        migrations.RunSQL(LIST, "DROP FUNCTION list_figures_of_visits(bigint);"),
        migrations.RunSQL(COUNT, "DROP FUNCTION count_client_totals(bigint);"),
        migrations.RunSQL(
            CURRENCY,
            "DROP TRIGGER organizations_count_in_other_currency ON organizations;"
            "DROP FUNCTION count_in_other_currency();",
        ),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
    ]
