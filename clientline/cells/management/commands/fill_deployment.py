"""Writes the files of each machine from the one table of hosts."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from clientline.cells.hosts import fill_files, make_passwords, read_deployment


class Command(BaseCommand):
    help = "Fill the templates in deploy/cluster for each host of the table, into a directory for each."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("table", type=Path, help="as deploy/cluster/hosts.toml")
        parser.add_argument("out", type=Path, help="the directory to write into; its passwords.json is kept")

    def handle(self, *, table, out, **options):
        deployment = read_deployment(table, self.keep_passwords(out))
        for host in deployment.hosts:
            for name, text in fill_files(deployment, host).items():
                self.write(out / host.name / name, text)
        self.stdout.write(f"{out} has the files of {', '.join(host.name for host in deployment.hosts)}.")

    def keep_passwords(self, out):
        """The same again, however often the table changes."""
        path = out / "passwords.json"
        try:
            return json.loads(path.read_text())
        except FileNotFoundError:
            passwords = make_passwords()
            self.write(path, json.dumps(passwords, indent=1))
            return passwords
        except (OSError, ValueError) as error:
            raise CommandError(f"{path} cannot be read: {error}") from error

    def write(self, path, text):
        # They hold passwords: nobody else reads them, not even for a moment.
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(text)
