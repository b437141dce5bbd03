"""What we use of Django and others that they may take away in any release: known, few, and each missed by a test."""

import ast
import re
from functools import cache

import pytest

from clientline.tests.test_architecture import MODULES, ROOT, relative, tree_of

pytestmark = pytest.mark.xdist_group("sources")

# What is used where, and the test that fails without it.
PRIVATE = {
    "accounts/models/people.py: _do_insert": (
        "clientline/database/tests/test_catalogue.py::test_members_register_somebody_and_make_no_operator"
    ),
    "clientline/admin/site.py: django.contrib.admin.views.autocomplete": (
        "payments/tests/test_admin.py::test_visits_are_suggested_by_their_client"
    ),
    "clientline/admin/forms.py: _post_clean": (
        "accounts/tests/test_admin.py::test_a_sign_in_address_that_is_taken_leads_to_who_has_it_here_and_to_nobody_elsewhere"
    ),
    "clientline/admin/lists.py: django.contrib.admin.options": (
        "clientline/admin/tests/test_exports.py::test_crafted_addresses_are_refused"
    ),
    "clientline/admin/lists.py: django.contrib.admin.views.main": (
        "clientline/admin/tests/test_admin_lists.py::test_only_indexed_columns_sort"
    ),
    "clientline/database/steps.py: django.db.migrations.loader": (
        "clientline/database/tests/test_squashing.py::test_a_database_of_squashed_migrations_goes_back_by_steps"
    ),
    "clientline/postgres/backend/base.py: _savepoint": (
        "clientline/database/tests/test_direct.py::test_a_savepoint_travels_with_what_comes_after_it"
    ),
    "clientline/postgres/backend/base.py: _savepoint_commit": (
        "clientline/database/tests/test_direct.py::test_a_savepoint_travels_with_what_comes_after_it"
    ),
    "clientline/web/middleware.py: _store": (
        "clientline/web/tests/test_production.py::test_every_answer_has_the_headers_that_keep_a_browser_safe"
    ),
    "clientline/web/parcels.py: gunicorn.http": (
        "clientline/web/tests/test_parcels.py::test_a_worker_answers_in_parcels"
    ),
    "clientline/web/worker.py: gunicorn.workers.gthread": (
        "clientline/web/tests/test_slow_senders.py::test_silent_and_half_sent_connections_stop_nobody"
    ),
    "clientline/wsgi.py: django.core.handlers.wsgi": (
        "clientline/api/tests/test_bad_requests.py::test_a_body_sent_in_chunks_is_read_like_any_other"
    ),
}
MOST = 12

# Private by their name, public by their manual.
DOCUMENTED = {"_meta", "_state", "_default_manager", "_base_manager", "_exit"} | {
    "_asdict", "_fields", "_make", "_replace",  # of named tuples
    "_map_serializer",  # by which drf-spectacular's manual writes extensions
}  # fmt: skip
# Parts that the manuals leave out, or name in passing.
LEFT_OUT = re.compile(
    r"django\.contrib\.admin\.(options|utils|views|widgets)|django\.contrib\.staticfiles\.(finders|utils)"
    r"|django\.core\.handlers|django\.db\.backends\.(base|ddl_references|utils)|django\.db\.migrations\.(?!operations)"
    r"|django\.db\.models\.(sql|query_utils|options)|django\.forms\.(models|utils)\b|django\.template\.base"
    r"|django\.utils\.(datastructures|tree)|drf_spectacular\.(plumbing|drainage)"
    r"|rest_framework\.(utils|compat)|psycopg\._|gunicorn\.(arbiter|workers|sock|util|http$)"
)
ADMINS_PARAMETERS = {"_changelist_filters", "_popup", "_to_field"}
CODE = [path for path in MODULES if "migrations" not in path.parts] + sorted((ROOT / "benchmarks").glob("*.py"))


def is_private(name):
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED | {"_"}


def private_uses(tree):
    """(line, name) of everything private that the module uses and has not made itself."""
    nodes = list(ast.walk(tree))
    own = made_here(nodes)
    called = called_here(nodes)
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            if LEFT_OUT.match(node.module or "") or is_private((node.module or "").rpartition(".")[2]):
                yield node.lineno, node.module
            yield from ((node.lineno, name.name) for name in node.names if is_private(name.name))
        elif isinstance(node, ast.Attribute) and is_private(node.attr):
            if not (isinstance(node.value, ast.Name) and node.attr in own):
                yield node.lineno, node.attr
        elif isinstance(node, ast.FunctionDef) and is_private(node.name) and node.name not in called:
            yield node.lineno, node.name  # we never call it, so somebody else does
        elif isinstance(node, ast.Constant) and node.value in ADMINS_PARAMETERS:
            yield node.lineno, node.value


def made_here(nodes):
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    stored = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return functions | stored


def called_here(nodes):
    """All names that are spoken of outside of a `super()`."""
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
    return names | attributes


@cache
def all_private_uses():
    return [(path, *use) for path in CODE if "tests" not in path.parts for use in private_uses(tree_of(path))]


@pytest.mark.sweep
def test_every_private_use_is_listed():
    assert {f"{relative(path)}: {name}" for path, _, name in all_private_uses()} == PRIVATE.keys()
    assert len(PRIVATE) <= MOST


def test_every_private_use_stands_below_a_comment_that_says_what_breaks():
    bare = []
    for path, line, name in all_private_uses():
        above = path.read_text().splitlines()[: line - 1]
        if not re.search(r"# (Private|Undocumented)\b[^\n]*(\n +#[^\n]*|\n#[^\n]*|\nfrom [^\n]*)*$", "\n".join(above)):
            bare.append((relative(path), line, name))
    assert bare == []


def test_the_test_that_misses_it_exists():
    for path, _, name in (test.partition("::") for test in PRIVATE.values()):
        assert f"\ndef {name}(" in (ROOT / path).read_text()


def test_a_new_private_use_would_be_found():
    for source in (
        "from django.db.migrations.executor import MigrationExecutor",
        "from psycopg._queries import PostgresQuery",
        "from rest_framework.fields import _UnvalidatedField",
        "request._request",
        "def f(self): return self.row._cache",
        "class A(B):\n    def _hook(self):\n        return super()._hook()",
        "class A(B):\n    def _hook(self):\n        return 1",
        "request.GET.get('_popup')",
    ):
        assert list(private_uses(ast.parse(source))), source


def test_what_is_our_own_or_documented_is_not():
    for source in (
        "model._meta.get_field('name')",
        "def _own(): pass\n_own()",
        "class A:\n    def __init__(self):\n        self._row = None\n    def row(self):\n        return self._row",
    ):
        assert list(private_uses(ast.parse(source))) == [], source
