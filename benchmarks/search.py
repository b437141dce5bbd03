"""Finding people among many, beside a list of 100: a miss, a telephone, two common words that nobody has together.

Each is asked of the API in this process, as a manager behind row security. Told is CPU, of this process and of its
PostgreSQL backend: what other programs do meanwhile does not count.
"""

import argparse
import os
from statistics import median
from time import process_time

from django.db import connection
from rest_framework.test import APIClient

from accounts.models import User
from benchmarks import world
from organizations.audit import pause_audit
from organizations.models import Organization

HOME = "office@crowd.example"
NEIGHBOURS = 20
MISS_TARGET, COMMON_TARGET = 1.5, 100
# Of the two words, a tenth of the people each have one, and nobody has both.
FILL = """
    INSERT INTO users (organization_id, name, email, contact_email, phone, phone_e164, role, password)
    SELECT %(organization)s,
        'First' || mod(n, 1000) || ' ' || coalesce((ARRAY['Anna', 'Schmidt'])[mod(n, 10) + 1], 'Other') || ' Last' || n,
        gen_random_uuid() || '@client.invalid', 'person' || n || '@crowd.example', '', '+49170' || n + 10000000,
        'client', '!'
    FROM generate_series(1, %(people)s) n;
    INSERT INTO search_words (organization_id, user_id, word)
    SELECT organization_id, id, word FROM users, LATERAL (
        SELECT unnest(string_to_array(lower(name), ' '))
        UNION SELECT unnest(ARRAY[contact_email, split_part(contact_email, '@', 1),
            '<' || reverse(substr(phone_e164, 2)), '>' || substr(phone_e164, 4)])
    ) AS words (word) WHERE organization_id = %(organization)s AND role = 'client' AND word <> '';
"""
ASKED = {
    "list of 100": "/users?limit=100",
    "a miss": "/users?limit=100&search=nobody",
    "a telephone's end": "/users?limit=100&search=0000042",
    "two common words that nobody has": "/users?limit=100&search=anna+schmidt",
    "a common word": "/users?limit=100&search=anna",
}


def enter(people):
    """Turn this process to a world with so many people in one organization, and twice as many in others."""
    connection.settings_dict["TEST"]["NAME"] = f"{connection.settings_dict['NAME']}_benchmark_people_{people}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=True)
    if not Organization.objects.filter(email=HOME).exists():
        print(f"Filling the database with {3 * people:,} people, once ...", flush=True)
        fill(people)
    world.vacuum()
    return User.objects.select_related("organization").get(organization__email=HOME, role="manager")


def fill(people):
    with pause_audit(), connection.cursor() as cursor:  # which would be twice their size
        for number in range(NEIGHBOURS):
            other = Organization.objects.create(name=f"Other {number}", email=f"{number}@crowd.example")
            cursor.execute(FILL, {"organization": other.pk, "people": 2 * people // NEIGHBOURS})
        home = Organization.objects.create(name="Crowd", email=HOME, timezone="Europe/Berlin", country="DE")
        User.objects.create(organization=home, name="Manager", email="m@crowd.example", role="manager", password="!")
        User.objects.create(organization=home, name="Admin", email="a@crowd.example", role="admin", password="!")
        cursor.execute(FILL, {"organization": home.pk, "people": people})


def read_backend():
    """The CPU seconds that this connection's backend has used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    with open(f"/proc/{pid}/stat") as file:
        numbers = file.read().rpartition(")")[2].split()
    return (int(numbers[11]) + int(numbers[12])) / os.sysconf("SC_CLK_TCK")


def measure(client, path, repeats):
    """CPU milliseconds of one answer, here and in the backend."""
    client.get(path)
    before = process_time() + read_backend()
    for _ in range(repeats):
        answer = client.get(path)
    return (process_time() + read_backend() - before) / repeats * 1000, len(answer.json()["results"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=40)
    chosen = parser.parse_args()
    manager = enter(chosen.people)
    client = APIClient(HTTP_AUTHORIZATION=f"Bearer {world.secret_of(manager)}", SERVER_NAME="127.0.0.1")
    found = {name: [] for name in ASKED}
    for _ in range(chosen.rounds):
        for name, path in ASKED.items():
            found[name].append(measure(client, path, chosen.repeats))
    told = {name: (median(cpu for cpu, _ in each), each[0][1]) for name, each in found.items()}
    base = told["list of 100"][0]
    for name, (cpu, rows) in told.items():
        print(f"{name:34} {cpu:8.2f} ms CPU  {cpu / base:5.2f} × a list  {rows} rows")
    short = told["a miss"][0] > MISS_TARGET * base or told["two common words that nobody has"][0] > COMMON_TARGET
    raise SystemExit(int(short))


if __name__ == "__main__":
    main()
