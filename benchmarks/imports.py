"""A file of clients imported by this checkout and by an older one, in turns: `python -m benchmarks.imports OLDER`.

OLDER is a checkout of the commit that ours is measured against, as `git worktree add --detach OLDER COMMIT` makes it.
Both run their `import_clients` for the same files, into databases of one PostgreSQL. Told is CPU, of the process and
of its PostgreSQL backend: what other programs do meanwhile does not count.
"""

import argparse
import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from django.db import connection

from benchmarks import turns
from clientline.demo.serving import PROJECT, write_database_url

TARGET = 1
KEYS = str.maketrans({"ö": "oe", "ü": "ue", "'": ""})

# Runs in either checkout: imports each file whose path it is told into an organization of its own.
IMPORT = """
import json, sys
import django
django.setup()
from pathlib import Path
from time import process_time
from django.core.management import call_command
from django.db import connection
from organizations.models import Organization
connection.settings_dict["TEST"]["NAME"] = connection.settings_dict["NAME"]
connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=True)
with connection.cursor() as cursor:
    pid = cursor.execute("SELECT pg_backend_pid()").fetchone()[0]
read_backend = lambda: int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
print("ready", flush=True)
for line in sys.stdin:
    file = line.strip()
    about = {"name": file, "email": file.strip("/").replace("/", ".") + "@imports.example"}
    about |= {"country": "DE"} if hasattr(Organization, "country") else {}
    organization = Organization.objects.create(**about)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    before = process_time(), read_backend()
    call_command("import_clients", str(organization.pk), file, stdout=open("/dev/null", "w"))
    print(json.dumps([process_time() - before[0], read_backend() - before[1]]), flush=True)
"""


def write_file(path, number, people):
    """Names of three kinds, each with an address that no other file has, and telephones as people type them."""
    lines = ["name,email,phone"]
    for person in range(people):
        first, last = (("Anna", "Schmidt"), ("Jörg", "Müller"), ("Sean", "O'Neill"))[person % 3]
        address = f"{first}.{last}{person}@{number}-{os.getpid()}.example".lower()
        phone = ("+49 170 5{:06}", "0170 5{:06}", "")[person % 3].format(person)
        lines.append(f"{first} {last}{person},{address.translate(KEYS)},{phone}")
    path.write_text("\n".join(lines))


@contextmanager
def run_importer(project, suffix):
    """The process of a checkout that imports what it is told, and says the CPU of it."""
    parameters = connection.get_connection_params()
    address = write_database_url(parameters | {"dbname": f"{parameters['dbname']}_benchmark_imports{suffix}"})
    environment = os.environ | {
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "clientline.settings",
        "SECRET_KEY": "x" * 50,
    }
    with subprocess.Popen(
        [sys.executable, "-c", IMPORT],
        cwd=project,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        while "ready" not in (line := process.stdout.readline()):
            if not line:
                sys.exit(f"{project} does not start.")
        yield process
        process.stdin.close()


def measure(process, files):
    """CPU seconds of the process and of its backend for the next file."""
    print(next(files), file=process.stdin, flush=True)
    return json.loads(process.stdout.readline())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("older", type=Path)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args()
    with TemporaryDirectory() as directory, ExitStack() as stack:
        files = [Path(directory, f"{number}.csv") for number in range(chosen.rounds + 1)]
        for number, file in enumerate(files):
            write_file(file, number, chosen.people)
        places = [stack.enter_context(run_importer(*place)) for place in ((chosen.older, "_older"), (PROJECT, ""))]
        olds, news = turns.in_turns(len(files), *(partial(measure, place, iter(files)) for place in places))
    olds, news = olds[1:], news[1:]
    table = turns.Table(("before s", "now s", "before ÷ now", "target"))
    for index, what in enumerate(("Python", "PostgreSQL")):
        old, new = [each[index] for each in olds], [each[index] for each in news]
        table.row(what, median(old), median(new), turns.compute_ratio(new, old), "", reached=True)
    old, new = [*map(sum, olds)], [*map(sum, news)]
    ratio = turns.compute_ratio(new, old)
    table.row(f"{chosen.people:,} clients", median(old), median(new), ratio, TARGET, reached=ratio >= TARGET)
    sys.exit(table.short)


if __name__ == "__main__":
    main()
