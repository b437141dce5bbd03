"""The page that imports clients: shown first, saved when agreed to, and only the file and columns that were shown."""

import csv
import re
from io import StringIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import ClientFileColumns, User
from accounts.tests.client_layouts import LAYOUTS
from accounts.tests.factories import UserFactory
from clientline.tests.pages import errors_of, tell
from clientline.tests.rendering import unrendered

URL = "/admin/clients/import/"
GOOD = b"name;email;phone\nAnn;ann@example.com;1\nBob;bob@example.com;\n"
FAULTY = GOOD + b"<b>Eve</b>;nobody;\n=Sam;sam@example.com;4.91701E+11\n"
STRANGE = b"A,B,C\nAnn,ann@example.com,4/5/1990\nBob,bob@example.com,\n"


def send(client, content, **fields):
    return client.post(URL, {"file": SimpleUploadedFile("clients.csv", content)} | fields)


def shown(page):
    """What the page sends with its buttons: what it showed, and the columns as they stand."""
    context = page.context
    fields = {"shown": context["digest"], "headings": context["headings"]}
    fields |= {column["name"]: column["field"] for column in context["columns"]}
    return fields | ({"order": context["order"]} if context["orders"] else {})


def check(client, content, **fields):
    """What the page is made of that shows the file, without its text."""
    with unrendered():
        return send(client, content, **fields)


def agree(client, content, how="all", **fields):
    """Check the file, then press the button that the page shows."""
    return send(client, content, **shown(check(client, content, **fields)) | {"import": how} | fields)


def imported():
    return list(User.objects.filter(contact_email__endswith="@example.com", role="client").order_by("id"))


def text_of(page):
    return " ".join(page.content.decode().split())


@pytest.fixture(autouse=True)
def nobody_yet(salon):
    assert imported() == []


def test_a_file_is_shown_and_then_imported(salon, client):
    client.force_login(salon.manager)
    page = send(client, GOOD)
    text = text_of(page)
    assert "2 new, 0 known, 0 faulty" in text
    assert "<td>Ann</td><td>ann@example.com</td><td>1</td>" in text
    assert re.search(r'<button type="submit" form="import-form"[^>]*value="all">Import 2 clients</button>', text)
    assert imported() == []
    answer = send(client, GOOD, **shown(page), **{"import": "all"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/?role__exact=client")
    assert tell(answer) == ["Imported 2 clients."]
    assert [(each.name, each.created_by, each.organization) for each in imported()] == [
        ("Ann", salon.manager, salon.organization),
        ("Bob", salon.manager, salon.organization),
    ]


@pytest.mark.sweep
def test_who_is_known_is_shown_and_left_out(salon, clinic, client):
    UserFactory(organization=clinic.organization, role="client", name="Ann", contact_email="ann@example.com")
    client.force_login(salon.manager)
    assert check(client, GOOD).context["new_count"] == 2  # another organization's are nobody's business
    agree(client, GOOD)
    text = text_of(send(client, GOOD + b"Ben;ann@example.com;\n"))
    assert "1 new, 2 known, 0 faulty" in text
    ann = User.objects.get(organization=salon.organization, name="Ann")
    assert f'Line 2: Ann, <a href="/admin/accounts/user/{ann.pk}/change/">here</a>' in text
    assert f'Line 4: Ben, like <a href="/admin/accounts/user/{ann.pk}/change/">Ann</a>' in text
    answer = agree(client, GOOD + b"Ben;ann@example.com;\n")
    assert tell(answer)[-1] == "Imported 1 client. Left out: 2 known already."
    assert [each.name for each in imported() if each.organization == salon.organization] == ["Ann", "Bob", "Ben"]


def test_with_a_faulty_line_nothing_or_the_good_ones_are_imported(salon, client):
    client.force_login(salon.manager)
    page = send(client, FAULTY)
    text = text_of(page)
    assert "2 new, 0 known, 2 faulty" in text
    assert "4</th><td>email</td><td>This is no e-mail address.</td><td>nobody</td>" in text
    assert 'value="all"' not in text
    assert imported() == []
    assert check(client, FAULTY, **shown(page), **{"import": "all"}).status_code == 200
    assert imported() == []
    answer = send(client, FAULTY, **shown(page), **{"import": "good"})
    assert tell(answer) == ["Imported 2 clients. Left out: 2 faulty."]
    assert [each.name for each in imported()] == ["Ann", "Bob"]


def test_the_faulty_lines_come_as_a_file_that_can_be_mended_and_imported(salon, client):
    client.force_login(salon.manager)
    answer = send(client, FAULTY, **shown(check(client, FAULTY)), download="faulty")
    assert answer["Content-Disposition"] == 'attachment; filename="faulty-clients.csv"'
    content = b"".join(answer.streaming_content).decode("utf-8-sig")
    assert list(csv.reader(StringIO(content))) == [
        ["name", "email", "phone", "What is wrong"],
        ["<b>Eve</b>", "nobody", "", "email: This is no e-mail address."],
        [
            "'=Sam", "sam@example.com", "4.91701E+11",
            "phone: A spreadsheet shortened this number. Format the column as text.",
        ],
    ]  # fmt: skip
    mended = content.replace("nobody", "eve@example.com").replace("4.91701E+11", "0170 5500003")
    agree(client, mended.encode())
    assert [each.name for each in imported()] == ["<b>Eve</b>", "=Sam"]


@pytest.mark.sweep
def test_columns_are_chosen_and_remembered_for_the_next_file_of_the_kind(salon, clinic, client):
    client.force_login(salon.manager)
    page = send(client, STRANGE)
    assert page.context["choice_faults"] == ["Choose the column that holds the names."]
    assert "Ann<br>Bob" in text_of(page)
    assert 'value="all"' not in text_of(page)
    chosen = shown(page) | {"column-0": "name", "column-1": "email", "column-2": "birthday"}
    page = check(client, STRANGE, **chosen, **{"import": "all"})  # what was not shown is shown first
    assert (page.status_code, page.context["choice_faults"], page.context["new_count"]) == (200, [], 2)
    assert page.context["order"] == "day"
    page = check(client, STRANGE, **shown(page) | {"order": "month"})
    send(client, STRANGE, **shown(page), **{"import": "all"})
    assert [str(each.birthday) for each in imported()] == ["1990-04-05", "None"]
    assert ClientFileColumns.objects.get().organization == salon.organization
    again = check(client, STRANGE.replace(b"A,B,C", b"a, B,c").replace(b"ann@", b"amy@"))
    assert [column["field"] for column in again.context["columns"]] == ["name", "email", "birthday"]
    client.force_login(clinic.manager)
    assert [column["field"] for column in check(client, STRANGE).context["columns"]] == ["", "", ""]


@pytest.mark.sweep
def test_a_crafted_choice_is_taken_for_none(salon, client):
    client.force_login(salon.manager)
    form = shown(check(client, GOOD))
    for crafted in ({"column-0": "is_superuser"}, {"column-0": "\0"}, {"headings": "x"}, {"order": "x"}):
        page = check(client, GOOD, **form | crafted)
        assert [column["field"] for column in page.context["columns"]] == ["name", "email", "phone"], crafted


@pytest.mark.sweep
def test_every_layout_is_shown_without_a_fault(salon, client):
    client.force_login(salon.manager)
    for name, (content, *_) in LAYOUTS.items():
        page = check(client, content)
        assert (page.context["faulty_lines"], page.context["choice_faults"]) == (0, []), name
        assert page.context["new_count"] >= 1, name


def test_a_file_that_was_not_shown_is_shown_first(salon, client):
    client.force_login(salon.admin)
    fields = shown(check(client, GOOD))
    other = GOOD.replace(b"Bob", b"Rob")
    for digest in (fields["shown"], "x", "\0"):
        page = check(client, other, **fields | {"shown": digest, "import": "all"})
        assert (page.status_code, page.context["new_count"]) == (200, 2)
    assert imported() == []


def test_who_was_added_between_the_steps_is_not_added_again(salon, client):
    client.force_login(salon.admin)
    fields = shown(check(client, GOOD))
    UserFactory(organization=salon.organization, role="client", name="Bob", contact_email="bob@example.com")
    send(client, GOOD, **fields, **{"import": "all"})
    assert sorted(each.name for each in imported()) == ["Ann", "Bob"]


def test_what_cannot_be_read_is_said_beside_the_field(salon, client):
    client.force_login(salon.admin)
    for content, told in (
        (b"PK\x03\x04rest", "This is an Excel workbook. Save it as “CSV UTF-8” and choose that file."),
        (b"x" * 5_000_001, "The file is larger than 5 MB. Split it."),
        ("name\nŁukasz Śliwa\n".encode("cp1250"), "It is not known how this file writes letters"),
    ):
        [problem] = check(client, content).context["form"].errors["file"]
        assert problem.startswith(told)
    page = send(client, b"")
    assert (page.status_code, errors_of(page)) == (200, ["The file is empty."])


def test_without_a_file_the_page_asks_for_one(salon, client):
    client.force_login(salon.admin)
    assert errors_of(client.post(URL, {"import": "x"})) == ["Choose a file."]
    assert errors_of(client.post(URL, {"file": "no file"})) == ["Choose a file."]


def test_many_problems_are_counted_and_the_first_shown(salon, client):
    client.force_login(salon.admin)
    page = check(client, b"name,email\n" + b"A,b\n" * 300)
    assert (page.context["fault_count"], len(page.context["faults"]), page.context["untold"]) == (300, 200, 100)


def test_an_upload_beyond_all_measure_is_not_read(salon, client):
    client.force_login(salon.admin)
    assert client.post(URL, {}, CONTENT_LENGTH="10000001").status_code == 413


def test_the_template_is_a_file_that_can_be_imported(salon, client):
    client.force_login(salon.manager)
    content = b"".join(client.get("/admin/clients/template/").streaming_content)
    agree(client, content)
    assert [each.name for each in imported()] == ["Ada Example"]


def test_staff_and_clients_import_nobody(salon, client):
    for who, status in ((salon.client, 302), (salon.staff, 403)):
        client.force_login(who)
        assert (send(client, GOOD).status_code, client.get(URL).status_code) == (status, status)
        assert client.get("/admin/clients/template/").status_code == status
    assert "Import clients" not in client.get("/admin/accounts/user/").content.decode()


@pytest.mark.sweep
def test_operators_say_for_whom(salon, clinic, operator, client):
    client.force_login(operator)
    assert send(client, GOOD)["Location"] == client.get(URL)["Location"] == "/admin/organizations/organization/"
    client.post(f"/admin/act/{clinic.organization.pk}/")
    assert agree(client, GOOD).status_code == 302
    assert {each.organization for each in imported()} == {clinic.organization}


def test_nobody_else_chooses_the_organization(salon, clinic, client):
    client.force_login(salon.admin)
    agree(client, GOOD, organization=clinic.organization.pk)
    assert {each.organization for each in imported()} == {salon.organization}


def test_a_check_costs_the_same_with_more_lines(salon, client, django_assert_num_queries):
    client.force_login(salon.admin)
    more = GOOD + b"".join(b"C%d;c%d@example.com;\n" % (n, n) for n in range(500))
    for content in (GOOD, more):
        with django_assert_num_queries(11):
            send(client, content)


def test_what_was_exported_is_imported_as_it_was(salon, client):
    known = {"name": "=Ann", "contact_email": "ann@example.com", "phone": "+49 30 1"}
    ann = UserFactory(organization=salon.organization, role="client", **known)
    client.force_login(salon.manager)
    file = b"".join(client.get("/admin/accounts/user/export/?q=ann@example.com").streaming_content)
    assert b"'+49 30 1" in file
    ann.delete()
    assert agree(client, file).status_code == 302
    (again,) = imported()
    assert {name: getattr(again, name) for name in known} == known


def test_only_one_apostrophe_and_only_before_a_formula_is_dropped(salon, client):
    client.force_login(salon.manager)
    agree(client, b"name,email,phone\n''=A,a@example.com,'12\n'Bob',b@example.com,'\n")
    assert [(each.name, each.phone) for each in imported()] == [("'=A", "'12"), ("'Bob'", "")]
    assert imported()[1].client_notes == "phone: '"
