"""A file that somebody made up or cut off is refused by name, nothing of it comes in, and the audit remembers it."""

import gzip
import hashlib
import json
import re
from functools import cache
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
from organizations import incoming, transfer
from organizations.models import Audit, IdempotencyKey, Organization
from organizations.tests.crafted import CRAFTED, ELSEWHERE, File, change
from organizations.tests.factories import OrganizationFactory
from organizations.transfer import list_models_of_organizations

pytestmark = pytest.mark.django_db(transaction=True)

CHECKED = set(incoming.CHECKS) - {"Field"}


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


@pytest.fixture
def counted_once(monkeypatch):
    """What was broken before an import is looked for once, where each file finds the same rows: half of an import."""
    monkeypatch.setattr(transfer, "_count_offenders", cache(transfer._count_offenders))


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
IN_ROWS = [name for name, (_, says) in CRAFTED.items() if re.search(r"^[^|]*(has a `|is no row)[^|]*$", says)]


def find_fault_in(file):
    """What the first faulty row of the file has, as the import says it."""
    models = {model._meta.db_table: model for model in list_models_of_organizations()}
    for table, (head, rows) in file.tables.items():
        checks = incoming.list_checks(models[table], head["columns"])
        for row in rows:
            if fault := incoming.find_fault_of_row(orjson.loads(json.dumps(row)), checks):
                return f"of {table}, {fault}"


@pytest.mark.sweep
def test_each_value_that_no_row_may_hold_is_told(exported):
    assert find_fault_in(File(exported)) is None
    for name in IN_ROWS:
        craft, says = CRAFTED[name]
        file = File(exported)
        craft(file)
        assert (name, says in find_fault_in(file)) == (name, True)


@pytest.mark.sweep
@pytest.mark.usefixtures("counted_once")
def test_what_is_crafted_is_refused_by_name_and_leaves_nothing(exported, tmp_path, everything):
    path, before, fates = tmp_path / "crafted.jsonl", all_that_is_here(), {}
    crafted = {name: CRAFTED[name] for name in CRAFTED if everything or name not in IN_ROWS[1:]}
    for name, (craft, _) in crafted.items():
        file = File(exported)
        craft(file)
        file.write(path)
        fates[name] = import_file(path, "--with-sign-ins")
    wrong = {
        name: fates[name]
        for name, (_, says) in crafted.items()
        if not fates[name].startswith("Nothing was imported. ")
        or not any(each in fates[name] for each in says.split("|"))
    }
    assert (wrong, all_that_is_here()) == ({}, before)  # what came in would collide with all files after it, too
    assert Audit.objects.filter(action="import_refused", organization=None).count() == len(crafted)


@pytest.mark.sweep
def test_a_file_in_which_nothing_was_crafted_comes_in_with_its_sign_ins_where_they_are_asked_for(exported, tmp_path):
    File(exported).write(tmp_path / "same.jsonl")
    told = import_file(tmp_path / "same.jsonl", "--with-sign-ins")
    assert ("Imported Salon" in told, "left out" in told) == (True, False)
    assert (Token.objects.count(), IdempotencyKey.objects.count()) == (1, 1)
    call_command("check_invariants", stdout=StringIO())


@pytest.mark.sweep
@pytest.mark.usefixtures("counted_once")
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


@pytest.mark.sweep
def test_the_same_file_comes_in_once_it_is_mended(exported, tmp_path):
    file = File(exported)
    change("users", is_superuser=True)(file)
    file.write(tmp_path / "operator.jsonl")
    empty_database()  # as a new installation is, where numbers begin at 1
    assert import_file(tmp_path / "operator.jsonl").startswith("Nothing was imported. ")
    assert "Imported Salon" in import_file(exported)


@pytest.mark.sweep
def test_what_signs_in_without_a_password_stays_behind_unless_it_is_asked_for(exported):
    assert "Tokens and idempotency keys were left out" in import_file(exported)
    assert (Token.objects.count(), IdempotencyKey.objects.count()) == (0, 0)
    assert Audit.objects.get(action="import").changes["with_sign_ins"] == [None, "False"]


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
