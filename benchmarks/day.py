"""A full Saturday on Today in the admin: twelve people with 480 or 384 visits back to back, and beside it small pages.

Each is asked of this process, as the organization's admin. Told is CPU, of this process and of its PostgreSQL backend:
what other programs do meanwhile does not count.

The database, `<name>_benchmark_saturday`, is made on first use and kept.
"""

import argparse
import sys
from functools import partial
from statistics import median
from time import process_time

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from benchmarks import turns, world
from benchmarks.search import read_backend
from clientline.backoffice.tests import full_house
from organizations.tests.factories import OrganizationFactory

MOST = 40  # milliseconds
VISITS = (480, 384)
DAY = f"/admin/?date={full_house.SATURDAY}"
# name → visits of the organization, page
PAGES = {f"Today, {number} visits": (number, DAY) for number in VISITS} | {
    "Today, nothing on": (384, "/admin/?date=2040-01-01"),
    "a small form: holidays": (384, "/admin/holidays/"),
    "list of services": (384, "/admin/services/service/"),
}


def enter():
    world.turn_to("saturday")
    for visits in VISITS:
        if not User.objects.filter(email=name_admin(visits)).exists():
            print(f"Filling a day with {visits} visits, once ...", flush=True)
            fill(visits)
    world.vacuum()


def name_admin(visits):
    return f"admin@day{visits}.example"


@transaction.atomic
def fill(visits):
    organization = OrganizationFactory(name=f"Day {visits}", email=f"office@day{visits}.example")
    UserFactory(organization=organization, role="admin", email=name_admin(visits))
    full_house.VISITS = visits
    full_house.fill_house(organization)
    # The next full house has guests of the same addresses.
    guests = User.objects.filter(organization=organization, role="client")
    guests.update(email=Concat(Value(f"{visits}-"), "email"))


def measure(visits, page, rounds):
    """Milliseconds of CPU of one answer: the median here, and the mean of the backend, which counts in hundredths."""
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(User.objects.get(email=name_admin(visits)))
    for _ in range(7):  # what is asked five times is prepared
        if client.get(page).status_code != 200:
            raise RuntimeError(page)
    here, backend = [], read_backend()
    for _ in range(rounds):
        began = process_time()
        client.get(page)
        here.append(process_time() - began)
    return median(here) * 1000, (read_backend() - backend) / rounds * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=25)
    chosen = parser.parse_args()
    enter()
    measures = [partial(measure, visits, page, chosen.repeats) for visits, page in PAGES.values()]
    table = turns.Table(("Python ms", "backend ms", "together", "at most"))
    for name, found in zip(PAGES, turns.in_turns(chosen.rounds, *measures), strict=True):
        here, backend = (median(each) for each in zip(*found, strict=True))
        table.row(name, here, backend, here + backend, MOST, reached=here + backend <= MOST)
    sys.exit(f"{table.short} short of the target." if table.short else 0)


if __name__ == "__main__":
    main()
