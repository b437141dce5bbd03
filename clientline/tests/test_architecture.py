"""The floors: imports go down only, stand at the top of their file, and modules are nouns."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLOORS = ["clientline", "organizations", "accounts", "services", "appointments", "payments"]
MODULES = sorted(path for floor in FLOORS for path in (ROOT / floor).rglob("*.py"))
MIGRATIONS = [path for path in MODULES if path.parent.name == "migrations"]
TESTS = [path for path in MODULES if "tests" in path.parts]
CODE = [path for path in MODULES if path not in TESTS and path not in MIGRATIONS]

# What puts the apps together: nobody below imports it.
ROOF = (
    "clientline/apps.py",
    "clientline/backoffice/",
    "clientline/demo/",
    "clientline/management/",
    "clientline/privacy/",
    "clientline/urls.py",
)


def relative(path):
    return path.relative_to(ROOT).as_posix()


def imports(tree):
    """(node, full name) of everything imported anywhere in the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node, node.module or "."
        elif isinstance(node, ast.Import):
            yield from ((node, name.name) for name in node.names)


def tree_of(path):
    return ast.parse(path.read_text(), str(path))


def test_there_is_something_to_look_at():
    assert len(CODE) > 50
    assert len(MIGRATIONS) > 5


@pytest.mark.parametrize("floor", FLOORS)
def test_imports_go_down_only(floor):
    upper = FLOORS[FLOORS.index(floor) + 1 :]
    found = [
        (relative(path), name)
        for path in CODE
        if path.parts[len(ROOT.parts)] == floor and not relative(path).startswith(ROOF)
        for _, name in imports(tree_of(path))
        if name.split(".")[0] in upper
    ]
    assert found == []


def test_factories_import_factories_of_lower_floors_only():
    for path in TESTS:
        if path.name != "factories.py":
            continue
        own = FLOORS.index(path.parts[len(ROOT.parts)])
        for _, name in imports(tree_of(path)):
            assert name.split(".")[0] not in FLOORS[own + 1 :], (relative(path), name)


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


def test_imports_stand_at_the_top_of_their_file():
    found = [
        (relative(path), function.name)
        for path in [*CODE, *TESTS, *ROOT.glob("*.py")]
        for function in functions(tree_of(path))
        if list(imports(function)) and not (path.name == "apps.py" and function.name == "ready")
    ]
    assert [each for each in found if each[0] != "manage.py"] == []


def test_migrations_import_no_app():
    allowed = {"django", "clientline"} | sys.stdlib_module_names
    found = {(relative(path), name) for path in MIGRATIONS for _, name in imports(tree_of(path))}
    assert {each for each in found if each[1].split(".")[0] not in allowed} == set()


def test_modules_are_called_by_what_they_own():
    empty_names = {"services.py", "utils.py", "helpers.py", "common", "core", "common.py", "core.py", "misc.py"}
    parts = {part for path in MODULES for part in path.relative_to(ROOT).parts}
    assert parts & empty_names == set()


def test_the_top_level_is_the_users_design():
    packages = {path.parent.name for path in ROOT.glob("[!.]*/*.py")}
    assert packages - {"benchmarks"} == set(FLOORS)


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
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os"
    }
    embedded = {name for name in readers if "postgres" in name}
    assert readers - embedded <= launchers


def test_no_file_outgrows_its_reader():
    long = {relative(path): lines for path in MODULES if (lines := len(path.read_text().splitlines())) > 600}
    assert long == {}
