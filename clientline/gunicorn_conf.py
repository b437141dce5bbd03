"""How gunicorn serves ClientLine, for `manage.py up` and for `gunicorn -c python:clientline.gunicorn_conf`."""

import gc
import logging
import multiprocessing
import os
import sys
import threading

from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections
from django.urls import get_resolver

from clientline import zones
from clientline.late_imports import import_all
from clientline.postgres.backend.patience import patience
from clientline.postgres.pooler import look_for_pooler

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")

wsgi_app = "clientline.wsgi:application"
bind = f"{settings.URL_HOST}:{settings.PORT}"
backlog = 2048  # connections that wait to be accepted

worker_class = "clientline.web.worker.Worker"
worker_connections = 800  # each is an open file; 1024 are what a process may have, unless it is told otherwise
workers = multiprocessing.cpu_count()
threads = 4  # each keeps a database connection: workers × threads × machines stay below max_connections
preload_app = True

timeout = 30
graceful_timeout = 30
keepalive = 5
# With sendfile, a thread would wait for a reader of a large file for ever.
sendfile = False
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190


def when_ready(server):
    server.log.info("ClientLine %s, time zone rules of %s", settings.VERSION, zones.RULES)
    keep_what_is_loaded()


def keep_what_is_loaded():
    """What the application consists of stays: no collection needs to look at it, and workers share its pages."""
    # Django imports views, serializers and forms with the first request, and DRF, the ORM and we make the rest with the
    # first that reads a resource: each worker would do that for itself, in pages that it would have for itself.
    resolver = get_resolver("clientline.urls")  # by name: benchmarks serve views of their own beside it
    resolver.resolve("/live")
    resolver.urlconf_module.router.prepare_reads()
    import_all()
    gc.unfreeze()  # under `manage.py up`, garbage of the imports was kept with the rest
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """The first worker also looks for a pooler, and what new zone rules mean for visits. Nothing waits for it."""
    # By default a thread that computes, as for free times, keeps all others from each of their steps for 5 ms.
    sys.setswitchinterval(0.0001)
    patience.start()
    if worker.age == 1:
        threading.Thread(target=_look_around, args=(worker.log,), daemon=True).start()


def _look_around(log):
    try:
        _tell_of_pooler(log)
        call_command("rezone", if_new_rules=True)
    except DatabaseError as error:
        log.warning("Coming visits were not looked through for new time zone rules: %s", str(error).strip())
    finally:
        connections.close_all()


def _tell_of_pooler(log):
    if found := look_for_pooler(connection):
        log.log(logging.WARNING if found.is_wrong else logging.INFO, found.says)


# By default a request from this machine, hence any that a proxy here passes on, says under which path it was asked.
forwarder_headers = ""

# On by default, and open to every process of this user.
control_socket_disable = True
