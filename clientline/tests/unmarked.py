"""Finding texts for people that nobody marked for translation: in modules, templates and scripts."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.template.base import Lexer, TokenType

from clientline.catalogues import find_aliases, find_mark
from clientline.tests.test_architecture import tree_of

# Two words after each other: what code names has no blanks, but for the languages below.
PROSE = re.compile(r"[A-Za-zÄÖÜäöüß'’]{2,}[,.:;!?]? (?:[\w'’(%{]|–)")
WORD = re.compile(r"[A-Za-zÄÖÜäöüß]{2,}")
OTHER_LANGUAGES = re.compile(
    r"^[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH|CREATE|ALTER|DROP|SET|LOCK|EXPLAIN|COPY|NOTIFY|TRUNCATE|BEGIN|COMMIT)\b"
    r"|^(tuple|list|dict)\[|^\s*<[a-zA-Z/]|^[EMdyH ,]+$|default-src|noopener noreferrer|no-store|::|\bM \d"
    r"|\b(AND|OR|NULL|FROM|WHERE|JOIN|LIMIT|CASE|FILTER|UNION ALL|ON CONFLICT|GROUP BY|ORDER BY|SELECT|DATE|ARRAY)\b"
    r"|\b(ADD CONSTRAINT|FOREIGN KEY|EXISTS|FOR NO KEY)\b"
    r"|^\) AS \w|\b(IN|NULLIF|coalesce) ?\(|^ \(\w+, \w+\)|^\w+\.\w+$|^timestamp without"
    # Headers of HTTP, style, and lists of words in which other programs name columns.
    r"|^(text|application|attachment)[/;]|^private, no-cache|^[A-Z,\s]+$|^:root|^<!doctype|(;\s+[^;.]+){3}"
)
BRANDS = {"ClientLine", "DATEV"}
# Told to programmers, operators and commands, or to the log.
OTHER_EARS = {
    "logger",
    "logging",
    "metrics",
    "stdout",
    "stderr",
    "add_argument",
    "CommandError",
    "ImproperlyConfigured",
    "ValueError",
    "TypeError",
    "KeyError",
    "RuntimeError",
    "LookupError",
    "AssertionError",
    "NotImplementedError",
    "SuspiciousOperation",
    "TemplateSyntaxError",
    "compile",
    "RunSQL",
    "Written",
    "Prepared",
    "execute",
    "Index",
    "Name",
    "DoesNotExist",
    "Unconfined",
    "TooFarBehind",
    "notes",
    "filterwarnings",
    "mark",
    "log_change",
    "record_event",
    "extend_schema",
    "OpenApiParameter",
}
# What is for people under these names even where it is one word: arguments, attributes of classes, keys of dicts.
NAMES_OF_TEXTS = {
    "title",
    "label",
    "labels",
    "heading",
    "question",
    "description",
    "short_description",
    "verbose_name",
    "verbose_name_plural",
    "help_text",
    "help_texts",
    "detail",
    "empty_label",
    "empty_value_display",
    "violation_error_message",
    "site_header",
    "site_title",
    "index_title",
    "placeholder",
    "aria-label",
    "subtitle",
}
# By the functions that take them, the places of arguments that are texts.
PLACES_OF_TEXTS = {
    "ValidationError": (0,),
    "Link": (0,),
    "Move": (0,),
    "success": (1,),
    "error": (1,),
    "info": (1,),
    "warning": (1,),
    "message_user": (1,),
    "add_error": (1,),
}
# For commands, stored, or what other programs write and read.
NOT_SHOWN = {
    "help",
    "_ALIASES",
    "HEADINGS",
    "_YES",
    "BARE",
    "LAST_MOVE",
    "BY_REFERENCE",
    "STATEMENTS",
    "UNDONE",
    "EXAMPLE",
}
CHOICES = {"TextChoices", "IntegerChoices"}
ATTRIBUTES = re.compile(r"\s(title|placeholder|aria-label|alt|label|value|content|data-[\w-]+)=\"([^\"]*)\"")
SHOWN_VALUES = re.compile(r"<input[^>]*type=\"(?:submit|button|reset)\"")


def find_in_module(path: Path) -> Iterator[tuple[int, str]]:
    """`(line, text)` of what is a text for people in a module, and is not marked."""
    tree = tree_of(path)
    aliases = find_aliases(tree)
    parents = _find_parents(tree)
    for node in parents:  # all but the module itself, in the order of a walk, which is dear
        if isinstance(node, ast.ClassDef) and _has_bare_choices(node):
            yield node.lineno, f"labels of {node.name}"
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
            continue
        if node.value in list_told_elsewhere():
            continue
        if _is_text(node, parents) and not _is_exempt(node, parents, aliases):
            yield node.lineno, node.value


def _find_parents(tree: ast.AST) -> dict:
    """By each node the one above it, in one walk."""
    parents, nodes = {}, [tree]
    for node in nodes:
        children = list(ast.iter_child_nodes(node))
        parents.update(dict.fromkeys(children, node))
        nodes += children
    return parents


@cache
def list_told_elsewhere() -> set[str]:
    """Words by which code tells things apart: `gettext_noop` marks them once, and they are translated when shown."""
    calls = [
        node
        for path in Path(__file__).parents[1].rglob("*.py")
        if "gettext_noop" in path.read_text()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and _name_function(node) == "gettext_noop"
    ]
    return {ast.literal_eval(call.args[0]) for call in calls}


def _has_bare_choices(node: ast.ClassDef) -> bool:
    bases = {getattr(each, "attr", getattr(each, "id", "")) for each in node.bases}
    values = [each.value for each in node.body if isinstance(each, ast.Assign)]
    return bool(bases & CHOICES) and any(not isinstance(each, ast.Tuple) for each in values)


def _is_text(node: ast.Constant, parents: dict) -> bool:
    if PROSE.search(node.value):
        return not OTHER_LANGUAGES.search(node.value)
    return bool(WORD.search(node.value)) and node.value not in BRANDS and _is_named_as_text(node, parents)


def _is_named_as_text(node: ast.AST, parents: dict) -> bool:
    parent, child = parents.get(node), node
    while isinstance(parent, (ast.JoinedStr, ast.IfExp, ast.BoolOp)):
        if isinstance(parent, ast.IfExp) and parent.test is child:
            return False
        parent, child = parents.get(parent), parent
    if isinstance(parent, ast.keyword):
        return parent.arg in NAMES_OF_TEXTS
    if isinstance(parent, ast.Assign):
        return any(getattr(each, "id", getattr(each, "attr", "")) in NAMES_OF_TEXTS for each in parent.targets)
    if isinstance(parent, ast.Dict) and child in parent.values:
        return _is_key_of_text(parent, child) or _is_named_as_text(parent, parents)
    if isinstance(parent, ast.Call) and child in parent.args:
        return parent.args.index(child) in PLACES_OF_TEXTS.get(_name_function(parent), ())
    return False


def _is_key_of_text(parent: ast.Dict, child: ast.AST) -> bool:
    key = parent.keys[parent.values.index(child)]
    return isinstance(key, ast.Constant) and key.value in NAMES_OF_TEXTS and ast.unparse(child) != ast.unparse(key)


def _name_function(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _is_exempt(node: ast.AST, parents: dict, aliases: dict) -> bool:
    child, parent = node, parents.get(node)
    if isinstance(parent, ast.Expr):  # a docstring
        return True
    while parent is not None:
        if find_mark(parent, aliases):
            return True
        if isinstance(parent, ast.Call) and child is not parent.func and _names_in(parent.func) & OTHER_EARS:
            return True
        if isinstance(parent, ast.keyword) and parent.arg in ("help", "name", "code", "reason"):
            return True
        if isinstance(parent, ast.Assign) and _list_targets(parent) & NOT_SHOWN:
            return True
        if isinstance(parent, ast.Compare) or (isinstance(parent, ast.Subscript) and child is parent.slice):
            return True
        child, parent = parent, parents.get(parent)
    return False


def _list_targets(node: ast.Assign) -> set[str]:
    return {each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)}


def _names_in(node: ast.AST) -> set[str]:
    return {
        each.id if isinstance(each, ast.Name) else each.attr
        for each in ast.walk(node)
        if isinstance(each, (ast.Name, ast.Attribute))
    }


def find_in_template(path: Path) -> Iterator[tuple[int, str]]:
    """`(line, text)` of what stands in a template outside of its marks."""
    text = re.sub(r"<!--.*?-->|<style.*?</style>", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"{% block (bodyclass|coltype|robots) %}.*?{% endblock %}|<meta [^>]*>", "", text)
    page, is_inside = [], ""
    for token in Lexer(text).tokenize():
        kind, words = token.token_type, token.contents.split()
        if kind == TokenType.BLOCK and words:
            if not is_inside and words[0] in ("blocktranslate", "blocktrans", "comment", "verbatim"):
                is_inside = f"end{words[0]}"
            elif not is_inside and words[:2] == ["block", "bodyclass"]:
                is_inside = "endblock"
            elif words[0] == is_inside:
                is_inside = ""
            page.append(_find_in_tag(token))
        elif kind == TokenType.TEXT and not is_inside:
            page.append(token.contents)
        else:
            page.append("\n" * token.contents.count("\n") if is_inside else "0")
    yield from _find_in_page("".join(page))


def _find_in_tag(token) -> str:
    """Texts that a tag is given, like {% firstof %}'s or {% include %}'s, on the page as text."""
    if token.contents.split()[0] in (
        "translate",
        "trans",
        "load",
        "url",
        "static",
        "extends",
        "if",
        "elif",
        "for",
        "cycle",
        "blocktranslate",
        "comment",
    ):
        return "0"
    found = [each for each in re.findall(r"\"([^\"]*)\"", token.contents) if PROSE.search(each)]
    return f">{'; '.join(found)}<" if found else "0"


def _find_in_page(page: str) -> Iterator[tuple[int, str]]:
    without_scripts = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    for tag in re.finditer(r"<[a-zA-Z][^<>]*>", without_scripts):
        for name, value in ATTRIBUTES.findall(tag.group()):
            shown = name != "value" or SHOWN_VALUES.search(tag.group())
            shown = shown and (
                PROSE.search(value) if name.startswith("data-") or name == "content" else WORD.search(value)
            )
            if shown and "://" not in value:
                yield without_scripts.count("\n", 0, tag.start()) + 1, value
    for text in re.finditer(r"(?:^|>)([^<>]+)", re.sub(r"<code>.*?</code>", "", without_scripts, flags=re.DOTALL)):
        words = re.sub(r"&\w+;|\bms\b", "", text.group(1))
        if WORD.search(words.replace("ClientLine", "")):
            yield without_scripts.count("\n", 0, text.start(1)) + 1, " ".join(words.split())


SCRIPT_TEXT = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"|`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'")
SENTENCE = re.compile(r"^[A-Z][a-z]+( [\w$]|[.!?…]|$)| …")


def find_in_script(path: Path) -> Iterator[tuple[int, str]]:
    """`(line, text)` of what a script says in its own words; it has to take them from the page."""
    text = re.sub(r"^\s*//.*$|(?<=[;{}]) //.*$", "", path.read_text(), flags=re.MULTILINE)
    for found in SCRIPT_TEXT.finditer(text):
        said = re.sub(r"\$\{[^}]*\}", "0", next(filter(None, found.groups()), ""))
        if SENTENCE.search(said) and not re.match(
            r"^(Arrow|Enter|Escape|Alt|Control|Accept|Page|Tab|Home|End|POST|X-)", said
        ):
            yield text.count("\n", 0, found.start()) + 1, said
