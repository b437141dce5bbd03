"""Clients from a file: every faulty line is named, and then nothing is saved."""

import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone

from accounts import client_import
from accounts.client_import import Problem, read_clients
from accounts.models import User
from clientline.refusals import Forbidden
from clientline.web.sheets import Unreadable
from organizations import audit
from organizations.models import Audit
from organizations.tenancy import confine_transaction, release

HEADING = "name,email,phone\n"


def file_of(*lines, heading=HEADING):
    return (heading + "\n".join(lines) + "\n").encode()


def save(cast, content, by="admin", **options):
    reading = read_clients(content)
    return client_import.save_clients(
        by=getattr(cast, by),
        organization=cast.organization,
        clients=reading.clients,
        now=timezone.now(),
        only_check=bool(reading.problems),
        **options,
    )


def test_what_is_imported(salon):
    content = file_of("Zoë Ångström,ZOE@Example.com,+49 30 1234567", '"=1+1, ""the"" second",second@example.com,')
    assert save(salon, content) == []
    addresses = ("zoe@example.com", "second@example.com")
    zoe, second = User.objects.filter(contact_email__in=addresses).order_by("-contact_email")
    assert (zoe.name, zoe.phone, zoe.role, zoe.is_active) == ("Zoë Ångström", "+49 30 1234567", "client", True)
    assert (zoe.phone_e164, zoe.sign_in_address, zoe.birthday) == ("+49301234567", "", None)
    assert (zoe.organization, zoe.created_by, zoe.has_usable_password()) == (salon.organization, salon.admin, False)
    assert second.name == '=1+1, "the" second'  # text, kept as it is


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_spreadsheets_csv_is_read(separator, newline, encoding):
    lines = (" E-Mail", "Birthday", "NAME "), ("zoe@example.com", "1.1.1990", "Zoë"), ("", "", ""), ("x@y.example",)
    text = newline.join(separator.join(line) for line in lines)
    reading = read_clients(text.encode(encoding))
    assert [(each.line, each.name, each.email, each.phone) for each in reading.clients] == [
        (2, "Zoë", "zoe@example.com", "")
    ]
    assert reading.problems == [Problem(4, "name", "The name is missing.")]
    notes = ["These columns are not imported: birthday."]
    if encoding == "cp1252":
        notes.append("The file is not UTF-8 and was read as Windows text. Look whether letters like ä are right.")
    assert reading.notes == notes


@pytest.mark.parametrize(
    ("line", "column", "reason", "cell"),
    [
        ("Ann,not an address,", "email", "This is no e-mail address.", "not an address"),
        ("Ann,a\0b@example.com,", "email", "This is no e-mail address.", "a\0b@example.com"),
        ("A\0nn,ann@example.com,", "name", "Null characters are not allowed.", "A\0nn"),
        (f"Ann,{'a' * 250}@example.com,", "email", "This is longer than 254 characters.", "a" * 60),
        (f"{'A' * 201},ann@example.com,", "name", "This is longer than 200 characters.", "A" * 60),
        (f"Ann,ann@example.com,{'1' * 41}", "phone", "This is longer than 40 characters.", "1" * 41),
        ("   ,ann@example.com,", "name", "The name is missing.", "   "),
        ("one,ONE@example.com,", "email", "The same client stands in line 2.", "one@example.com"),
        (
            "Ann,Lee,ann@example.com,1",
            "",
            "There are more cells than headings. Put a text with separators in quotes.",
            "",
        ),
    ],
)
def test_a_faulty_line_is_named(line, column, reason, cell):
    reading = read_clients(file_of("One,one@example.com,1", line, "Two,two@example.com,2"))
    assert Problem(3, column, reason, cell) in reading.problems
    assert [client.name for client in reading.clients] == ["One", "Two"]


def test_lines_are_counted_as_an_editor_does():
    reading = read_clients(file_of('"Ann\nLee",ann@example.com,', "", "Bob,nobody,"))
    assert [(each.line, each.column) for each in reading.problems] == [(5, "email")]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "It says: nothing."),
        (b"\n\n", "It says: nothing."),
        (HEADING.encode(), "no line below its headings"),
        (
            b"vorname,nachname\nAnn,Lee\n",
            "email and phone. It says: vorname, nachname.",
        ),
        (b"name,email,E-Mail\nAnn,a@b.example,c@d.example\n", "It says: name, email, email."),
        (b"name email\nAnn a@b.example\n", "It says: name email."),
        (b"PK\x03\x04" + b"\0" * 100, "Excel workbook"),
        (b"\x89PNG\r\n\x1a\n\x81\x8d" + bytes(range(256)), "This is no text."),
        (b"\xff\xfe\xd8", "This is no text."),
        (b"name,email" + b"," * 1_000_000 + b"\n,x", "name is missing"),
        (b"x" * 4_000_000, "A cell is far too long."),
        (b'"' * 4_000_001, "quotation mark|far too long"),
        (b"x" * 5_000_001, "larger than 5 MB"),
        (HEADING.encode() + b"," * 1_000_000, "no line below its headings"),
        (HEADING.encode() + b"x\n" * 200_000, "more than 50,000 lines"),
    ],
    ids=range(15),
)
def test_what_is_no_list_of_clients_is_refused_with_what_to_do(content, told):
    options = told.split("|")
    try:
        said = " ".join(problem.reason for problem in read_clients(content).problems)
    except Unreadable as error:
        said = str(error)
    assert any(option in said for option in options), said


@pytest.mark.parametrize("line", ['"Ann,ann@example.com', f"{'x' * 200_000},a@b.example", 'Ann "x,"y" z,1'])
def test_where_the_reading_stopped_is_named_too(line):
    reading = read_clients(file_of("One,nobody,1", line, "Two,nobody,2"))
    assert [problem.line for problem in reading.problems] == [2, 3]
    assert "were not read" in reading.problems[1].reason


def ten_thousand(faulty):
    """10,000 lines, of which 30 are `faulty`."""
    lines = [f"Client {n},client{n}@import.example,+49 30 {n}" for n in range(10_000)]
    wrong = (
        ",missing{}@x.example,",
        "Ann,nobody,",
        "CLIENT 7,client7@IMPORT.example,",
        "Ann,client@{}.example,",
        ",a@b.example,",
    )
    for n in range(30 if faulty else 0):
        lines[300 * n + 100] = wrong[n % 5].format(("salon", "clinic")[n % 2] if n < 9 else n)
    return file_of(*lines)


def test_thirty_faulty_lines_of_ten_thousand_are_all_named_and_nothing_is_saved(salon, clinic):
    before = User.objects.count()
    content = ten_thousand(faulty=True)
    reading, taken = read_clients(content), save(salon, content)
    # Who is a client of another organization is nobody's to know.
    assert taken == [Problem(2502, "email", client_import.KNOWN_ADDRESS, "client@salon.example")]
    free = {300 * n + 102 for n in (3, *range(13, 30, 5))}  # these are new here, so that nothing is wrong with them
    lines = {problem.line for problem in [*reading.problems, *taken]}
    assert lines == {300 * n + 102 for n in range(30)} - free
    assert User.objects.count() == before


def test_ten_thousand_clients_are_saved_whole_and_a_second_time_not_at_all(
    salon, clinic, without_row_security, django_assert_num_queries
):
    content = ten_thousand(faulty=False)
    with django_assert_num_queries(15):  # a savepoint and its release, a lock, who is known, ten, a line of the audit
        assert save(salon, content) == []
    imported = User.objects.filter(contact_email__endswith="@import.example")
    assert imported.filter(organization=salon.organization).count() == 10_000
    some = b"\n".join(content.splitlines()[:301])
    assert [len(save(cast, some)) for cast in (salon, clinic)] == [300, 0]
    assert imported.count() == 10_300


def numbers_given():
    """How many ids of people were taken so far, those of rows that were rolled back included."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM users_id_seq")
        return cursor.fetchone()[0]


def test_a_check_writes_no_row_and_is_remembered(salon, clinic):
    before, given = User.objects.count(), numbers_given()
    content = file_of("Ann,ann@example.com,", "Bob,client@salon.example,")
    clients = read_clients(content).clients
    told = client_import.save_clients(
        by=salon.manager, organization=salon.organization, clients=clients, now=timezone.now(), only_check=True
    )
    assert [problem.cell for problem in told] == ["client@salon.example"]
    assert (User.objects.count(), numbers_given()) == (before, given)
    entry = Audit.objects.get(action="import_check")
    assert (entry.actor, entry.organization, entry.table) == (salon.manager, salon.organization, "users")
    assert entry.changes == {"clients": [None, "2"], "problems": [None, "1"]}
    assert "checked an import" in audit.describe_entry(entry)


def test_a_check_does_not_tell_who_is_a_client_elsewhere(salon, clinic):
    clients = read_clients(file_of("Bob,client@clinic.example,", "Cid,client@salon.example,")).clients
    with transaction.atomic():
        confine_transaction(organization_id=salon.organization.pk, user_id=salon.admin.pk)
        told = client_import.save_clients(
            by=salon.admin, organization=salon.organization, clients=clients, now=timezone.now(), only_check=True
        )
        release()
    assert [problem.cell for problem in told] == ["client@salon.example"]


def test_what_was_imported_and_what_was_refused_is_remembered(salon):
    assert save(salon, file_of("Ann,ann@example.com,")) == []
    assert len(save(salon, file_of("Ann,ann@example.com,", "Bob,bob@example.com,"))) == 1
    events = Audit.objects.filter(action__startswith="import").order_by("id")
    assert [(entry.action, entry.changes["clients"], entry.changes["problems"]) for entry in events] == [
        ("import", [None, "1"], [None, "0"]),
        ("import_refused", [None, "2"], [None, "1"]),
    ]


@pytest.mark.parametrize("role", ["staff", "client"])
def test_only_who_may_import_does(salon, role):
    with pytest.raises(Forbidden):
        save(salon, file_of("Ann,ann@example.com,"), by=role)


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_save_it_once(salon):
    content = ten_thousand(faulty=False)[:60_000].rpartition(b"\n")[0]
    clients, found, together = read_clients(content).clients, [], threading.Barrier(2)

    def work():
        together.wait()
        try:
            found.append(len(save(salon, content)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, len(clients)]
    assert User.objects.filter(contact_email__endswith="@import.example").count() == len(clients)


# The command


def run(organization, file, **options):
    output, errors = StringIO(), StringIO()
    try:
        call_command("import_clients", organization, str(file), stdout=output, stderr=errors, **options)
    except CommandError as error:
        return f"{errors.getvalue()}{error}"
    return output.getvalue()


def test_the_command_checks_refuses_and_imports(salon, tmp_path):
    pk, file = salon.organization.pk, tmp_path / "clients.csv"
    file.write_bytes(file_of("Ann,ann@example.com,", "Bob,client@salon.example,", ",,1"))
    assert run(pk, file) == (
        "line 3, email: A client with this e-mail address is here already. client@salon.example\n"
        "line 4, name: The name is missing.\n"
        "Nothing was imported: 2 problems."
    )
    file.write_bytes(file_of("Ann,ann@example.com,"))
    assert run(pk, file, check=True) == "1 clients could be imported into Salon.\n"
    assert not User.objects.filter(contact_email="ann@example.com").exists()
    assert run(pk, file) == "1 clients imported into Salon.\n"
    assert User.objects.get(contact_email="ann@example.com").created_by is None


def test_the_command_says_what_it_cannot_read(salon, tmp_path):
    assert run(2**40, tmp_path) == "There is no such organization."
    assert "No such file" in run(salon.organization.pk, tmp_path / "nowhere.csv")
    (tmp_path / "x").write_bytes(b"nothing")
    assert "It says: nothing." in run(salon.organization.pk, tmp_path / "x")
