"""`python -m benchmarks.peers.plain_drf.fill VISITS`: makes what DATABASE_URL has not, and prints a token."""

import sys

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from rest_framework.authtoken.models import Token

FILL = """
    INSERT INTO plain_drf_person (name, email, phone, role, is_active, created_at)
    SELECT 'Person ' || n, n || '@peer.example', '', CASE WHEN n <= 50 THEN 'staff' ELSE 'client' END, true, now()
    FROM generate_series(1, 20050) n;

    INSERT INTO plain_drf_service (name, duration, price)
    SELECT 'Service ' || n, 30, 20 + n FROM generate_series(1, 150) n;

    INSERT INTO plain_drf_visit
        (client_id, staff_id, service_id, appointment_date, ends_at, status, notes, price, created_at)
    SELECT 51 + mod(n, 20000), 1 + mod(n, 50), 1 + mod(n, 150), start, start + interval '30 minutes', 'scheduled', '',
        45, now()
    FROM generate_series(1, %s) n, LATERAL (SELECT now() + n / 50 * interval '30 minutes' AS start) AS slots;
"""


def main(visits):
    call_command("migrate", run_syncdb=True, verbosity=0)
    user, is_new = User.objects.get_or_create(username="caller")
    if is_new:
        with connection.cursor() as cursor:
            cursor.execute(FILL, [visits])
    print(Token.objects.get_or_create(user=user)[0].key)


if __name__ == "__main__":
    main(int(sys.argv[1]))
