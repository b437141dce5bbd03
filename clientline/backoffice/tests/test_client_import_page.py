"""The page that imports clients: shown first, saved when agreed to, and only the file that was shown."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from accounts.tests.factories import UserFactory
from clientline.tests.pages import errors_of

URL = "/admin/clients/import/"
GOOD = b"name;email;phone\nAnn;ann@example.com;1\nBob;bob@example.com;\n"


def send(client, content, **fields):
    return client.post(URL, {"file": SimpleUploadedFile("clients.csv", content)} | fields)


def agree(client, content, **fields):
    """Check the file, then press the button that the page shows."""
    return send(client, content, **{"import": send(client, content, **fields).context["digest"]} | fields)


def imported():
    return list(User.objects.filter(contact_email__endswith="@example.com", role="client").order_by("id"))


@pytest.fixture(autouse=True)
def nobody_yet(salon):
    assert imported() == []


@pytest.mark.parametrize("who", ["admin", "manager"])
def test_a_file_is_shown_and_then_imported(salon, client, who):
    client.force_login(getattr(salon, who))
    page = send(client, GOOD)
    text = " ".join(page.content.decode().split())
    assert "2 clients, nothing wrong" in text
    assert "<td>Ann</td><td>ann@example.com</td><td>1</td>" in text
    assert re.search(r'<button type="submit" form="import-form"[^>]*>Import 2 clients</button>', text)
    assert imported() == []
    answer = send(client, GOOD, **{"import": page.context["digest"]})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/?role__exact=client")
    assert [str(message) for message in client.get(answer["Location"]).context["messages"]] == ["Imported 2 clients."]
    assert [(each.name, each.created_by, each.organization) for each in imported()] == [
        ("Ann", getattr(salon, who), salon.organization),
        ("Bob", getattr(salon, who), salon.organization),
    ]


def test_each_faulty_line_is_shown_and_nothing_saved(salon, clinic, client):
    client.force_login(salon.manager)
    content = GOOD + b"<b>Eve</b>;nobody;\nCleo;client@clinic.example;\nSam;client@salon.example;\n"
    for page in (send(client, content), send(client, content, **{"import": send(client, content).context["digest"]})):
        text = " ".join(page.content.decode().split())
        # Who is a client of another organization is not told.
        assert "Nothing was imported: 2 lines cannot be" in text
        for line, column, reason, cell in (
            (4, "email", "This is no e-mail address.", "nobody"),
            (6, "email", "A client with this e-mail address is here already.", "client@salon.example"),
        ):
            assert f"{line}</th><td>{column}</td><td>{reason}</td><td>{cell}</td>" in text
        assert 'form="import-form"' not in text
    assert imported() == []


def test_a_file_that_was_not_shown_is_shown_first(salon, client):
    client.force_login(salon.admin)
    digest = send(client, GOOD).context["digest"]
    other = GOOD.replace(b"Bob", b"Rob")
    for agreed in (digest, "x", "\0"):
        page = send(client, other, **{"import": agreed})
        assert (page.status_code, page.context["client_count"]) == (200, "2")
    assert imported() == []


def test_a_client_who_came_between_the_steps_is_named_and_nothing_is_saved(salon, clinic, client):
    client.force_login(salon.admin)
    digest = send(client, GOOD).context["digest"]
    UserFactory(organization=clinic.organization, email="ann@example.com", role="staff")
    UserFactory(organization=salon.organization, email="bob@example.com", role="staff")
    page = send(client, GOOD, **{"import": digest})
    assert [(each.line, each.reason) for each in page.context["problems"]] == [
        (3, "A client with this e-mail address is here already.")
    ]
    assert imported() == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "The file is empty."),
        (b"PK\x03\x04rest", "This is an Excel workbook. Save it as “CSV UTF-8” and choose that file."),
        (b"first,last\nA,B\n", "The first line has to name the columns"),
        (b"x" * 5_000_001, "The file is larger than 5 MB. Split it."),
    ],
    ids=range(4),
)
def test_what_cannot_be_read_is_said_beside_the_field(salon, client, content, told):
    client.force_login(salon.admin)
    page = send(client, content)
    assert page.status_code == 200
    assert errors_of(page)[0].startswith(told)


def test_without_a_file_the_page_asks_for_one(salon, client):
    client.force_login(salon.admin)
    assert errors_of(client.post(URL, {"import": "x"})) == ["Choose a file."]
    assert errors_of(client.post(URL, {"file": "no file"})) == ["Choose a file."]


def test_many_problems_are_counted_and_the_first_shown(salon, client):
    client.force_login(salon.admin)
    page = send(client, b"name,email\n" + b"A,b\n" * 300)
    assert (page.context["problem_count"], len(page.context["problems"]), page.context["untold"]) == (300, 200, 100)


def test_an_upload_beyond_all_measure_is_not_read(salon, client):
    client.force_login(salon.admin)
    assert client.post(URL, {}, CONTENT_LENGTH="10000001").status_code == 413


def test_the_template_is_a_file_that_can_be_imported(salon, client):
    client.force_login(salon.manager)
    content = b"".join(client.get("/admin/clients/template/").streaming_content)
    agree(client, content)
    assert [each.name for each in imported()] == ["Ada Example"]


@pytest.mark.parametrize("who", ["staff", "client"])
def test_staff_and_clients_import_nobody(salon, client, who):
    client.force_login(getattr(salon, who))
    status = 403 if who == "staff" else 302
    assert (send(client, GOOD).status_code, client.get(URL).status_code) == (status, status)
    assert client.get("/admin/clients/template/").status_code == status
    if who == "staff":
        assert "Import clients" not in client.get("/admin/accounts/user/").content.decode()


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
        with django_assert_num_queries(10):
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
    assert [(each.name, each.phone) for each in imported()] == [("'=A", "'12"), ("'Bob'", "'")]
