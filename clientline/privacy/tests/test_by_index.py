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


def count_scans():
    with connection.cursor() as cursor:
        cursor.execute(SCANNED)
        return dict(cursor.fetchall())


def find_scanned(act):
    """The large tables that it reads from their beginning where any index would do."""
    with undone(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off")
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
    with undone(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_mergejoin = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {asked[0]['sql']}")
        [[plan]] = cursor.fetchone()
    reads = [node for node in list_nodes(plan["Plan"]) if node.get("Relation Name") == "users"]
    assert [node for node in reads if not {"Index Cond", "Recheck Cond"} & node.keys()] == []
    assert len(reads) == 2


def list_nodes(plan):
    return [plan, *(each for below in plan.get("Plans", ()) for each in list_nodes(below))]
