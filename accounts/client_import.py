"""Clients from a CSV file: judged line by line, then saved all together or not at all."""

from dataclasses import dataclass, field
from itertools import chain, islice

from django import forms
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from clientline.admin.forms import LowerCaseEmailField
from clientline.made_addresses import MAKE_SQL
from clientline.refusals import Forbidden
from clientline.telephones import to_e164
from clientline.web import sheets
from clientline.web.sheets import Unreadable
from organizations import audit
from organizations.models import Organization

LARGEST_BYTES = 5_000_000
MOST_CLIENTS = 50_000
AT_ONCE = 1_000  # a statement's worth

TOO_LONG = "This is longer than %(limit_value)d characters."
EMAIL_ERRORS = {
    "invalid": "This is no e-mail address.",
    "max_length": TOO_LONG,
}
COLUMNS = {
    "name": forms.CharField(
        max_length=200, error_messages={"required": "The name is missing.", "max_length": TOO_LONG}
    ),
    "email": LowerCaseEmailField(max_length=254, required=False, error_messages=EMAIL_ERRORS),
    "contact_email": LowerCaseEmailField(max_length=254, required=False, error_messages=EMAIL_ERRORS),
    "phone": forms.CharField(max_length=40, required=False, error_messages={"max_length": TOO_LONG}),
}
LONGEST_SHOWN = 60
OTHER_NAMES = {"e-mail": "email", "e-mail address": "email", "email address": "email", "telephone": "phone"}
KNOWN_ADDRESS = "A client with this e-mail address is here already."
KNOWN_PHONE = "A client with this telephone number is here already."
HEADINGS = "The first line has to name the columns: name and, where they are known, email and phone."

INSERT = f"""
    INSERT INTO users (organization_id, name, email, contact_email, phone, phone_e164, role, password, created_by_id,
        created_at)
    SELECT %s, client.name, {MAKE_SQL}, client.email, client.phone, client.e164, 'client', client.password, %s, %s
    FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
        AS client (name, email, phone, e164, password)
"""  # noqa: S608 -- ours


@dataclass(frozen=True, order=True)
class Problem:
    """Why the line cannot be imported; `column` is empty where no one cell is to blame. `cell` is what it says."""

    line: int
    column: str
    reason: str
    cell: str = ""


@dataclass(frozen=True)
class Client:
    line: int
    name: str
    email: str
    phone: str


@dataclass
class Reading:
    """What stands in a file: faultless clients, what is wrong with the others, and what the reader should know."""

    clients: list = field(default_factory=list)
    problems: list = field(default_factory=list)
    notes: list = field(default_factory=list)
    width: int = 0


def _ignore_progress(rows, **about):
    return rows


def read_clients(content, progress=_ignore_progress):
    """The Reading of a file's bytes. Raises Unreadable for what is no list of clients at all."""
    if len(content) > LARGEST_BYTES:
        raise Unreadable(f"The file is larger than {LARGEST_BYTES / 1_000_000:.0f} MB. Split it.")
    text, encoding = sheets.decode_text(content)
    reading, records = Reading(), sheets.split_records(text)
    columns = _find_columns(next(records, (1, []))[1], reading)
    if encoding == "cp1252":
        reading.notes.append(
            "The file is not UTF-8 and was read as Windows text. Look whether letters like ä are right."
        )
    lines_by_client = {}
    try:
        for line, cells in progress(records, total=text.count("\n"), desc="Reading"):
            judge(line, cells, columns, reading, lines_by_client)
            if max(len(reading.clients), len(reading.problems)) > MOST_CLIENTS:
                raise Unreadable(f"The file has more than {MOST_CLIENTS:,} lines. Split it.")
    except Unreadable as error:
        if error.line is None:
            raise
        reading.problems.append(Problem(error.line, "", f"{error} The lines after it were not read."))
    if not reading.clients and not reading.problems:
        raise Unreadable("The file has no line below its headings.")
    return reading


def _find_columns(heading, reading):
    """The position of each column. Others are left out, and the reader is told. Raises Unreadable."""
    names = [name.strip().lower() for name in heading]
    names = [OTHER_NAMES.get(name, name) for name in names]
    if "name" not in names or any(names.count(name) > 1 for name in COLUMNS):
        said = ", ".join(name[:40] for name in names[:10] if name) or "nothing"
        raise Unreadable(f"{HEADINGS} It says: {said}.")
    if ignored := [name[:40] for name in names if name and name not in COLUMNS]:
        more = ", …" if len(ignored) > 10 else ""
        reading.notes.append(f"These columns are not imported: {', '.join(ignored[:10])}{more}.")
    reading.width = len(names)
    return {name: names.index(name) for name in COLUMNS if name in names}


def judge(line, cells, columns, reading, lines_by_client):
    """Add the line to the clients or to the problems."""
    problems = []
    if any(cells[reading.width :]):
        problems.append(Problem(line, "", "There are more cells than headings. Put a text with separators in quotes."))
    values = {name: clean(line, name, cells, index, problems) for name, index in columns.items()}
    name, email = values["name"], values.get("contact_email") or values.get("email") or ""
    # A family shares an address; the same name with it is the same person.
    if name and email and (first := lines_by_client.setdefault((name.casefold(), email), line)) != line:
        problems.append(Problem(line, "email", f"The same client stands in line {first}.", email))
    if problems:
        reading.problems += problems
    else:
        reading.clients.append(Client(line, name, email, values.get("phone", "")))


def clean(line, name, cells, index, problems):
    """The cell's value; None where it is refused, and then the problems say why."""
    cell = cells[index] if index < len(cells) else ""
    try:
        return COLUMNS[name].clean(sheets.read_cell(cell))
    except ValidationError as error:
        problems.append(Problem(line, name, error.messages[0], cell[:LONGEST_SHOWN]))
        return None


def save_clients(*, by, organization, clients, now, only_check=False, progress=_ignore_progress):
    """Save the clients, who cannot sign in before they get a password. `by` None is a command. Raises Forbidden.

    Returns the problems: any of them, or `only_check`, leaves nothing saved. The audit remembers how many addresses
    were asked about, whatever came of it.
    """
    if by is not None and not by.may("users", "import"):
        raise Forbidden
    with transaction.atomic():
        if not only_check:  # two imports of one file at once
            Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        problems = _find_known(organization, clients)
        if not problems and not only_check:
            for chunk in progress(_split_evenly(clients), total=-(-len(clients) // AT_ONCE), desc="Saving"):
                _insert_clients(by, organization, chunk, now)
    event = "import_check" if only_check else "import_refused" if problems else "import"
    facts = {"clients": len(clients), "problems": len(problems)}
    audit.record_event(event, by=by, organization_id=organization.pk, table=User._meta.db_table, **facts)
    return sorted(problems)


def _split_evenly(clients):
    """The clients, a statement's worth at a time."""
    ordered = iter(clients)
    return iter(lambda: list(islice(ordered, AT_ONCE)), [])


def _find_known(organization, clients):
    """A Problem for each who is a client of this organization already. Who is one of another is nobody's to know."""
    phones = {client.line: to_e164(client.phone, organization.country) for client in clients}
    asked = [client.email for client in clients if client.email]
    same = Q(contact_email__in=asked) | Q(email__in=asked) | Q(phone_e164__in=set(phones.values()) - {""})
    found = User.objects.filter(same, organization=organization.pk)
    known = set(chain.from_iterable(found.values_list("contact_email", "email", "phone_e164"))) - {""}
    problems = []
    for client in clients:
        if client.email in known:
            problems.append(Problem(client.line, "email", KNOWN_ADDRESS, client.email))
        elif not client.email and phones[client.line] in known:
            problems.append(Problem(client.line, "phone", KNOWN_PHONE, client.phone))
    return problems


def _insert_clients(by, organization, clients, now):
    """Save clients without a sign-in address, nor a password that anything matches."""
    names, emails, phones = ([getattr(each, name) for each in clients] for name in ("name", "email", "phone"))
    numbers = [to_e164(phone, organization.country) for phone in phones]
    passwords = [make_password(None) for _ in clients]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [organization.pk, by and by.pk, now, names, emails, phones, numbers, passwords])
