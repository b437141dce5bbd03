"""The database that is measured: 100 organizations of the demo, and beside them one that is large.

It is a database of its own beside the configured one, `<name>_benchmark_<visits>`, made on first use and kept.
"""

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts import tokens, words
from accounts.models import User
from clientline.demo.serving import write_database_url
from organizations.audit import pause_audit
from organizations.models import Organization
from payments.numbering import number_receipts

DEMO = {"organizations": 100, "seed": 1, "verbosity": 0}
LARGE = "office@large.example"
LARGE_VISITS = 100_000
VISITS, FEW_VISITS = 1_000_000, 200_000

# 20,000 clients, 50 people, 150 services, 100,000 visits: 2,000 for each person, 16 a day from 300 days ago on, so in
# the same year as everybody else's. Three of four are paid, and one of twenty payments is refunded in part.
LARGE_SQL = """
    INSERT INTO users (organization_id, name, email, role, password)
    SELECT %(organization)s, initcap(role) || ' ' || n, role || n || '@large.example', role, ''
    FROM (VALUES ('admin', 1), ('staff', 50), ('client', 20000)) AS roles (role, number), generate_series(1, number) n;

    INSERT INTO services (organization_id, name, description, duration, price)
    SELECT %(organization)s, 'Service ' || n, repeat('What it is. ', 5), 30, 20 + n FROM generate_series(1, 150) n;

    CREATE TEMP TABLE people ON COMMIT DROP AS
    SELECT id, row_number() OVER (ORDER BY id) AS position FROM users
    WHERE organization_id = %(organization)s AND role = 'staff';

    CREATE TEMP TABLE clients ON COMMIT DROP AS
    SELECT id, row_number() OVER (ORDER BY id) AS position FROM users
    WHERE organization_id = %(organization)s AND role = 'client';

    CREATE TEMP TABLE offers ON COMMIT DROP AS
    SELECT id, row_number() OVER (ORDER BY id) AS position FROM services WHERE organization_id = %(organization)s;

    INSERT INTO working_hours (organization_id, staff_id, weekday, starts, ends)
    SELECT %(organization)s, id, weekday, '08:00', '16:00' FROM people, generate_series(0, 6) weekday;

    INSERT INTO special_hours (organization_id, staff_id, date, starts, ends)
    SELECT %(organization)s, id, current_date - 100 + n, '10:00', '14:00' FROM people, generate_series(1, 5) n;

    INSERT INTO time_off (organization_id, staff_id, starts_at, ends_at, reason)
    SELECT %(organization)s, id, current_date + n * interval '50 days',
        current_date + n * interval '50 days' + interval '5 days', 'Holiday'
    FROM people, generate_series(1, 5) n;

    INSERT INTO appointments (organization_id, client_id, staff_id, service_id, appointment_date, ends_at, busy_from,
        busy_until, status, price, cancellation_notice, late_cancellation_fee, no_show_fee, created_at)
    SELECT %(organization)s, clients.id, people.id, offers.id, start, start + interval '30 minutes', start,
        start + interval '30 minutes', CASE WHEN n < 1500 THEN 'completed' ELSE 'scheduled' END, 45, 1440, 0, 0,
        start - interval '5 days'
    FROM people CROSS JOIN generate_series(0, 1999) n
    CROSS JOIN LATERAL (SELECT current_date - interval '300 days' + interval '8 hours' + n / 16 * interval '1 day'
        + mod(n, 16) * interval '30 minutes' AS start) AS slots
    JOIN clients ON clients.position = mod(n * 50 + people.position, 20000) + 1
    JOIN offers ON offers.position = mod(n, 150) + 1
    ORDER BY start, people.id;

    INSERT INTO payments (organization_id, appointment_id, amount, payment_method, status, settled_at, created_at,
        receipt_number)
    SELECT organization_id, id, price, 'card', 'completed', ends_at, ends_at, row_number() OVER (ORDER BY ends_at, id)
    FROM appointments WHERE organization_id = %(organization)s AND status = 'completed' ORDER BY ends_at, id;

    INSERT INTO receipt_counters (organization_id, last_number)
    SELECT organization_id, count(*) FROM payments WHERE organization_id = %(organization)s GROUP BY organization_id;

    INSERT INTO refunds (organization_id, payment_id, amount, reason, status, settled_at, created_at)
    SELECT organization_id, id, 5, 'Late', 'completed', settled_at + interval '1 day', settled_at + interval '1 day'
    FROM payments WHERE organization_id = %(organization)s AND mod(id, 20) = 0 ORDER BY id;

    UPDATE payments SET refunded_amount = 5 WHERE organization_id = %(organization)s AND mod(id, 20) = 0;
"""


def enter(visits=VISITS):
    """Turn this process to a world of so many visits. Returns the large organization's admin."""
    turn_to(visits)
    if not Organization.objects.filter(email=LARGE).exists():
        print(f"Filling the database with {visits:,} visits, once ...", flush=True)
        fill(visits)
    vacuum()  # what another program wrote here must not slow this one
    return User.objects.select_related("organization").get(organization__email=LARGE, role="admin")


def turn_to(name):
    """Turn this process to the database of this name, which has the tables that it should have."""
    connection.settings_dict["TEST"]["NAME"] = f"{connection.settings_dict['NAME']}_benchmark_{name}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=True)


def fill(visits):
    with transaction.atomic():
        call_command("seed_demo", **DEMO, appointments=visits - LARGE_VISITS)
        with pause_audit(), connection.cursor() as cursor:
            organization = add_large(cursor)
        words.write_all_words(organization)


def add_large(cursor):
    """The organization that is large, while the audit is paused."""
    organization = Organization.objects.create(name="Large", email=LARGE, timezone="Europe/Berlin")
    cursor.execute(LARGE_SQL, {"organization": organization.pk})
    number_receipts(organization.pk)  # of refunds; to number payments later would write each of them twice
    return organization


def vacuum():
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def secret_of(admin):
    """A token that signs in."""
    return tokens.issue_token(admin, now=timezone.now())[1]


def environment():
    """What a server needs to serve the database that is measured."""
    return {
        "DATABASE_URL": write_database_url(connection.get_connection_params()),
        "SECRET_KEY": settings.SECRET_KEY,
        "RATE_LIMIT": "0",
    }


def connection_parameters():
    """What psycopg alone needs to connect to it."""
    parameters = connection.get_connection_params()
    return {name: parameters[name] for name in ("host", "port", "user", "password", "dbname") if name in parameters}
