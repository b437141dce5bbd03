"""The house: what stands on what, in one list, and the rules that spare a reader a second look."""

import ast
import re
import sys
from configparser import ConfigParser
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import CharField, Q

# With what else reads all sources: what is found in them is kept.
pytestmark = pytest.mark.xdist_group("sources")
ROOT = Path(__file__).parents[2]
FLOORS = ["clientline", "organizations", "accounts", "services", "appointments", "payments"]
MODULES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
MIGRATIONS = [path for path in MODULES if path.parent.name == "migrations"]
TESTS = [path for path in MODULES if "tests" in path.parts]
CODE = sorted({*MODULES} - {*TESTS} - {*MIGRATIONS})

# From the ground up. A module imports from its own layer and from those above it in this list; rooms are named by
# how the dotted names of their modules begin, and the longest name that fits counts.
LAYERS = [
    # What models, domain modules and migrations stand on. Migrations name these, so their paths stay.
    [
        "clientline.callers",
        "clientline.columns",
        "clientline.constraints",
        "clientline.disclosure",
        "clientline.folding",
        "clientline.formats",
        "clientline.languages",
        "clientline.late_imports",
        "clientline.made_addresses",
        "clientline.operations",
        "clientline.problem_codes",
        "clientline.page_settings",
        "clientline.places",
        "clientline.redaction",
        "clientline.search_words",
        "clientline.squashing",
        "clientline.telephones",
        "clientline.zones",
    ],
    [
        "clientline.refusals",
        "clientline.currencies",
        "clientline.bookkeeping",
        "clientline.notations",
        "clientline.styles",
        "clientline.typed_dates",
        "clientline.typed_money",
        "clientline.wording",
        "clientline.names",
    ],
    ["clientline.configuration", "clientline.settings"],
    ["clientline.database", "clientline.postgres"],
    [
        "clientline.templatetags",
        "clientline.web",
        "clientline.apps",
        "clientline.catalogues",
        "clientline.command_line",
        "clientline.gunicorn_conf",
        "clientline.wsgi",
    ],
    ["clientline.api"],
    ["clientline.admin"],
    # The apps, each with the tables that it owns.
    ["organizations"],
    ["accounts"],
    ["services"],
    ["appointments.models", "appointments.ranges"],
    ["appointments.working_time"],
    ["appointments"],
    ["appointments.amendments"],
    # What every app has and puts its rooms together.
    [
        "appointments.apps",
        "appointments.invariants",
        "appointments.management",
        "appointments.receivers",
        "appointments.views",
    ],
    ["payments.taxes"],
    ["payments.bookkeeping"],
    ["payments"],
    # The roof puts the apps together; nobody below knows it.
    [
        "clientline.backoffice",
        "clientline.cells",
        "clientline.demo",
        "clientline.management",
        "clientline.privacy",
        "clientline.reach",
        "clientline.urls",
    ],
]
RANKS = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}

# What decides; it knows neither requests nor forms nor answers.
DOMAIN = """
    acquaintance audit availability balances booking changing contacts finding founding history lateness ledger
    offering origin people performing periods placing policy receipts reports series sessions tenancy tokens totals
    words
""".split()
DOMAIN_ROOMS = {"appointments/amendments", "appointments/working_time", "payments/bookkeeping"}
ROWS = {"appointment", "caller", "client", "organization", "person", "service", "staff", "user", "visit"}
WRITTEN_BY_TRIGGERS = {("Audit", "source")}
OUTSIDE_THE_DOMAIN = ("rest_framework", "django.http", "django.forms")


def relative(path):
    return path.relative_to(ROOT).as_posix()


def is_of_the_domain(path):
    """Whole rooms are, and in an app's own folder the modules named above."""
    folder = relative(path.parent)
    return folder in DOMAIN_ROOMS or (path.stem in DOMAIN and folder in FLOORS[1:])


INDENTED_IMPORT = re.compile(r"^ +(from|import) ", re.MULTILINE)


def imports(path):
    """(node, full name) of everything imported anywhere in the module."""
    tree = tree_of(path)
    # In few files, and to walk through a tree is dear.
    for node in ast.walk(tree) if INDENTED_IMPORT.search(path.read_text()) else tree.body:
        if isinstance(node, ast.ImportFrom):
            yield node, node.module or "."
        elif isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)


@cache
def tree_of(path):
    """Kept until `test_private_api.py` and `test_texts.py` have asked for it, too: to make them takes a second."""
    return ast.parse(path.read_text(), str(path))


def test_there_is_something_to_look_at():
    assert len(CODE) > 50
    assert len(MIGRATIONS) > 5


def dotted(path):
    return relative(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


NAMES = set(map(dotted, MODULES))


def rank_of(module):
    """The layer of a dotted name; None for what is not of the house."""
    fitting = [room for room in RANKS if f"{module}.".startswith(f"{room}.")]
    return RANKS[max(fitting, key=len)] if fitting else None


@cache
def imported_modules(path):
    """The modules of the house that this one imports, as dotted names."""
    found = set()
    for node in {node for node, _ in imports(path)}:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names} & NAMES
        elif node.module:
            whole = {f"{node.module}.{name.name}" for name in node.names}
            found |= whole & NAMES | ({node.module} if whole - NAMES else set())
    return found


def test_every_module_has_its_layer():
    assert [relative(path) for path in CODE if dotted(path) != "clientline" and rank_of(dotted(path)) is None] == []


@pytest.mark.sweep
def test_imports_go_down_only():
    found = [
        (relative(path), module)
        for path in CODE
        for module in imported_modules(path)
        if rank_of(module) is not None and rank_of(module) > rank_of(dotted(path))
    ]
    assert found == []


def test_no_two_modules_need_each_other():
    needs = {dotted(path): set(imported_modules(path)) - {dotted(path)} for path in CODE}
    while leaves := {module for module, needed in needs.items() if not needed & needs.keys()}:
        needs = {module: needed for module, needed in needs.items() if module not in leaves}
    assert needs == {}


def test_the_domain_knows_neither_requests_nor_forms():
    found = [
        (relative(path), name)
        for path in CODE
        if is_of_the_domain(path)
        for _, name in imports(path)
        if name.startswith(OUTSIDE_THE_DOMAIN)
    ]
    assert found == []


def test_what_decides_is_typed_strictly():
    """mypy looks closely at the files it is given, and only reads all others."""
    config = ConfigParser()
    config.read(ROOT / "mypy.ini")
    strict = [name.strip() for name in config["mypy"]["files"].split(",")]
    rooms = ("clientline/database/", "clientline/api/reading.py", "clientline/currencies.py", "clientline/refusals.py")
    found = [
        name
        for path in CODE
        if (name := relative(path)).startswith(rooms) or is_of_the_domain(path)
        if not any(name == each or name.startswith(f"{each}/") for each in strict)
    ]
    assert (found, [each for each in strict if not (ROOT / each).exists()]) == ([], [])


def test_no_code_leans_on_tests():
    found = [(relative(path), name) for path in CODE for name in imported_modules(path) if ".tests" in name]
    assert found == []


def ways_back_up(app):
    """The names by which a row of this app, or of one below, reaches rows of higher apps."""
    height = FLOORS.index(app)
    return {
        relation.get_accessor_name()
        for model in apps.get_models()
        if model._meta.app_label in FLOORS[: height + 1]
        for relation in model._meta.related_objects
        if relation.related_model._meta.app_label in FLOORS[height + 1 :]
    }


@pytest.mark.parametrize("app", ["accounts", "services", "appointments"])
def test_no_way_back_from_a_row_leads_up(app):
    """What refers to a row from above is asked for above."""
    ways = ways_back_up(app)
    found = [
        (relative(path), f"{node.value.id}.{node.attr}")
        for path in CODE
        if dotted(path).startswith(f"{app}.")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in ways
        if node.value.id in ROWS
    ]
    assert (ways != set(), found) == (True, [])


def choices_in_the_database(model):
    """By field, the values that a constraint of its own permits."""
    conditions = [getattr(each, "condition", None) for each in model._meta.constraints]
    return {
        lookup.removesuffix("__in"): set(values)
        for condition in conditions
        if isinstance(condition, Q) and len(condition.children) == 1 and not condition.negated
        for lookup, values in [each for each in condition.children if isinstance(each, tuple)]
        if lookup.endswith("__in")
    }


def test_what_a_column_may_hold_is_said_alike_in_python_and_in_the_database():
    unlike = [
        (model.__name__, field.name)
        for model in apps.get_models()
        if model._meta.app_label in FLOORS
        for field in model._meta.concrete_fields
        if field.choices and isinstance(field, CharField) and (model.__name__, field.name) not in WRITTEN_BY_TRIGGERS
        if {value for value, _ in field.flatchoices} | ({""} if field.blank else set())
        != choices_in_the_database(model).get(field.name)
    ]
    assert unlike == []


def test_factories_import_factories_of_lower_floors_only():
    for path in TESTS:
        if path.name != "factories.py":
            continue
        own = FLOORS.index(path.parts[len(ROOT.parts)])
        for _, name in imports(path):
            assert name.split(".")[0] not in FLOORS[own + 1 :], (relative(path), name)


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_imports_stand_at_the_top_of_their_file():
    found = [
        (relative(path), function.name)
        for path in [*CODE, *TESTS, *ROOT.glob("*.py")]
        if INDENTED_IMPORT.search(path.read_text())
        for function in functions(tree_of(path))
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
        and not (path.name == "apps.py" and function.name == "ready")
    ]
    assert [each for each in found if each[0] != "manage.py"] == []


def test_migrations_import_no_app():
    allowed = {"django", "clientline"} | sys.stdlib_module_names
    found = {(relative(path), name) for path in MIGRATIONS for _, name in imports(path)}
    assert {each for each in found if each[1].split(".")[0] not in allowed} == set()


def test_modules_are_called_by_what_they_own():
    empty_names = {"services.py", "utils.py", "helpers.py", "common", "core", "common.py", "core.py", "misc.py"}
    parts = {part for path in MODULES for part in path.relative_to(ROOT).parts}
    assert parts & empty_names == set()


def test_the_top_level_is_the_users_design():
    packages = {path.parent.name for path in ROOT.glob("[!.]*/*.py")}
    assert packages - {"benchmarks", "docs"} == set(FLOORS)  # docs/conf.py is Sphinx's


def attribute_chain(node):
    names = []
    while isinstance(node, (ast.Attribute, ast.Call)):
        if isinstance(node, ast.Attribute):
            names.append(node.attr)
        node = node.value if isinstance(node, ast.Attribute) else node.func
    return names[::-1]


def test_views_take_no_rows_without_their_scope():
    found = [
        (relative(path), node.lineno)
        for path in CODE
        if path.name in ("views.py", "viewsets.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and attribute_chain(node)[-2:] == ["objects", "all"]
    ]
    assert found == []


def test_settings_alone_reads_the_environment():
    launchers = {
        "clientline/settings.py",
        "clientline/configuration.py",
        "clientline/gunicorn_conf.py",
        "clientline/wsgi.py",
    }
    readers = {
        relative(path)
        for path in CODE
        if "environ" in (text := path.read_text()) or "getenv" in text
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os"
    }
    starters = ("clientline/demo/", "clientline/cells/")
    starting_programs = {name for name in readers if "postgres" in name or name.startswith(starters)}
    assert readers - starting_programs <= launchers


def test_no_file_outgrows_its_reader():
    long = {relative(path): lines for path in MODULES if (lines := len(path.read_text().splitlines())) > 600}
    assert long == {}
