"""The tour of the API as its page has it, for who takes it by other means."""

import re

from django.conf import settings

STEP = re.compile(r"^```bash\n(.*?)^```$(?:\n```text\n(.*?)^```$)?", re.MULTILINE | re.DOTALL)
FUNCTION = re.compile(r"^\w+\(\) \{.*?\}$", re.MULTILINE | re.DOTALL)
# `login` signs in; `api` has the address first, then what is sent, up to the end of the command.
CALL = re.compile(r"(\$\(login )|\bapi (?:-X (\w+) )?\"\$BASE([^\"?]*)[^\"]*\"((?:[^'\n]|'[^']*')*)")


def read_the_tour():
    """The calls of the page as lines: method, path with `{id}`, and the status that it shows."""
    page = (settings.BASE_DIR / "docs/developers/tour.md").read_text()
    calls = []
    for commands, shown in STEP.findall(FUNCTION.sub("", page)):
        statuses = re.findall(r"(?:^| )([1-5]\d\d)$", shown, re.MULTILINE)
        calls += [f"{call} {status}" for call, status in zip(find_calls(commands), statuses, strict=True)]
    return calls


def find_calls(commands):
    for login, method, path, sent in CALL.findall(commands):
        posts = login or "-d " in sent
        yield f"{method or ('POST' if posts else 'GET')} {name_ids(path) or '/auth/login'}"


def name_ids(path):
    return re.sub(r"(?<=/)(\$\w+|\d+)(?=/| |$)", "{id}", path)
