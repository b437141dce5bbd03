"""Lists as files: every row the list shows, none it does not, and no formulas."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from accounts.client_files.files import open_file
from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory
from clientline.admin import exports
from clientline.tests.pages import Page
from clientline.web import sheets
from payments.tests.factories import PaymentFactory
from services.tests.factories import ServiceFactory

LISTS = {
    "accounts/user": "name",
    "services/service": "name",
    "appointments/appointment": "client",
    "payments/payment": "client",
}

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\ufe661",
    "\u22121",
    " =1",
    "\u200b=1",
    "'=1",
]
FORMULAS += [
    "+49 30 1234567 Eva",
    "+49 30 1234567*A1",
    "+123456",
    "+1234567890123456",
    "++4930123456",
    "+49 30 1234567\n",
]
TELEPHONES = ["+4930123456", "+49 30 123456", "+49 (0) 30 / 12 34 56", "+1-202-555-0143", "+1 (202) 555.0143"]
PLAIN = ["Eva", "O'Neill", "'n Sync", "a=1", "0049 30 123456", "(030) 123456", "'", ""]


def download(client, page, **asked):
    answer = client.get(f"/admin/{page}/export/", asked)
    assert answer.status_code == 200, answer
    return list(csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))


def messages(client, url):
    return [str(message) for message in client.get(url).context["messages"]]


def test_visits_are_written_in_the_organizations_time(salon, client):
    visit = AppointmentFactory(
        client=salon.client,
        staff=salon.staff,
        service=salon.service,
        appointment_date=datetime(2026, 7, 1, 22, 15, tzinfo=UTC),
        created_at=datetime(2026, 1, 1, 12, 0, tzinfo=UTC),
        price="30.00",
    )
    client.force_login(salon.manager)
    (row,) = [row for row in download(client, "appointments/appointment") if row["id"] == str(visit.pk)]
    assert row | {"ends_at": ""} == {
        "id": str(visit.pk),
        "starts_at": "2026-07-02T00:15:00+02:00",
        "ends_at": "",
        "client": "Salon client",
        "client_email": "client@salon.example",
        "client_phone": "",
        "service": "Salon service",
        "staff": "Salon staff",
        "status": "scheduled",
        "price": "30.00",
        "currency": "EUR",
        "cancelled_at": "",
        "cancellation_reason": "",
        "created_at": "2026-01-01T13:00:00+01:00",
    }


def test_filters_search_and_order_of_the_list_hold_for_the_file(salon, client):
    client.force_login(salon.manager)
    everybody = [row["email"].partition("@")[0] for row in download(client, "accounts/user")]
    assert everybody == ["admin", "client", "colleague", "manager", "staff", "stranger"]
    asked = {"role__exact": "staff", "q": "salon"}
    assert [row["name"] for row in download(client, "accounts/user", **asked)] == ["Salon colleague", "Salon staff"]
    page = client.get("/admin/accounts/user/", asked | {"p": "1"})
    (url,) = [link for link in Page(page).links if "export" in link]
    assert url == "/admin/accounts/user/export/?role__exact=staff&q=salon"


def test_all_pages_are_in_the_file_in_few_steps(salon, client, monkeypatch):
    monkeypatch.setattr(exports, "AT_ONCE", 7)
    UserFactory.create_batch(20, organization=salon.organization)
    client.force_login(salon.admin)
    names = [row["name"] for row in download(client, "accounts/user")]
    assert (len(names), names) == (26, sorted(names))


def test_too_many_rows_of_all_organizations_are_refused_with_what_to_do(salon, operator, client, monkeypatch):
    """Of one organization they become a file that is written later: `test_list_files`."""
    monkeypatch.setattr(exports, "MOST_ROWS", 5)
    client.force_login(operator)
    answer = client.get("/admin/accounts/user/export/", {"q": "salon"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/?q=salon")
    assert messages(client, answer["Location"]) == [
        "These are more than 5 rows. Narrow the list by a filter or a search, then download it."
    ]
    assert len(download(client, "accounts/user", role__exact="staff")) == 4  # of two organizations


def test_nothing_of_another_organization_is_in_a_file(salon, clinic, client, without_row_security):
    client.force_login(salon.admin)
    for page, name in LISTS.items():
        rows = download(client, page)
        assert (page, len(rows) > 0) == (page, True)
        assert {row[name].split()[0] for row in rows} == {"Salon"}, page
        assert all("organization" not in row for row in rows), page


def test_operators_get_all_of_them_each_in_its_own_time(salon, clinic, operator, client):
    client.force_login(operator)
    rows = {row["id"]: row for row in download(client, "appointments/appointment")}
    for cast, offset in ((salon, "+02:00"), (clinic, "-04:00")):
        AppointmentFactory(
            client=cast.client,
            staff=cast.staff,
            service=cast.service,
            appointment_date=datetime(2026, 7, 1, 12, 15, tzinfo=UTC),
        )
        newest = max(download(client, "appointments/appointment"), key=lambda row: int(row["id"]))
        assert (newest["organization"], newest["starts_at"][-6:]) == (cast.organization.name, offset)
    assert {row["organization"] for row in rows.values()} == {"Salon", "Clinic"}


def test_lists_of_several_zones_keep_their_order(salon, clinic, operator, client):
    client.force_login(operator)
    for day in range(1, 4):
        for cast in (salon, clinic):
            begin = datetime(2026, 7, day, 12, tzinfo=UTC)
            AppointmentFactory(client=cast.client, staff=cast.staff, service=cast.service, appointment_date=begin)
    rows = download(client, "appointments/appointment")
    numbers = [int(row["id"]) for row in rows]
    assert (len(rows), numbers) == (10, sorted(numbers, reverse=True))
    assert [row["organization"] for row in rows[:4]] == ["Clinic", "Salon", "Clinic", "Salon"]


def test_the_keys_of_a_file_are_one_value_however_many(salon, client):
    UserFactory.create_batch(30, organization=salon.organization)
    client.force_login(salon.admin)
    longest = []

    def count(execute, sql, parameters, many, context):
        longest.append(len(parameters or ()))
        return execute(sql, parameters, many, context)

    with connection.execute_wrapper(count):
        assert len(download(client, "accounts/user")) == 36
    assert max(longest) < 20


@pytest.mark.sweep
def test_staff_and_clients_download_nothing(salon, client):
    client.force_login(salon.staff)
    for page in LISTS:
        assert client.get(f"/admin/{page}/export/").status_code == 403, page
        assert "Download CSV" not in client.get(f"/admin/{page}/").content.decode(), page
    client.force_login(salon.client)
    assert {client.get(f"/admin/{page}/export/").status_code for page in LISTS} == {302}


def test_what_a_spreadsheet_would_run_stands_behind_a_quote():
    assert [sheets.write_cell(text) for text in FORMULAS] == [f"'{text}" for text in FORMULAS]


def test_telephones_and_plain_text_stand_as_they_are():
    assert [sheets.write_cell(text) for text in TELEPHONES + PLAIN] == TELEPHONES + PLAIN


def test_every_text_is_read_back_from_its_cell():
    texts = FORMULAS + TELEPHONES + PLAIN
    assert [sheets.read_cell(sheets.write_cell(text)) for text in texts] == texts


def test_equal_values_of_a_column_stand_each_as_it_is():
    assert sheets.write_column([Decimal("45"), None, Decimal("45.00"), Decimal("45.0")]) == ["45", "", "45.00", "45.0"]
    assert sheets.write_column([True, False, None]) == ["yes", "no", ""]
    assert sheets.write_column([1, 0]) == ["1", "0"]
    assert sheets.write_column(["=1", None, "Eva", "=1"]) == ["'=1", "", "Eva", "'=1"]
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    assert sheets.write_column([None, noon], ZoneInfo("Europe/Berlin")) == ["", "2026-07-01T14:00:00+02:00"]
    assert sheets.write_column([None, None]) == ["", ""]


def test_telephones_of_older_exports_lose_their_quote():
    assert sheets.read_cell("'+49 30 123456") == "+49 30 123456"


def test_clients_of_an_export_are_imported_as_they_were(salon, clinic, client):
    known = {
        "eva@example.com": ("\uff1dEva", "+49 (0) 30 / 12 34 56"),
        "max@example.com": ("'=Max", "+4930123456"),
        "zoe@example.com": ("Zoe O'Neill", "030-1234"),
    }
    for email, (name, phone) in known.items():
        UserFactory(organization=salon.organization, name=name, phone=phone, email=email)
    client.force_login(salon.admin)
    answer = client.get("/admin/accounts/user/export/")
    file = b"".join(answer.streaming_content)
    assert b"+49 (0) 30 / 12 34 56," in file
    User.objects.filter(email__in=known).delete()
    entries = open_file(file, country="").read(date(2026, 11, 29))
    assert {each.email: (each.name, each.phone) for each in entries.good if each.email in known} == known


def test_no_cell_is_a_formula(salon, client):
    names = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"]  # none begins with the end of a line: it is stored without
    for name in names:
        ServiceFactory(organization=salon.organization, name=name, price="-0.00")
    client.force_login(salon.admin)
    rows = download(client, "services/service")
    assert {row["name"] for row in rows} == {"Salon service", *(f"'{name}" for name in names)}


def test_crafted_addresses_are_refused(salon, client):
    client.force_login(salon.admin)
    url = "/admin/accounts/user/export/"
    assert client.get(url, {"password__startswith": "p"}).status_code == 400
    for strange in ({"p": "9999"}, {"p": "x"}, {"is_active__exact": "maybe"}):
        assert client.get(url, strange).status_code in (200, 302)


@pytest.mark.sweep
def test_a_file_costs_the_same_with_more_rows(salon, client, django_assert_num_queries):
    client.force_login(salon.manager)

    def count_rows(page):
        with django_assert_num_queries(11 if "appointment" in page else 10):
            return len(download(client, page))

    few = {page: count_rows(page) for page in LISTS}
    for name in ("a", "b"):
        person = UserFactory(organization=salon.organization)
        service = ServiceFactory(organization=salon.organization, name=name)
        PaymentFactory(appointment=AppointmentFactory(client=person, staff=salon.staff, service=service))
    assert {page: count_rows(page) for page in LISTS} == {page: rows + 2 for page, rows in few.items()}
