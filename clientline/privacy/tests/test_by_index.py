"""What is done to one person finds all rows by an index, however many people and visits there are."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.records import select_records
from appointments.amendments.merging import merge_clients
from clientline.privacy import personal_data
from clientline.tests.rehearsals import undone

pytestmark = pytest.mark.django_db

SCANNED = "SELECT relname, seq_scan FROM pg_stat_xact_user_tables WHERE seq_scan > 0"
# They have a row for each visit, person or request, or grow with these.
LARGE = {
    "appointments",
    "appointment_history",
    "audit",
    "django_admin_log",
    "idempotency_keys",
    "messages",
    "payments",
    "refunds",
    "seals",
    "users",
}
# Of a table that it knows to have a few rows PostgreSQL reads any index whole; of one it knows nothing of, it expects
# many. Versions before 18 cannot forget.
FORGET = """
SELECT pg_clear_relation_stats('public', tablename), pg_clear_relation_stats('public', indexname)
FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%(large)s);
SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited)
FROM pg_stats WHERE schemaname = 'public' AND tablename = ANY(%(large)s)
"""


def count_scans():
    with connection.cursor() as cursor:
        cursor.execute(SCANNED)
        return dict(cursor.fetchall())


def find_scanned(act):
    """The large tables that it reads from their beginning where any index would do."""
    with undone(), connection.cursor() as cursor:
        # Functions that others called in this session keep the plans that they had then.
        cursor.execute("DISCARD PLANS; SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off")
        before = count_scans()
        act()
        return {table for table, scans in count_scans().items() if scans > before.get(table, 0)} & LARGE


def test_one_person_is_found_by_index_everywhere(salon):
    now, client, other = timezone.now(), salon.client, salon.stranger
    acts = {
        "preview": lambda: personal_data.preview_erasure(client=client, now=now),
        "export": lambda: personal_data.export_file(by=None, person=client, now=now),
        "merge": lambda: merge_clients(by=None, kept=other, duplicate=client, now=now),
        "erase": lambda: personal_data.erase(by=None, client=client, now=now),
    }
    assert {name: find_scanned(act) for name, act in acts.items()} == {name: set() for name in acts}


def test_records_of_a_person_are_looked_up_and_no_index_is_read_whole(salon):
    with CaptureQueriesContext(connection) as asked:
        list(select_records(salon.client.pk))
    assert find_whole_reads(asked[0]["sql"]) == []


def test_no_message_is_read_to_be_left_out_of_an_export(salon):
    """A join reads an index whole where there are few rows, and then looks at none of them by itself."""
    with CaptureQueriesContext(connection) as asked:
        personal_data.export_file(by=None, person=salon.client, now=timezone.now())
    (sql,) = [each["sql"] for each in asked if each["sql"].startswith('SELECT "messages"')]
    reads = [node for node in find_whole_reads(sql) if node["Relation Name"] == "messages"]
    assert [node for node in reads if "Filter" in node] == []


def find_whole_reads(sql):
    """The nodes of its plan that read a large table without a condition for an index."""
    with undone(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off")
        if connection.pg_version >= 180000:
            cursor.execute(FORGET, {"large": list(LARGE)})
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}")
        [[plan]] = cursor.fetchone()
    found = [node for node in list_nodes(plan["Plan"]) if node.get("Relation Name") in LARGE]
    return [node for node in found if not {"Index Cond", "Recheck Cond"} & node.keys()]


def list_nodes(plan):
    return [plan, *(each for below in plan.get("Plans", ()) for each in list_nodes(below))]
