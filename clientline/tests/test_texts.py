"""Every text for people is marked, has German, and the German names what the English names."""

from collections import defaultdict
from functools import cache

import pytest
from babel.messages.mofile import read_mo
from django.conf import settings

from clientline import catalogues
from clientline.tests import unmarked
from clientline.tests.test_architecture import tree_of

pytestmark = pytest.mark.xdist_group("sources")
FINDERS = {".py": unmarked.find_in_module, ".html": unmarked.find_in_template, ".js": unmarked.find_in_script}
# For programs and who writes them, for whoever runs the server, or stored: in English.
NOT_FOR_PAGES = (
    "clientline/api/",
    "clientline/backoffice/look.py",  # in development
    "clientline/catalogues.py",
    "clientline/cells/",
    "clientline/command_line.py",
    "clientline/configuration.py",
    "clientline/database/invariants.py",
    "clientline/database/prepared.py",
    "clientline/database/turns.py",
    "clientline/demo/",
    "clientline/gunicorn_conf.py",
    "clientline/operations.py",
    "clientline/postgres/",
    "clientline/problem_codes.py",
    "clientline/privacy/",
    "clientline/redaction.py",
    "clientline/settings.py",
    "clientline/templates/admin/backoffice/look.html",
    "clientline/templates/clientline/",
    "clientline/web/logs.py",
    "clientline/web/metrics.py",
    "clientline/web/probes.py",
    "clientline/web/problem_pages.py",
    "organizations/replica.py",
    "clientline/web/worker.py",
)
# The words of files that other programs read, in English or as these want them.
FILES_FOR_PROGRAMS = (
    "appointments/answers.py",
    "appointments/parameters.py",
    "clientline/reach/webhooks/document.py",
    "clientline/reach/worker.py",
    "organizations/incoming.py",
    "organizations/policy.py",
    "organizations/transfer",
    "payments/bookkeeping/datev.py",
    "payments/bookkeeping/movement_files.py",
    "payments/gateways/",
)
# Texts that clients get, in either language side by side; and what a provider said, as it is stored.
STORED_OR_BOTH = ("clientline/reach/messages/wordings.py", "clientline/reach/messages/delivery/sms.py")
NAMES_NOT_FOR_PAGES = ("serializers.py", "filters.py", "invariants.py", "apps.py")


def is_for_pages(path):
    name = path.relative_to(settings.BASE_DIR).as_posix()
    aside = {"tests", "migrations", "management", "locale"} & {*path.parts} or path.name in NAMES_NOT_FOR_PAGES
    return not aside and not name.startswith(NOT_FOR_PAGES + FILES_FOR_PROGRAMS + STORED_OR_BOTH)


def list_unmarked():
    found = defaultdict(list)
    for app in ("clientline", "accounts", "organizations", "services", "appointments", "payments"):
        for path in sorted((settings.BASE_DIR / app).rglob("*")):
            if path.suffix in FINDERS and is_for_pages(path):
                for line, text in FINDERS[path.suffix](path):
                    found[path.relative_to(settings.BASE_DIR).as_posix()].append(f"{line}: {text}")
    tree_of.cache_clear()  # 70 MB
    return found


@pytest.mark.sweep
def test_every_text_for_people_is_marked():
    assert list_unmarked() == {}


read_catalogue = cache(catalogues.read_catalogue)


@pytest.mark.sweep
@pytest.mark.parametrize("room", catalogues.ROOMS)
def test_every_marked_text_has_german(room):
    known = read_catalogue(room)
    marked = catalogues.list_marked_in(room)
    missing = [text for text in marked if text not in known]
    empty = [text for text, strings in known.items() if not all(strings)]
    gone = [text for text in known if text not in marked]
    assert (missing, empty, gone) == ([], [], [])


def test_german_names_what_english_names():
    unlike = [
        (text.text, string)
        for room in catalogues.ROOMS
        for text, strings in read_catalogue(room).items()
        for string in strings
        if string and catalogues.list_placeholders(string) not in list_possible_placeholders(text)
    ]
    assert unlike == []


def list_possible_placeholders(text):
    return [catalogues.list_placeholders(each) for each in (text.text, text.plural) if each]


def test_what_is_compiled_is_what_is_written():
    for room in catalogues.ROOMS:
        path = catalogues.find_catalogue(room).with_suffix(".mo")
        with path.open("rb") as file:
            compiled = {catalogues.take_text(each): catalogues.take_strings(each) for each in read_mo(file) if each.id}
        written = {text: strings for text, strings in read_catalogue(room).items() if all(strings)}
        assert compiled == written, room


def test_a_text_is_the_same_german_in_every_room():
    """Django reads all catalogues as one."""
    said = defaultdict(set)
    for room in catalogues.ROOMS:
        for text, strings in read_catalogue(room).items():
            said[text].add(strings[0])
    assert {text: strings for text, strings in said.items() if len(strings - {""}) > 1} == {}


TEMPLATE = """{% load i18n %}<p title="Say it">{% translate "Marked" %} {{ value }} kg</p>
{% blocktranslate %}Marked too{% endblocktranslate %}<b>\
{% if x %}Bare{% endif %}</b><input type="submit" value="Send">"""


def test_what_is_not_marked_in_a_template_is_found(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(TEMPLATE)
    assert [text for _, text in unmarked.find_in_template(path)] == ["Say it", "Send", "0 0 kg", "0Bare0"]


MODULE = '''
"""A docstring."""
from django.utils.translation import gettext as _
class Color(TextChoices):
    RED = "red"
class Refusal(Refused):
    detail = "Taken"
field = Field(label="Name", help_text=_("Whole"), name="not this one")
text = f"Moved to {moment} now"
logger.warning("For the log only")
messages.error(request, "No")
'''


def test_what_is_not_marked_in_a_module_is_found(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(MODULE)
    found = sorted(unmarked.find_in_module(path))
    assert found == [(4, "labels of Color"), (7, "Taken"), (8, "Name"), (9, "Moved to "), (11, "No")]


SCRIPT = """tell("Nothing was sent."); node.className = "button quiet"; tell(`Wait ${n} more`); // Not this one
"""


def test_what_a_script_says_itself_is_found(tmp_path):
    path = tmp_path / "page.js"
    path.write_text(SCRIPT)
    assert [text for _, text in unmarked.find_in_script(path)] == ["Nothing was sent.", "Wait 0 more"]
