"""Clients saved from a file: all or the good ones, each once, whatever the file and however often it comes."""

import threading
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from accounts.client_files import saving
from accounts.client_files.columns import remember_fields
from accounts.client_files.files import open_file
from accounts.models import ClientFileColumns, User
from accounts.tests.client_layouts import LAYOUTS
from accounts.tests.factories import UserFactory
from clientline.refusals import Forbidden
from organizations.models import Audit

TODAY = date(2026, 11, 29)


def save(cast, content, by="admin", **options):
    file = open_file(content, country=cast.organization.country)
    return saving.import_clients(
        by=by and getattr(cast, by),
        organization=cast.organization,
        entries=file.read(TODAY),
        now=timezone.now(),
        one_per_address=file.one_per_address,
        **options,
    )


def counts(found):
    return len(found.matches.new), len(found.matches.known), len(found.matches.similar), len(found.faults), found.saved


def test_what_a_line_says_is_saved(salon):
    content = (
        b"Name,Email,Mobile,Birthday,Notes,Accepts Marketing,Blocked,Block Reason,Customer ID,Language\n"
        b"=1+1,ANN@example.com,+49 170 5500003,1990-04-15,Likes tea,yes,yes,Never came,A1,de\n"
    )
    assert counts(save(salon, content)) == (1, 0, 0, 0, True)
    ann = User.objects.get(external_id="A1")
    assert (ann.name, ann.contact_email, ann.phone, ann.phone_e164) == (
        "=1+1", "ann@example.com", "+49 170 5500003", "+491705500003",
    )  # fmt: skip
    assert (ann.birthday, ann.client_notes, ann.language) == (
        date(1990, 4, 15), "Likes tea\nBlocked: Never came", "de",
    )  # fmt: skip
    assert (ann.role, ann.is_active, ann.has_usable_password(), ann.created_by) == ("client", False, False, salon.admin)
    assert ann.marketing_consent_at is not None
    assert ann.external_source == "file"
    assert ann.email.endswith("@client.invalid")


# With numbers of the other product, with several addresses each, and below a title. How each is read is asked of the
# function, in `test_client_files.py`, and by what somebody is known below.
IN_THE_GATE = {"Square", "Google", "a German list"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in IN_THE_GATE else pytest.mark.whole) for name in LAYOUTS]
)
@pytest.mark.sweep
def test_a_second_run_of_a_file_makes_nobody(salon, clinic, name, without_row_security):
    content, people = LAYOUTS[name]
    distinct = len({(each.name, each.email) for each in people})
    first = save(salon, content)
    assert (len(first.matches.new), first.saved) == (distinct, True)
    assert counts(save(salon, content))[:2] == (0, len(people))
    # Another organization knows nothing of them.
    assert len(save(clinic, content).matches.new) == distinct


def test_families_share_an_address_and_a_telephone_and_are_several_people(salon):
    content = (
        b"name,email,phone\nAda Stone,stone@example.com,+49 170 5500003\nBen Stone,stone@example.com,0170 5500003\n"
    )
    salon.organization.country = "DE"
    salon.organization.save(update_fields=["country"])
    found = save(salon, content)
    assert counts(found) == (2, 0, 1, 0, True)
    assert found.matches.similar[0][1].name == "Ada Stone"
    assert counts(save(salon, content))[:3] == (0, 2, 0)


def test_who_is_known_already(salon):
    UserFactory(
        organization=salon.organization, role="client", name="Zoë Müller", contact_email="zoe@example.com",
        phone="+49 30 5500003", phone_e164="+49305500003", birthday=date(1990, 4, 15),
    )  # fmt: skip
    lines = {
        "Zoe Mueller,,,": False,
        "zoë  MÜLLER,zoe@example.com,,": True,
        "Zoe Muller,,+49 30 5500003,": True,
        "Zoë Müller,,,15.04.1990": True,
        "Zoë Müller,other@example.com,,": False,
        "Ben Müller,zoe@example.com,,": False,
        "Zoë Müller,,,": True,
    }
    for line, known in lines.items():
        found = save(salon, f"name,email,phone,birthday\n{line}\n".encode(), only_check=True)
        assert counts(found)[:2] == ((0, 1) if known else (1, 0)), line


def test_the_number_of_a_merged_record_is_known(salon):
    content = b"name,customer id\nAda Stone,7\n"
    assert counts(save(salon, content))[0] == 1
    User.objects.filter(external_id="7").update(merged_into=salon.client, is_active=False)
    assert counts(save(salon, content.replace(b"Ada Stone", b"Ada"))) == (0, 1, 0, 0, True)


def test_a_fault_leaves_nobody_unless_the_good_are_asked_for(salon):
    content = b"name,email\nAnn,ann@example.com\n,x@example.com\nBob,nobody\n"
    assert counts(save(salon, content)) == (1, 0, 0, 2, False)
    assert not User.objects.filter(contact_email="ann@example.com").exists()
    assert counts(save(salon, content, good=True)) == (1, 0, 0, 2, True)
    assert User.objects.filter(contact_email="ann@example.com").count() == 1
    assert counts(save(salon, content, good=True)) == (0, 1, 0, 2, True)


def test_a_check_writes_no_row_but_is_remembered(salon):
    content = b"name,email\nAnn,ann@example.com\nBob,bob@example.com\n"
    before = User.objects.count()
    assert counts(save(salon, content, only_check=True)) == (2, 0, 0, 0, False)
    assert User.objects.count() == before
    last = Audit.objects.filter(action="import_check").latest("id")
    assert (last.actor, last.changes["clients"]) == (salon.admin, [None, "2"])


@pytest.mark.parametrize("role", ["staff", "client"])
def test_only_who_may_import_does(salon, role):
    with pytest.raises(Forbidden):
        save(salon, b"name\nAnn\n", by=role)


def make_lines(many):
    lines = [f"Client {n},client{n}@import.example,+49 30 55{n:05}" for n in range(many)]
    return "\n".join(["name,email,phone", *lines]).encode()


# Most statements take a thousand or two thousand rows: so one round of each in the gate, of fewer.
@pytest.mark.sweep
@pytest.mark.parametrize(("many", "statements"), [(200, 8), pytest.param(10_000, 35, marks=pytest.mark.whole)])
def test_thousands_take_a_literal_number_of_statements(salon, django_assert_num_queries, many, statements):
    content = make_lines(many)
    with django_assert_num_queries(statements):
        assert counts(save(salon, content)) == (many, 0, 0, 0, True)
    assert counts(save(salon, content, only_check=True))[:2] == (0, many)


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_file_at_once_save_it_once(salon):
    content, found, together = make_lines(499), [], threading.Barrier(2)

    def work():
        together.wait()
        try:
            found.append(len(save(salon, content).matches.new))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 499]
    assert User.objects.filter(contact_email__endswith="@import.example").count() == 499


# The command


def run(organization, file, command="import_clients", **options):
    output, errors = StringIO(), StringIO()
    try:
        call_command(command, str(organization), str(file), stdout=output, stderr=errors, **options)
    except CommandError as error:
        return f"{errors.getvalue()}{error}"
    return output.getvalue()


def test_the_command_checks_refuses_and_imports(salon, tmp_path):
    pk, file = salon.organization.pk, tmp_path / "clients.csv"
    file.write_bytes(b"name,email\nAnn,ann@example.com\n,nobody\n")
    told = "line 3, email: This is no e-mail address. nobody\nline 3, name: The name is missing.\n"
    assert run(pk, file) == f"{told}Nothing was imported: 2 faults (1 new, 0 known)."
    assert run(pk, file, check=True, good=True) == "1 new, 0 known: could be imported into Salon.\n"
    assert not User.objects.filter(contact_email="ann@example.com").exists()
    assert run("salon", file, good=True) == "1 new, 0 known: imported into Salon.\n"
    assert run(salon.organization.email.upper(), file, good=True) == "0 new, 1 known: imported into Salon.\n"
    assert User.objects.get(contact_email="ann@example.com").created_by is None


def test_the_command_says_what_it_cannot_read(salon, tmp_path):
    assert run(2**40, tmp_path) == "There is no such organization."
    assert run("Nobody's", tmp_path) == "There is no such organization."
    assert "No such file" in run(salon.organization.pk, tmp_path / "nowhere.csv")
    (tmp_path / "x").write_bytes(b"a,b\nc,d\n")
    told = run(salon.organization.pk, tmp_path / "x")
    assert told == "Choose the column that holds the names. The headings are: a, b."


def test_the_command_takes_the_columns_that_were_chosen_at_the_desk(salon, tmp_path):
    (tmp_path / "x").write_bytes(b"a,b\nAnn Lee,ann@example.com\n")
    file = open_file(b"A,B\nx,y\n", country="", fields=["name", "email"])
    remember_fields(salon.organization, file)
    remember_fields(salon.organization, file)
    assert ClientFileColumns.objects.count() == 1
    assert run(salon.organization.pk, tmp_path / "x") == "1 new, 0 known: imported into Salon.\n"


def test_the_command_is_told_what_comes_first_in_a_date(salon, tmp_path):
    (tmp_path / "x").write_bytes(b"name,birthday\nAnn Lee,4/5/1990\n")
    run(salon.organization.pk, tmp_path / "x", dates="month")
    assert User.objects.get(name="Ann Lee").birthday == date(1990, 4, 5)
