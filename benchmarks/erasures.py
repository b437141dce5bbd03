"""Erasing, merging, exporting and previewing clients where an organization has 1,000,000 visits, with all their traces.

Each is done in a transaction that is taken back, and told are CPU of this process and of its PostgreSQL, so that other
programs do not count; and, with --scans, which tables were read row by row from their beginning.

The database, `<name>_benchmark_erasures`, is made on first use and kept: the world of `benchmarks.million`, with two
facts of history, an entry of the audit and a message for each visit, their seals, and what platforms keep a day long.
"""

import argparse
import sys
from functools import partial
from statistics import median
from time import process_time

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from appointments.amendments.merging import merge_clients
from appointments.models import AppointmentHistory
from benchmarks import million, turns, world
from benchmarks.search import read_backend
from clientline.privacy import personal_data
from organizations.audit import pause_audit

TRACES = [
    """
    INSERT INTO appointment_history (organization_id, appointment_id, at, action, was, became, reason)
    SELECT organization_id, id, created_at, action, '', became,
        CASE WHEN mod(id, 20) = 0 THEN 'Somebody asked' ELSE '' END
    FROM appointments, (VALUES ('booked', 'scheduled'), ('completed', 'completed')) AS facts (action, became)
    """,
    """
    INSERT INTO audit (organization_id, at, source, request_id, action, "table", "row", changes)
    SELECT organization_id, created_at, 'request', '', 'insert', 'appointments', id,
        '{"notes": [null, "some words"], "price": [null, "45.00"]}'
    FROM appointments
    """,
    """
    INSERT INTO audit (organization_id, at, source, request_id, action, "table", "row", changes)
    SELECT organization_id, created_at, 'request', '', 'insert', 'users', id,
        jsonb_build_object('name', jsonb_build_array(NULL, name), 'email', jsonb_build_array(NULL, email))
    FROM users
    """,
    """
    INSERT INTO messages (organization_id, appointment_id, kind, channel, start, "to", due_at, try_at, state, sent_at)
    SELECT organization_id, id, 'confirmation', 'mail', appointment_date, 'client@large.example', created_at,
        created_at, 'sent', created_at
    FROM appointments
    """,
    """
    INSERT INTO seals (chain, "table", "row", salt, words, link, sealed_at)
    SELECT organization_id, "table", id, 'salt'::bytea, 'words'::bytea, 'link'::bytea, at FROM (
        SELECT organization_id, 'audit' AS "table", id, at FROM audit
        UNION ALL SELECT organization_id, 'appointment_history', id, at FROM appointment_history
    ) AS facts
    """,
    """
    INSERT INTO idempotency_keys (organization_id, user_id, role, key, fingerprint, status, body)
    SELECT organization_id, caller, 'admin', 'key ' || n, ''::bytea, 201, 'what was answered'::bytea
    FROM generate_series(1, 300000) n, (
        SELECT organization_id, min(id) AS caller FROM users
        WHERE email LIKE 'n%@other.example' GROUP BY organization_id
    ) AS others
    """,
    """
    INSERT INTO django_admin_log (action_time, object_id, object_repr, action_flag, change_message, content_type_id,
        user_id)
    SELECT now(), (mod(n, 20000) + 1)::text, 'Somebody', 2, '[]',
        (SELECT id FROM django_content_type WHERE (app_label, model) = ('accounts', 'user')),
        (SELECT min(id) FROM users)
    FROM generate_series(1, 300000) n
    """,
]
OTHERS = """
    INSERT INTO organizations (name, email) VALUES ('Other', 'other@large.example');
    INSERT INTO users (organization_id, name, email, role, password)
    SELECT (SELECT id FROM organizations WHERE email = 'other@large.example'), 'Client ' || n,
        'n' || n || '@other.example', 'client', '' FROM generate_series(1, 300000) n
"""
SCANS = """
    SELECT relname, seq_scan, seq_tup_read FROM pg_stat_xact_user_tables WHERE seq_tup_read > 1000
    ORDER BY seq_tup_read DESC
"""
MOST = {"few visits": 150, "most visits": 60_000}  # milliseconds


def enter():
    """Turn this process to the world. Returns the client with most visits, and two of those with fifty each or less."""
    world.turn_to("erasures")
    if not User.objects.filter(email=million.WALK_IN).exists():
        million.fill()
    if not AppointmentHistory.objects.exists():
        print("Adding the traces of 1,000,000 visits, once ...", flush=True)
        add_traces()
    clients = User.objects.filter(organization__email=world.LARGE, role="client").exclude(email=million.WALK_IN)
    return User.objects.get(email=million.WALK_IN), *clients.order_by("id")[:2]


def add_traces():
    with pause_audit(), connection.cursor() as cursor:
        for statement in (OTHERS, *TRACES):
            cursor.execute(statement)
    world.vacuum()


def erase(client):
    personal_data.erase(by=None, client=client, now=timezone.now())


def merge(kept, duplicate):
    merge_clients(by=None, kept=kept, duplicate=duplicate, now=timezone.now())


def export(client):
    personal_data.export_file(by=None, person=client, now=timezone.now())


def preview(client):
    personal_data.preview_erasure(client=client, now=timezone.now())


def take_back(act):
    """CPU milliseconds of what leaves nothing, and the tables that it read from their beginning."""
    before = process_time() + read_backend()
    with transaction.atomic(), connection.cursor() as cursor:
        act()
        cursor.execute(SCANS)
        scans.update({table: rows for table, _, rows in cursor.fetchall()})
        transaction.set_rollback(True)
    return (process_time() + read_backend() - before) * 1000


scans: dict[str, int] = {}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scans", action="store_true", help="tell which tables were read from their beginning")
    chosen = parser.parse_args()
    busy, few, other = enter()
    acts = {
        "preview, few visits": partial(preview, few),
        "export, few visits": partial(export, few),
        "merge, few visits": partial(merge, few, other),
        "erase, few visits": partial(erase, few),
        "preview, most visits": partial(preview, busy),
        "export, most visits": partial(export, busy),
        "merge, most visits": partial(merge, few, busy),
        "erase, most visits": partial(erase, busy),
    }
    table = turns.Table(("ms of CPU", "at most"))
    for name, act in acts.items():
        scans.clear()
        found = median(take_back(act) for _ in range(chosen.rounds if "few" in name else 1))
        most = MOST[name.partition(", ")[2]]
        table.row(name, found, most, reached=found <= most)
        if chosen.scans:
            print("   ", scans)
    sys.exit(f"{table.short} short of the target." if table.short else 0)


if __name__ == "__main__":
    main()
