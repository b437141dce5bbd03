"""The documents say what is: paths, access table, configuration, version, and a tour that really works."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from clientline.tests.importing import APPS
from organizations import policy

ROOT = settings.BASE_DIR
pytestmark = pytest.mark.xdist_group("house")  # which begins with a first start, too
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PAGES = {path.read_text().partition("\n")[0]: path.read_text() for path in DOCUMENTS}
READ_FROM_ENVIRONMENT = re.compile(r'(?:\benv(?:\.\w+)?\(|environ\.get\(|environ\[)\s*"(\w+)"(?!\]\s*=[^=])')
STEP = re.compile(r"^```bash\n(.*?)^```$(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
END_OF_STEP = "--- end of step ---"


def section(title):
    """The page of this title."""
    return PAGES[f"# {title}"]


def table(title, first):
    """The lines of the table in that section whose first column is called `first`."""
    lines = section(title).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first} |"))
    end = next((number for number in range(start, len(lines)) if not lines[number].startswith("|")), len(lines))
    return lines[start:end]


def as_row(*cells):
    return f"| {' | '.join(cells)} |"


def names(text):
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


# The map


def test_every_path_of_the_map_exists():
    rows = [line.split("|")[2:4] for line in table("Where is it?", "question")[2:]]
    rows += [line.split("|")[2:3] for line in table("In production", "promise")[2:]]
    assert len(rows) > 10
    assert all(names(cell) for row in rows for cell in row)
    assert [path for row in rows for cell in row for path in names(cell) if not (ROOT / path).exists()] == []


def test_the_glossary_says_where_each_word_lives():
    rows = [line.split("|")[1:4] for line in (ROOT / "docs/contributors/glossary.md").read_text().splitlines()[6:]]
    assert len(rows) > 25
    assert [word for word, _, places in rows if not names(places)] == []
    assert [path for *_, places in rows for path in names(places) if not (ROOT / path).is_file()] == []
    assert [word.strip() for word, *_ in rows] == sorted(word.strip() for word, *_ in rows)


def test_every_link_to_a_file_resolves():
    for document in DOCUMENTS:
        links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", document.read_text())
        assert [link for link in links if not (document.parent / link).exists()] == [], document


def test_the_readme_is_one_screen():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 60


def build_site(builder, directory):
    # -W: what Sphinx warns of, as a page that no table of contents names, is an error.
    build = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", builder, "docs", str(directory)]
    result = subprocess.run(build, cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.sweep
def test_the_site_builds_without_a_warning(tmp_path):
    build_site("dummy", tmp_path / "site")  # which reads and links every page, and writes none


@pytest.mark.whole  # above, all is asked but what the theme makes of it
def test_the_site_has_every_page_and_needs_no_other(tmp_path):
    build_site("html", tmp_path / "site")
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    assert len(pages) > 10
    assert [page for page in pages if not (tmp_path / "site" / page).exists()] == []
    own = re.compile(r'(?:src|<link[^>]*href)="https?://')
    assert [page for page in pages if own.search((tmp_path / "site" / page).read_text())] == []


# What is written down twice


def test_the_access_table_is_the_policy():
    columns = as_row("resource", "action", *policy.ROLES, policy.GUEST, "operator")
    rows = [as_row(", ".join(resources), ", ".join(actions), *scopes) for resources, actions, *scopes in policy.TABLE]
    assert table("Who may do what", "resource") == [columns, "|---" * 8 + "|", *rows]


def test_the_scopes_of_tokens_are_the_policy():
    def beyond_reading(scope):
        named = [
            resource if actions is None else f"{resource}: {', '.join(actions)}, and clients only"
            for resource, actions in policy.BOOKING.items()
        ]
        return {policy.READ: "nothing", policy.BOOK: "; ".join(named), policy.MANAGE: "all that the role may"}[scope]

    rows = [as_row(scope, beyond_reading(scope)) for scope in policy.TOKEN_SCOPES]
    assert table("Who may do what", "scope")[2:] == rows


def test_the_configuration_table_and_the_example_name_every_variable_that_is_read():
    sources = [path for app in APPS for path in (ROOT / app).rglob("*.py") if not {"tests", "demo"} & set(path.parts)]
    read = {name for path in sources for name in READ_FROM_ENVIRONMENT.findall(path.read_text())}
    described = {names(line)[0] for line in table("Configuration", "variable")[2:]}
    example = set(re.findall(r"^(?:# )?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert {"DATABASE_URL", "PG_BINDIR"} < read
    assert (described, example) == (read, read)


def test_the_newest_change_is_of_this_version():
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == settings.VERSION


# The tour


def matches(printed, expected):
    """Whether a line is as the page shows it, where … stands for anything."""
    return re.fullmatch(".*".join(map(re.escape, expected.split("…"))), printed)


@pytest.mark.faults
def test_the_tour_prints_what_the_readme_says(served):
    steps = STEP.findall(section("A tour of the API"))
    script = "".join(f"{commands}echo '{END_OF_STEP}'\n" for commands, _ in steps)
    script = script.replace(".venv/bin/python ", f"{sys.executable} ")  # another one where the suite runs on the next
    bash = ["bash", "-euo", "pipefail", "-c", script]
    # Where python3 is a script that looks for one, as pyenv's, each of its starts takes five times as long.
    served["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), served["PATH"]])
    result = subprocess.run(bash, cwd=ROOT, env=served, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    outputs = result.stdout.split(f"{END_OF_STEP}\n")
    assert (result.returncode, len(outputs)) == (0, len(steps) + 1), result.stdout
    for (_, shown), output in zip(steps, outputs, strict=False):
        printed, expected = [[line.strip() for line in text.splitlines() if line.strip()] for text in (output, shown)]
        assert len(printed) == len(expected), output
        assert [pair for pair in zip(printed, expected, strict=True) if not matches(*pair)] == []
