"""Squashed migrations make what their steps make, and whoever stands in between goes on by the steps."""

import os
import re
import secrets
import subprocess
import sys
from io import StringIO

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, models
from django.db.migrations import AddField, CreateModel, RunPython, RunSQL
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ModelState, ProjectState

from clientline.cells.trouble import APPLIED
from clientline.database.steps import StepExecutor, StepLoader
from clientline.demo.serving import write_database_url
from clientline.postgres.dumps import find_postgres_program
from clientline.squashing import AtOnce, repeat

# What changes models and says nothing else, so that `AtOnce` need not know of it.
OF_MODELS = re.compile(r"(Create|Add|Alter|Remove)(Model|Field|Index|Constraint|ModelOptions)")


@pytest.fixture(scope="module")
def loader():
    return MigrationLoader(None)


def list_steps(loader, app):
    return sorted(name for of, name in loader.disk_migrations if of == app and (of, name) not in loader.replacements)


# The same


def test_squashed_migrations_lead_to_the_models_that_their_steps_lead_to(loader):
    squashed, stepwise = loader.project_state(), StepLoader(None).project_state()
    assert MigrationAutodetector(squashed, stepwise).changes(graph=loader.graph) == {}
    # COPY and SELECT * tell columns in their order.
    columns = [{key: list(model.fields) for key, model in state.models.items()} for state in (squashed, stepwise)]
    assert columns[0] == columns[1]


def test_squashed_migrations_say_all_that_their_steps_say_beside_models(loader):
    assert {app for app, _ in loader.replacements} == {
        "organizations", "accounts", "services", "appointments", "payments", "reach",
    }  # fmt: skip
    for (app, name), squashed in loader.replacements.items():
        steps, (first, last) = list_steps(loader, app), re.match(r"(\d{4})_squashed_(\d{4}_\w+)", name).groups()
        covered = [step for step in steps if first <= step <= last]
        assert squashed.replaces == [(app, step) for step in covered]
        (models_at_once, *said), package = squashed.operations, type(squashed).__module__.rpartition(".")[0]
        assert isinstance(models_at_once, AtOnce)
        assert said == repeat(package, covered)


def test_steps_say_nothing_that_a_squashed_migration_would_leave_out(loader):
    replaced = [step for squashed in loader.replacements.values() for step in squashed.replaces]
    unknown = [
        (step, operation)
        for step in replaced
        for operation in loader.disk_migrations[step].operations
        if not OF_MODELS.fullmatch(type(operation).__name__)
        and not (isinstance(operation, RunPython | RunSQL) and not getattr(operation, "state_operations", None))
    ]
    assert unknown == []


def test_what_only_mends_rows_is_left_out():
    fills, mends = RunSQL("SELECT 1"), RunSQL("SELECT 2", elidable=True)
    module = type(sys)("steps.first")
    module.Migration = type("Migration", (), {"operations": [CreateModel("A", []), fills, mends]})
    sys.modules["steps.first"] = module
    try:
        assert repeat("steps", ["first"]) == [fills]
    finally:
        del sys.modules["steps.first"]


# In little time


def test_models_are_rendered_once_with_all_operations_done():
    state = ProjectState()
    state.add_model(ModelState("services", "First", [("id", models.BigAutoField(primary_key=True))]))
    rendered = state.apps
    AtOnce(
        [AddField("first", "name", models.TextField()), AddField("first", "note", models.TextField())]
    ).state_forwards("services", state)
    assert "apps" not in state.__dict__
    assert [field.name for field in state.apps.get_model("services.First")._meta.fields] == ["id", "name", "note"]
    assert [field.name for field in rendered.get_model("services.First")._meta.fields] == ["id"]


@pytest.mark.django_db
def test_keys_are_there_before_what_follows():
    told = []

    class Tell(Operation):
        def database_forwards(self, app_label, schema_editor, from_state, to_state):
            told.append("made")
            schema_editor.deferred_sql.append("SELECT 1")

        def state_forwards(self, app_label, state):
            pass

    with connection.schema_editor() as editor:
        AtOnce([Tell(), Tell()]).database_forwards("services", editor, ProjectState(), ProjectState())
        assert (told, editor.deferred_sql) == (["made", "made"], [])


# From wherever one stands


def plan(targets=None):
    executor = StepExecutor(connection)
    targets = targets or executor.loader.graph.leaf_nodes()
    return [((migration.app_label, migration.name), back) for migration, back in executor.migration_plan(targets)]


def stand(steps):
    """As an installation that has gone so far."""
    MigrationRecorder.Migration.objects.all().delete()
    MigrationRecorder.Migration.objects.bulk_create(
        MigrationRecorder.Migration(app=app, name=name) for app, name in steps
    )


@pytest.fixture(scope="module")
def steps():
    """All, in an order in which an empty database could go."""
    executor = StepExecutor(None)
    executor.loader = StepLoader(None)
    found = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    return [(migration.app_label, migration.name) for migration, _ in found]


def test_an_empty_database_is_made_by_squashed_migrations(db, loader):
    stand([])
    planned = [key for key, _ in plan()]
    assert loader.replacements.keys() <= set(planned)
    assert not {step for squashed in loader.replacements.values() for step in squashed.replaces} & set(planned)


CUT = ("accounts", "0001_initial")  # before any squashed one: Django alone would go on by these, and mend no rows


@pytest.mark.sweep
@pytest.mark.parametrize("last", [CUT, 0.3, 0.5, 0.8, 0.95], ids=str)
def test_whoever_has_begun_goes_on_by_steps(db, steps, last):
    gone = steps.index(last) + 1 if last == CUT else int(len(steps) * last)
    stand(steps[:gone])
    assert plan() == [(step, False) for step in steps[gone:]]


@pytest.mark.sweep
def test_squashed_migrations_are_noted_once_all_their_steps_are_gone(db, loader, steps):
    squashed, most = list(loader.replacements), steps[:-1]
    for gone, noted in ((steps, steps + squashed), (most, most), (most + squashed, most)):
        stand(gone)
        StepExecutor(connection).check_replacements()
        assert sorted(MigrationRecorder(connection).applied_migrations()) == sorted(noted)
        loader.check_consistent_history(connection)  # as `makemigrations` does


def test_whoever_has_gone_all_steps_has_nothing_to_do(db, steps):
    stand(steps)
    assert plan() == []


def test_a_database_of_squashed_migrations_goes_back_by_steps(db, steps):
    later = [step for step in steps if step[0] == "payments" and step[1] > "0005_audited"]
    assert plan([("payments", "0005_audited")]) == [(step, True) for step in reversed(later)]


def test_an_empty_database_goes_to_a_step_that_is_named(db):
    stand([])
    call_command("migrate", "services", "0002_audited", plan=True, stdout=(out := StringIO()))
    planned = re.findall(r"^(organizations|accounts|services)\.(\w+)$", out.getvalue(), re.MULTILINE)
    assert sorted(planned) == [
        ("accounts", "0001_initial"),
        ("organizations", "0001_initial"),
        ("organizations", "0002_idempotency_keys"),
        ("organizations", "0003_require_second_factor"),
        ("organizations", "0004_audit"),
        ("services", "0001_initial"),
        ("services", "0002_audited"),
    ]


def test_two_installations_are_of_one_version_whether_squashed_migrations_made_them_or_steps(db, steps):
    with connection.cursor() as cursor:
        assert set(cursor.execute(APPLIED).fetchall()) == set(steps)


# In truth


@pytest.fixture
def databases(django_db_setup, django_db_blocker):
    """Parameters of two databases in which nothing is."""
    with django_db_blocker.unblock():
        parameters = connection.get_connection_params()
    known = ("host", "port", "user", "password", "dbname")
    server = {name: parameters[name] for name in known if parameters.get(name)}
    names = [f"squashed_{secrets.token_hex(4)}", f"stepwise_{secrets.token_hex(4)}"]
    with psycopg.connect(**server, autocommit=True) as link:
        for name in names:
            link.execute(f"CREATE DATABASE {name}")
        yield [server | {"dbname": name} for name in names]
        for name in names:
            link.execute(f"DROP DATABASE {name}")


def migrate(database, *arguments):
    told = subprocess.run(
        [sys.executable, "manage.py", "migrate", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | {"SECRET_KEY": "a-key", "DATABASE_URL": write_database_url(database)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, f"{arguments}: {told.stdout}{told.stderr}"
    return told.stdout


def read_schema(database):
    told = subprocess.run(
        [find_postgres_program("pg_dump"), "--schema-only", f"--dbname={database['dbname']}"],
        env=os.environ | {"PGHOST": str(database["host"]), "PGPORT": str(database["port"]), "PGUSER": database["user"]},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return re.sub(r"\\(un)?restrict .*\n", "", told)


TABLES = """
    SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname <> 'django_migrations'
"""
RIGHTS = """
    SELECT app_label, model, codename, name FROM django_content_type
    LEFT JOIN auth_permission ON content_type_id = django_content_type.id
"""


def read_rows(database):
    """How many there are in each table, and what is said by those that Django makes, whose ids mean nothing."""
    with psycopg.connect(**database) as link:
        counts = {table: link.execute(f"SELECT count(*) FROM {table}").fetchone() for (table,) in link.execute(TABLES)}
        return counts, set(link.execute(RIGHTS)), set(link.execute(APPLIED))


# Where a squashed migration begins, what version 0.1 had, and half the way.
STOPS = [
    CUT,
    ("payments", "0005"),
    ("accounts", "0006"),
    ("services", "0002"),
    ("appointments", "0006"),
    ("organizations", "0009"),
    ("payments", "0010"),
    ("reach", "0006"),
]


# In the gate, models are compared, and that all else is repeated.
@pytest.mark.whole
def test_a_database_that_squashed_migrations_made_is_the_one_that_steps_made(databases):
    squashed, stepwise = databases
    said = migrate(squashed)
    assert "accounts.0002_squashed_" in said
    for stop in STOPS:
        migrate(stepwise, *stop, "--verbosity=0")
    said = migrate(stepwise)
    assert "payments.0011_void_payments_by_day" in said
    assert "_squashed_" not in said
    assert read_schema(squashed) == read_schema(stepwise)
    assert read_rows(squashed) == read_rows(stepwise)
    for database in databases:
        migrate(database, "--check")
