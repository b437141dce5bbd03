"""The catalogues of texts: what is marked in code and templates, and the German beside it.

`manage.py catalogues` brings them up to date. Neither GNU gettext nor a database is needed.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import normalize, read_po
from django.apps import apps
from django.conf import settings
from django.utils.translation.template import templatize

from clientline.names import list_names

# The folders with a catalogue. What lies in one of them belongs to the innermost.
ROOMS = ("clientline/reach", "clientline", "organizations", "accounts", "services", "appointments", "payments")
LANGUAGE = "de"
MADE = datetime(2026, 1, 1, tzinfo=UTC)
HEADER = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Language: de\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n'
)
# What marks a text, and what its first arguments are. `_` is what one of these is imported as.
MARKS = {"gettext": "s", "gettext_noop": "s", "ngettext": "sp", "pgettext": "cs", "npgettext": "csp"}
# Of what is marked elsewhere, by `gettext_noop`.
LOOK_UPS = (ast.Name, ast.Attribute, ast.Subscript)
IN_TEMPLATE = re.compile(r"\bn?p?gettext\(")
PLACEHOLDERS = re.compile(r"%\((\w+)\)[sd]|(?<!\{)\{(\w*)\}|%[sd]")


@dataclass(frozen=True, order=True)
class Text:
    """A marked text; `plural` and `context` are '' where it has none."""

    text: str
    context: str = ""
    plural: str = field(default="", compare=False)


def list_sources(room: str) -> list[Path]:
    """The modules and templates of the room that a catalogue belongs to, without tests and migrations."""
    root = settings.BASE_DIR / room
    found = [*root.rglob("*.py"), *root.rglob("*.html")]
    return sorted(path for path in found if find_room(path) == room and not {"tests", "migrations"} & {*path.parts})


def find_room(path: Path) -> str:
    """The folder whose catalogue has the texts of this file; '' for none."""
    name = path.relative_to(settings.BASE_DIR).as_posix()
    return next((room for room in ROOMS if name.startswith(f"{room}/")), "")


def list_marked(path: Path) -> Iterator[Text]:
    """The texts that are marked in a module or template. Raises ValueError where one is not written out."""
    source = path.read_text()
    if path.suffix == ".py":
        if "gettext" in source:  # as each mark is called where it is imported; to read code is dear
            yield from _list_in_code(ast.parse(source), str(path))
        return
    # One line: what surrounds the marks keeps its blanks, which as indentation would mean something.
    made = templatize(source, origin=str(path)).replace("\n", " ")
    for mark in IN_TEMPLATE.finditer(made):
        yield from _list_in_code(_parse_call(made, mark.start()), str(path))


def _parse_call(text: str, start: int) -> ast.Module:
    """The call that begins there; it ends at the first bracket with which it can be read."""
    for end in re.finditer(r"\)", text[start:]):
        try:
            return ast.parse(text[start : start + end.end()])
        except SyntaxError:
            continue
    raise ValueError(f"A mark does not end: {text[start : start + 80]}")


def _list_in_code(tree: ast.AST, place: str) -> Iterator[Text]:
    aliases = find_aliases(tree)
    for node in ast.walk(tree):
        mark = find_mark(node, aliases)
        if mark and isinstance(node, ast.Call) and not isinstance(node.args[0], LOOK_UPS):
            yield _read_call(node, mark, place)


def find_aliases(tree: ast.AST) -> dict[str, str]:
    """By the names that a module uses for the marks, what they are."""
    named = [each for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for each in node.names]
    marks = {each.asname or each.name: each.name.removesuffix("_lazy") for each in named}
    return {name: name for name in MARKS} | {alias: mark for alias, mark in marks.items() if mark in MARKS}


def find_mark(node: ast.AST, aliases: dict[str, str]) -> str:
    """Which mark is called here; '' for anything else."""
    if not isinstance(node, ast.Call):
        return ""
    name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
    return aliases.get(name, name.removesuffix("_lazy") if name.removesuffix("_lazy") in MARKS else "")


def _read_call(node: ast.Call, mark: str, place: str) -> Text:
    given = [each.value if isinstance(each, ast.Constant) else None for each in node.args[: len(MARKS[mark])]]
    if len(given) < len(MARKS[mark]) or not all(isinstance(each, str) and each for each in given):
        raise ValueError(f"{place}:{node.lineno}: a marked text has to be written out: {ast.unparse(node)}")
    parts = dict(zip(MARKS[mark], map(str, given), strict=True))
    return Text(parts["s"], parts.get("c", ""), parts.get("p", ""))


def list_marked_in(room: str) -> dict[Text, Text]:
    """Every text of a room once, those with a plural before those without, and what its models are called."""
    found = [text for path in list_sources(room) for text in list_marked(path)]
    found += [Text(name) for path, name in list_names(apps) if find_room(path) == room]
    return {text: text for text in sorted(found, key=lambda text: (text, text.plural))}


def find_catalogue(room: str) -> Path:
    return settings.BASE_DIR / room / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"


def read_catalogue(room: str) -> dict[Text, tuple[str, ...]]:
    """What each text is in German, in the singular and where it has one in the plural."""
    path = find_catalogue(room)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {take_text(message): take_strings(message) for message in read_po(file) if message.id}


def take_text(message: Message) -> Text:
    """What a message of babel's says."""
    text, plural = message.id if isinstance(message.id, (tuple, list)) else (message.id, "")
    return Text(text, message.context or "", plural)


def take_strings(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if isinstance(message.id, (tuple, list)) else (message.string,)


def renew(room: str, *, prune: bool = False) -> list[Text]:
    """Give the catalogue of a room the texts that are marked there, with German that another has for them.

    Others are taken out by `prune`. Returns those without German.
    """
    texts, known = list_marked_in(room), {}
    for each in (*ROOMS, room):
        known |= {text: strings for text, strings in read_catalogue(each).items() if all(strings)}
    if not prune:
        texts = {text: text for text in read_catalogue(room)} | texts
    strings = {text: _fit(known.get(text, ()), text) for text in sorted(texts.values())}
    path = find_catalogue(room)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *(_write_entry(*each) for each in strings.items())]))
    compile_catalogue(room)
    return [text for text, each in strings.items() if not all(each)]


def _fit(strings: tuple[str, ...], text: Text) -> tuple[str, ...]:
    wanted = 2 if text.plural else 1
    return strings if len(strings) == wanted else ("",) * wanted


def _write_entry(text: Text, strings: tuple[str, ...]) -> str:
    lines = [f"msgctxt {_quote(text.context)}"] if text.context else []
    lines.append(f"msgid {_quote(text.text)}")
    if text.plural:
        lines.append(f"msgid_plural {_quote(text.plural)}")
        lines += [f"msgstr[{number}] {_quote(each)}" for number, each in enumerate(strings)]
    else:
        lines.append(f"msgstr {_quote(strings[0])}")
    return "\n".join(lines) + "\n"


def _quote(text: str) -> str:
    return normalize(text, width=0)


def compile_catalogue(room: str) -> None:
    """Write the .mo that Django reads. Texts without German stay away, so that English is shown."""
    # With a date of now, the same texts would be another file each time.
    catalogue = Catalog(locale=LANGUAGE, charset="utf-8", creation_date=MADE, revision_date=MADE)
    for text, strings in read_catalogue(room).items():
        if all(strings):
            whole = text.plural and (text.text, text.plural)
            catalogue.add(whole or text.text, strings if whole else strings[0], context=text.context or None)
    with find_catalogue(room).with_suffix(".mo").open("wb") as file:
        write_mo(file, catalogue)


def list_placeholders(text: str) -> list[str]:
    """What a text names for values, in order; a translation names the same."""
    return sorted(match.group(0) for match in PLACEHOLDERS.finditer(text.replace("%%", "")))
