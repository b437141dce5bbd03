"""A file that somebody made up or cut off is refused by name, nothing of it comes in, and the audit remembers it."""

import gzip
import hashlib
import json
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts import second_factor, tokens
from accounts.models import Token, User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from clientline.tests.emptying import empty_database
from organizations import incoming
from organizations.models import Audit, IdempotencyKey, Organization
from organizations.tests.factories import OrganizationFactory
from organizations.transfer import list_models_of_organizations

pytestmark = pytest.mark.django_db(transaction=True)

CHECKED = set(incoming.CHECKS) - {"Field"}
ELSEWHERE = 10**6  # the id of another organization here, and of its person


class File:
    """An export in parts: `header`, and `tables` by name with `head` and `rows`; `write` gives it its right hash."""

    def __init__(self, path):
        lines = [json.loads(line) for line in path.read_text().split("\n")[:-2]]
        self.header, self.tables = lines[0], {}
        for line in lines[1:]:
            if "columns" in line and "table" in line:
                rows = self.tables.setdefault(line["table"], (line, []))[1]
            else:
                rows.append(line)

    def lines(self):
        yield self.header
        for head, rows in self.tables.values():
            yield {"rows": len(rows)} | head if "rows" not in head else head
            yield from rows

    def write(self, path):
        content = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in self.lines())
        digest = hashlib.sha256(content.encode()).hexdigest()
        path.write_text(content + json.dumps({"sha256": digest}) + "\n")


def change(table, /, **values):
    """Give the first row of a table other values."""

    def craft(file):
        file.tables[table][1][0].update(values)

    return craft


def replace(table, text):
    """Put a text in the place of the first row."""

    def craft(file):
        file.tables[table][1][0] = text

    return craft


def again(table, /, **values):
    """Add the first row a second time, with other values."""

    def craft(file):
        head, rows = file.tables[table]
        rows.append(rows[0] | values)
        head["rows"] += 1

    return craft


def head(table, /, **values):
    def craft(file):
        file.tables[table][0].update(values)

    return craft


def header(**values):
    return lambda file: file.header.update(values)


def without_admins(file):
    for row in file.tables["users"][1]:
        row["role"] = "staff" if row["role"] == "admin" else row["role"]


SCRYPT = "A" * 86 + "=="
CRAFTED = {
    "an operator": (
        change("users", is_superuser=True),
        "of users, has a `is_superuser` that makes a platform operator",
    ),
    "a row of elsewhere": (change("users", organization_id=ELSEWHERE), "rows of another organization in users"),
    "a home elsewhere": (change("organizations", id=ELSEWHERE), "rows of another organization in organizations"),
    "two homes": (again("organizations", id=ELSEWHERE + 1), "rows of another organization in organizations"),
    "made by somebody elsewhere": (
        change("users", created_by_id=ELSEWHERE),
        "users refer by created_by_id to rows of an",
    ),
    "told by somebody elsewhere": (change("audit", actor_id=ELSEWHERE), "audit refer by actor_id to rows of another"),
    "told of somebody elsewhere": (change("audit", table="users", row=ELSEWHERE), "audit refer by row to rows of an"),
    "told of an organization elsewhere": (change("audit", table="organizations", row=ELSEWHERE), "audit refer by row"),
    "merged elsewhere": (
        change("users", merged_into_id=ELSEWHERE, is_active=False),
        "user_merged_in_same_organization",
    ),
    "a visit with somebody elsewhere": (change("appointments", staff_id=ELSEWHERE), "appointment_staff_in_same_organi"),
    "a factor of somebody elsewhere": (
        change("second_factors", user_id=ELSEWHERE),
        "of another organization in second",
    ),
    **{
        f"the id {value!r}": (change("users", id=value), f"has a `id` that {says}")
        for value, says in [
            (0, "is out of bounds"),
            (-1, "is out of bounds"),
            (2**53, "is out of bounds"),
            (2**63 - 1, "is out of bounds"),
            (2**70, "is no id"),
            ("5", "is no id"),
            (5.5, "is no id"),
            (True, "is no id"),
            ([1], "is no id"),
            (None, "is missing"),
        ]
    },
    **{
        f"the organization {value!r}": (header(organization=value), says)
        for value, says in [
            (0, "id is out of bounds"),
            (-5, "id is out of bounds"),
            (2**53, "id is out of bounds"),
            (True, "was not written by"),
            ("1", "was not written by"),
            (None, "was not written by"),
            (77, "rows of another organization in organizations"),
        ]
    },
    **{
        f"the password {value[:30]}": (change("users", password=value), "has a `password` that is a broken hash")
        for value in [
            "letmein",
            "",
            "md5$salt$0123456789abcdef0123456789abcdef",
            f"scrypt$1073741824$salt$8$5${SCRYPT}",
            f"scrypt$16384$salt$8$999999${SCRYPT}",
            f"scrypt$0$salt$8$5${SCRYPT}",
            f"scrypt$-2$salt$8$5${SCRYPT}",
            "scrypt$16384$salt$8$5$",
            "scrypt$16384$salt$8",
            "pbkdf2_sha256$999999999$salt$" + "A" * 43 + "=",
            "pbkdf2_sha256$many$salt$" + "A" * 43 + "=",
        ]
    },
    "no password": (change("users", password=None), "has a `password` that is missing"),
    "a role nobody knows": (change("users", role="owner"), "has a `role` that is none of those known"),
    "a role in a list": (change("users", role=["admin"]), "has a `role` that"),
    "no address": (change("users", email="nobody"), "has a `email` that is no e-mail address"),
    "a nested name": (change("users", name={"first": "Ann"}), "has a `name` that is no text"),
    "a list for a name": (change("users", name=["Ann"]), "has a `name` that is no text"),
    "a number for a name": (change("users", name=5), "has a `name` that is no text"),
    "a name with a NUL": (change("users", name="a\0b"), "has a `name` that holds a NUL"),
    "half a letter": (change("users", name="\ud800"), "cut off or damaged in line|surrogate|Unicode"),
    "a very long name": (change("users", name="x" * 10_000), "too long"),
    "yes for true": (change("users", is_active="yes"), "has a `is_active` that is of another type"),
    "one for true": (change("users", is_active=1), "has a `is_active` that is of another type"),
    "the same person twice": (again("users"), "It collides with what is here, in users"),
    "two people with one address": (again("users", id=99_999), "It collides with what is here, in users"),
    "nobody who can govern": (without_admins, "organizations that nobody can govern"),
    "overlapping visits": (again("appointments", id=99_999), "appointment_no_double_booking"),
    "a price of NaN": (change("appointments", price="NaN"), "has a `price` that is of another type"),
    "an endless price": (change("appointments", price=1e300), "numeric field overflow"),
    "a price below nothing": (change("appointments", price=-1), "appointment_price"),
    **{
        f"a visit {value!r}": (
            change("appointments", appointment_date=value),
            f"has a `appointment_date` that is {says}",
        )
        for value, says in [
            ("infinity", "no date or time"),
            ("tomorrow", "no date or time"),
            (5, "no date or time"),
            ("0001-01-01T00:00:00+00:00", "out of bounds"),
            ("9999-12-31T23:59:59+00:00", "out of bounds"),
        ]
    },
    "a time of no day": (change("working_hours", starts="25:00:00"), "has a `starts` that is no date or time"),
    "an eighth day": (change("working_hours", weekday=7), "has a `weekday` that is none of those known"),
    "a script for a page": (
        change("payments", checkout_url="javascript:alert(1)"),
        "`checkout_url` that is no address",
    ),
    "changes that tell nothing": (change("audit", changes={"name": 5}), "has a `changes` that tells no changes"),
    "changes of one": (change("audit", changes={"name": ["a"]}), "has a `changes` that tells no changes"),
    "nested changes": (change("audit", changes={"name": [None, {"a": 1}]}), "has a `changes` that tells no changes"),
    "a list of changes": (change("audit", changes=[1]), "has a `changes` that tells no changes"),
    "codes that are no bytes": (change("second_factors", key="secret"), "has a `key` that holds no bytes"),
    "no list of codes": (change("second_factors", recovery_codes={"a": 1}), "has a `recovery_codes` that is no list"),
    "a zone nobody knows": (change("organizations", timezone="Mars/Base"), "organizations in time zones without rules"),
    "a currency nobody knows": (change("organizations", currency="XYZ"), "organizations with currencies that are"),
    "a column more": (change("users", is_god=True), "has not the table's columns: is_god"),
    "a list for a row": (replace("users", "[1, 2]"), "of users, is no row"),
    "a number for a row": (replace("users", "5"), "of users, is no row"),
    "null for a row": (replace("users", "null"), "of users, is no row"),
    "nested without end": (replace("users", "[" * 100_000), "cut off or damaged in line"),
    "a row too many": (head("users", rows=1), "is not as this version has it"),
    "rows that are not there": (head("refunds", rows=10**15), "has not the table's columns|is no row"),
    "a number of rows that is none": (head("users", rows=True), "does not say how many rows"),
    "fewer rows than none": (head("users", rows=-1), "does not say how many rows"),
    "a table in the place of another": (head("users", table="payments"), "users is not as this version has it"),
}


def export(salon, path):
    second_factor.resume_enrolment(salon.staff)
    tokens.issue_token(salon.staff, now=timezone.now(), name="Program")
    IdempotencyKey.objects.create(
        organization=salon.organization, user=salon.staff, key="k", status=201, fingerprint=b"", body=b"{}"
    )
    call_command("export_organization", salon.organization.pk, path, stdout=StringIO(), verbosity=0)
    empty_database()


@pytest.fixture(scope="module")
def kept():
    """What the first test exported, for all others."""
    return []


@pytest.fixture
def exported(transactional_db, request, kept, tmp_path):
    """The salon's file, of a database that now holds another organization alone."""
    path = tmp_path / "salon.jsonl"
    if not kept:
        export(request.getfixturevalue("salon"), path)
        kept.append(path.read_bytes())
    path.write_bytes(kept[0])
    with connection.cursor() as cursor:
        cursor.execute("SELECT setval('audit_id_seq', %s)", [ELSEWHERE])
    elsewhere = OrganizationFactory(pk=ELSEWHERE, name="Elsewhere")
    UserFactory(pk=ELSEWHERE, organization=elsewhere, role="admin", email="admin@elsewhere.example")
    return path


def import_file(path, *options):
    """What the command says, also where it refuses."""
    output = StringIO()
    try:
        call_command("import_organization", path, *options, stdout=output, verbosity=0)
    except CommandError as error:
        return str(error)
    return output.getvalue()


def all_that_is_here():
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM users_id_seq")
        [given] = cursor.fetchone()
    return list(Organization.objects.all()), list(User.objects.all()), Appointment.objects.count(), given


# Found where a row is read, by a function that `test_each_value_that_no_row_may_hold_is_told` asks for each of them.
IN_ROWS = [name for name, (_, says) in CRAFTED.items() if "has a `" in says and "|" not in says]


def find_fault_in(file):
    """What the first faulty row of the file has, as the import says it."""
    models = {model._meta.db_table: model for model in list_models_of_organizations()}
    for table, (head, rows) in file.tables.items():
        checks = incoming.list_checks(models[table], head["columns"])
        for row in rows:
            if fault := incoming.find_fault(orjson.loads(json.dumps(row)), checks):
                return f"of {table}, {fault}"


def test_each_value_that_no_row_may_hold_is_told(exported):
    assert find_fault_in(File(exported)) is None
    for name in IN_ROWS:
        craft, says = CRAFTED[name]
        file = File(exported)
        craft(file)
        assert (name, says in find_fault_in(file)) == (name, True)


@pytest.mark.sweep
def test_what_is_crafted_is_refused_by_name_and_leaves_nothing(exported, tmp_path, everything):
    path, before, fates = tmp_path / "crafted.jsonl", all_that_is_here(), {}
    crafted = {name: CRAFTED[name] for name in CRAFTED if everything or name not in IN_ROWS[1:]}
    for name, (craft, _) in crafted.items():
        file = File(exported)
        craft(file)
        file.write(path)
        fates[name] = import_file(path, "--with-sign-ins")
        assert all_that_is_here() == before, name
    wrong = {
        name: fates[name]
        for name, (_, says) in crafted.items()
        if not fates[name].startswith("Nothing was imported. ")
        or not any(each in fates[name] for each in says.split("|"))
    }
    assert wrong == {}
    assert Audit.objects.filter(action="import_refused", organization=None).count() == len(crafted)


def test_the_helper_that_crafts_changes_nothing_by_itself(exported, tmp_path):
    File(exported).write(tmp_path / "same.jsonl")
    assert "Imported Salon" in import_file(tmp_path / "same.jsonl")
    call_command("check_invariants", stdout=StringIO())


@pytest.mark.sweep
def test_a_file_cut_anywhere_is_refused(exported, tmp_path, everything):
    content, before = exported.read_bytes(), all_that_is_here()
    path = tmp_path / "cut.jsonl"
    for part in range(1, 40) if everything else (1, 15, 28, 39):
        path.write_bytes(content[: len(content) * part // 40])
        assert import_file(path).startswith("Nothing was imported. "), part
    for end in (content[:-2], content + b"\n", content + content, content.replace(b"\n", b"\r")):
        path.write_bytes(end)
        assert import_file(path).startswith("Nothing was imported. "), end[-80:]
    assert all_that_is_here() == before
    path.write_bytes(content[:-1])  # an editor may lose the last line's end
    assert "Imported Salon" in import_file(path)


NO_EXPORTS = [
    *(b"", b"\n", b"\x1f\x8b", b"\xff\xfe{\x00}\x00", b"PK\x03\x04"),
    *(b"{" * 10_000, b"null\n", b"{}\n", b"\0" * 1000),
]


def test_what_is_no_export_is_refused(exported, tmp_path):
    for content in NO_EXPORTS:
        (tmp_path / "strange").write_bytes(content)
        assert (content[:9], import_file(tmp_path / "strange")[:22]) == (content[:9], "Nothing was imported. ")
    (tmp_path / "packed").write_bytes(gzip.compress(exported.read_bytes()))
    assert "cut off, or no export at all" in import_file(tmp_path / "packed")


def test_a_line_without_an_end_is_not_read_into_memory(exported, tmp_path, monkeypatch):
    monkeypatch.setattr("organizations.transfer_files.LONGEST_LINE", 50)
    assert "Line 1 is longer than" in import_file(exported)


def test_a_refusal_is_remembered_without_a_word_of_the_file(exported, tmp_path):
    file = File(exported)
    change("users", email="admin@elsewhere.example")(file)
    file.write(tmp_path / "taken.jsonl")
    assert "admin@elsewhere.example" in import_file(tmp_path / "taken.jsonl")
    entry = Audit.objects.get(action="import_refused")
    assert entry.changes["sha256"] == [None, hashlib.sha256((tmp_path / "taken.jsonl").read_bytes()).hexdigest()]
    assert entry.changes["file"] == [None, "taken.jsonl"]
    assert entry.changes["reason"] == [None, "It collides with what is here, in users (users: users_email_key)."]
    assert (entry.organization, entry.source) == (None, "command")


def test_the_same_file_comes_in_once_it_is_mended(exported, tmp_path):
    file = File(exported)
    change("users", is_superuser=True)(file)
    file.write(tmp_path / "operator.jsonl")
    empty_database()  # as a new installation is, where numbers begin at 1
    assert import_file(tmp_path / "operator.jsonl").startswith("Nothing was imported. ")
    assert "Imported Salon" in import_file(exported)


def test_what_signs_in_without_a_password_stays_behind_unless_it_is_asked_for(exported):
    assert "Tokens and idempotency keys were left out" in import_file(exported)
    assert (Token.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert Audit.objects.get(action="import").changes["with_sign_ins"] == [None, "False"]


def test_with_sign_ins_they_come_too(exported):
    assert "left out" not in import_file(exported, "--with-sign-ins")
    assert (Token.objects.count(), IdempotencyKey.objects.count()) == (1, 1)


def test_what_was_broken_here_before_does_not_keep_a_sound_file_out(exported):
    User.objects.filter(pk=ELSEWHERE).update(is_active=False)  # whom nobody can govern any more
    assert "Imported Salon" in import_file(exported)


def test_each_column_of_each_table_is_judged():
    """A type of column that nobody thought of is judged as a scalar, so a new one that nests has to be told."""
    scalars = {
        f"{model.__name__}.{field.name}"
        for model in list_models_of_organizations()
        for field in model._meta.concrete_fields
        if not (field.is_relation or field.primary_key) and CHECKED.isdisjoint(incoming.name_types(field))
    }
    assert scalars == set()
