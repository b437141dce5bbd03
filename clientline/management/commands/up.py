"""Everything between a fresh checkout and a served page; what `make run` does."""

import errno
import hashlib
import socket
import subprocess
import sys
import threading
import time
from ipaddress import ip_address
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError, connection, connections
from django.urls import reverse
from gunicorn.app.wsgiapp import WSGIApplication

from appointments import sealing
from clientline import gunicorn_conf, zones
from clientline.database.pending import has_pending_migrations
from clientline.database.turns import turn_on_file
from clientline.languages import OFFERED
from clientline.postgres.backend.unreachable import Unreachable, explain_only_reads
from clientline.postgres.binaries import PostgresUnavailable
from clientline.postgres.cluster import Cluster
from clientline.postgres.pooler import look_for_pooler
from clientline.reach.keeper import keep_working

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
MENDS = {
    errno.EADDRINUSE: "end what listens there, or set HOST and PORT to a free address",
    errno.EACCES: "ports below 1024 are root's alone, so set PORT to 1024 or more",
}
TLS = "a proxy that ends TLS, as in deploy/nginx.conf, and SECURE_COOKIES=true: passwords travel openly"
OWN = {"localhost", "127.0.0.1", "[::1]"}
DEMO = ("--organizations=2", "--appointments=600", "--seed=1", "--logins", "--if-empty")
HOW_TO_BEGIN = """The database has no organization yet. Any of these makes a beginning:
  manage.py createsuperuser           an operator, who sees all organizations
  manage.py create_organization       an organization and its first admin
  manage.py seed_demo                 organizations to play with"""


class Command(BaseCommand):
    help = "Start the database if need be, bring it up to date and serve ClientLine."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--demo",
            nargs="?",
            const="en",
            choices=OFFERED,
            help="fill a database without organizations with examples, in this language; without one in English",
        )

    def handle(self, *, demo, **options):
        if demo:  # before there are workers, which inherit it
            settings.REQUIRE_OPERATOR_SECOND_FACTOR = False
            settings.SHOWS_LOOK = True
        try:
            listener = listen(settings.HOST, settings.PORT)
            self.needs = list_needs(listener.getsockname()[0], demo)
            with turn_on_file(settings.DATA_DIR / "start.lock", self.say):
                self.prepare(demo)
            connections.close_all()  # the workers must not share ours
            keep_working(without=listener)
            server = Server(self)
            server.cfg.set("bind", f"fd://{listener.detach()}")
            server.run()
        except PostgresUnavailable as error:
            raise CommandError(str(error)) from error
        except KeyboardInterrupt:
            self.say_goodbye()
            raise SystemExit(130) from None

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()

    def prepare(self, demo):
        self.start_database()
        self.migrate()
        call_command("rezone", if_new_rules=True)
        self.collect_static()
        self.fill(demo)

    def start_database(self):
        if settings.EMBEDDED_DATA:
            cluster = Cluster(settings.EMBEDDED_DATA)
            if not cluster.exists:
                self.say(f"Creating a PostgreSQL database in {cluster.directory} ...")
            elif not cluster.status().running:
                self.say("Starting PostgreSQL ...")
            cluster.ensure_running()
        refuse_reader()
        if (pooler := look_for_pooler(connection)) and not pooler.is_wrong:
            self.say(pooler.says)  # what is wrong with one is in the log of the first worker

    def migrate(self):
        is_behind = has_pending_migrations()
        if is_behind or settings.CELL:
            call_command("migrate", interactive=False, verbosity=int(is_behind))

    def collect_static(self):
        stamp = settings.STATIC_ROOT / ".collected"
        present = fingerprint_static_files()
        if stamp.exists() and stamp.read_text() == present:
            return
        self.say("Collecting static files ...")
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(present)

    def fill(self, demo):
        if apps.get_model("organizations", "Organization")._default_manager.exists():
            return
        if demo:
            run_apart("seed_demo", f"--language={demo}", *DEMO)
        else:
            self.say(HOW_TO_BEGIN)

    def say_ready(self, server):
        address = f"http://{EVERYWHERE.get(settings.HOST, settings.HOST)}:{settings.PORT}"
        self.say(
            f"\nClientLine serves on {address}/\n"
            f"  Admin  {address}{reverse('admin:index')}\n"
            f"  Docs   {address}{reverse('docs')}\n"
            f"Version {settings.VERSION}, time zone rules of {zones.RULES}. Ctrl-C stops it."
        )
        if not settings.REQUIRE_OPERATOR_SECOND_FACTOR:
            self.say("Operators need no second factor here, as REQUIRE_OPERATOR_SECOND_FACTOR is false.")
        if self.needs:
            self.say("\n  ".join([f"Other machines reach it, as HOST is {settings.HOST}. That needs", *self.needs]))

    def say_goodbye(self, server=None):
        if settings.EMBEDDED_DATA and Cluster(settings.EMBEDDED_DATA).status().running:
            self.say("\nClientLine is stopped. PostgreSQL keeps running; `manage.py db stop` stops it.")
        else:
            self.say("\nClientLine is stopped.")


def refuse_reader():
    """Raises Unreachable where nothing can be saved: each page would be answered 503, and nobody told why."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")  # of a standby, too
        if cursor.fetchone() == ("on",):
            raise Unreachable(explain_only_reads(connection.settings_dict))


def run_apart(*command):
    """Run one of our commands as a program: what it leaves in its memory would be copied into that of each worker."""
    code = subprocess.run([sys.executable, "manage.py", *command], cwd=settings.BASE_DIR, check=False).returncode
    if code:
        raise SystemExit(code)  # it has said why


class Server(WSGIApplication):
    """gunicorn in this very process: Django is loaded already, and the workers inherit it."""

    def __init__(self, command):
        self.command = command
        super().__init__()

    def load_config(self):
        # Not gunicorn's own reading of the command line, which is manage.py's.
        self.load_config_from_module_name_or_filename("python:clientline.gunicorn_conf")
        self.app_uri = self.cfg.wsgi_app
        self.cfg.set("loglevel", "warning")
        self.cfg.set("when_ready", self.when_ready)
        self.cfg.set("post_worker_init", _begin_work)
        self.cfg.set("on_exit", self.command.say_goodbye)

    def when_ready(self, server):
        gunicorn_conf.keep_what_is_loaded()
        self.command.say_ready(server)


def _begin_work(worker):
    """What a worker does beside serving. In production cron seals, whose mails tell when it cannot."""
    gunicorn_conf.post_worker_init(worker)
    threading.Thread(target=_seal_each_minute, args=(worker.log,), daemon=True).start()


def _seal_each_minute(log):
    # Every worker tries, as any of them may end; what one has sealed is done for the others.
    while True:
        try:
            sealing.seal_rows()
        except (DatabaseError, InterfaceError) as error:
            log.warning("The audit was not sealed: %s", str(error).strip())
        finally:
            connections.close_all()
        time.sleep(60)


def listen(host, port):
    """The socket on which gunicorn will answer. It is ours from the start on, so that of two starts one gives way.

    Raises CommandError, before anything slow is done; who calls meanwhile is answered as soon as it serves.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(gunicorn_conf.backlog)
    except (OSError, UnicodeError) as error:
        mend = MENDS.get(getattr(error, "errno", None), "HOST has to be an address of this machine")
        reason = getattr(error, "strerror", "no name of a host")
        raise CommandError(f"Cannot listen on {host}:{port} ({reason}): {mend}.") from error
    return listener


def list_needs(address, demo):
    """What a server that listens on this address still lacks, a line each; none where only this machine reaches it."""
    if ip_address(address.partition("%")[0]).is_loopback:
        return []
    lacking = {
        "ALLOWED_HOSTS with the names by which they call it: others are refused": set(settings.ALLOWED_HOSTS) <= OWN,
        TLS: not settings.SECURE_SSL_REDIRECT,
        "TRUSTED_PROXIES with that proxy: all callers share its address": not settings.TRUSTED_PROXIES,
        "no --demo: everybody knows its passwords": demo,
    }
    return [need for need, is_lacking in lacking.items() if is_lacking]


def fingerprint_static_files():
    """Changes when any static file of any app does."""
    digest = hashlib.sha256()
    for folder in (*settings.STATICFILES_DIRS, *(Path(app.path, "static") for app in apps.get_app_configs())):
        for path in sorted(Path(folder).rglob("*")):
            found = path.stat()
            digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
