"""Fold each client's figures by themselves: for all of them at once, each could be compared with all rows."""

from importlib import import_module

from django.db import migrations

before = import_module("payments.migrations.0016_client_totals")

# By arrays, not joins: of a WITH that locks its rows PostgreSQL expects few, and it would compare each with each.
# `::int`, as `NOT is_folded` may be read by the index of all that is unfolded, again for each client.
FOLD = f"""
CREATE OR REPLACE FUNCTION fold_client_totals(whose bigint[]) RETURNS void {before.HEAD} AS $$
DECLARE
    whom bigint;
BEGIN
    FOREACH whom IN ARRAY whose LOOP
        WITH fresh AS (
            SELECT id, visit FROM client_totals WHERE client_id = whom AND is_folded::int = 0 FOR UPDATE SKIP LOCKED
        ), open AS (
            SELECT id FROM client_totals
            WHERE client_id = whom AND visit = ANY (ARRAY(SELECT visit FROM fresh)) AND is_folded FOR UPDATE SKIP LOCKED
        ), settled AS (
            SELECT id FROM client_totals WHERE client_id = whom AND visit IS NULL AND is_folded FOR UPDATE SKIP LOCKED
        ), gone AS (
            DELETE FROM client_totals WHERE id = ANY (ARRAY(
                SELECT id FROM fresh UNION ALL SELECT id FROM open UNION ALL SELECT id FROM settled
            )) RETURNING client_totals.*
        ), visits AS (
            SELECT {", ".join(before.WHOSE)}, {", ".join(f"sum({name}) AS {name}" for name in before.FIGURES)}
            FROM gone GROUP BY {", ".join(before.WHOSE)}
        )
        {before.INTO.replace(")", ", is_folded)")}
        SELECT organization_id, client_id, staff, CASE WHEN charge - paid + refunded <> 0 THEN visit END AS open,
            {before.SUMS}, true
        FROM visits GROUP BY organization_id, client_id, staff, open HAVING {before.ANY_FIGURE};
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0017_totals_of_old_visits")]

    operations = [
        migrations.RunSQL(FOLD, before.FOLD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")),
    ]
