"""The page of reports: the API's figures, drawn and as a file, for those who may ask."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from itertools import product
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory
from clientline.tests.pages import errors_of, see
from organizations.models import Organization
from payments.tests.factories import PaymentFactory
from services.models import Service
from services.tests.factories import ServiceFactory

URL = "/admin/reports/"
JULY = {"from": "2026-07-01", "to": "2026-07-31"}
FIRST = datetime(2026, 7, 1, 22, 15, tzinfo=UTC)  # the 2nd in Berlin


def take(cast, amount, at=FIRST, **visit):
    visit = AppointmentFactory(
        **{"client": cast.client, "staff": cast.staff, "service": cast.service, "appointment_date": at} | visit
    )
    PaymentFactory(appointment=visit, amount=amount, status="completed", settled_at=at, created_at=at)
    return visit


def lines(answer):
    assert answer.status_code == 200, answer
    text = b"".join(answer.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(StringIO(text[1:])))


def test_revenue_is_drawn_listed_and_summed(salon, clinic, client):
    take(salon, "1250.00")
    take(salon, "12.30", at=FIRST + timedelta(days=1))
    take(clinic, "999.00")
    client.force_login(salon.manager)
    page = client.get(URL, JULY | {"group_by": "week"})
    assert page.context["rows"][0] == ("Week 27, from 29 Jun 2026", ["1,262.30", "0.00", "1,262.30", "0.00", "0.00"])
    assert page.context["total"] == ["1,262.30", "0.00", "1,262.30", "0.00", "0.00"]
    text = page.content.decode()
    figures = "taken 1,262.30, refunded 0.00, net 1,262.30, tips 0.00, rounding 0.00"
    assert f"<title>Week 27, from 29 Jun 2026: {figures}</title>" in text
    assert 'role="img" aria-label="Revenue by week, Wed 1 Jul 2026 to Fri 31 Jul 2026. Highest: Week 27' in text
    assert "style=" not in text.split('id="content"')[1]


@pytest.mark.parametrize(
    ("report", "columns"),
    [
        ("revenue", ["taken", "refunded", "net", "tips", "rounding"]),
        ("utilization", ["booked_minutes", "available_minutes", "utilization"]),
        ("no-shows", ["visits", "completed", "no_show", "no_show_rate", "late_cancelled", "late_rate"]),
    ],
)
def test_a_file_holds_the_figures_of_the_api(salon, client, api, report, columns):
    take(salon, "20.00", status="completed")
    take(salon, "30.00", status="no_show", staff=salon.colleague, at=FIRST + timedelta(hours=2))
    client.force_login(salon.admin)
    asked = JULY | {"group_by": "staff"}
    expected = api(salon.admin).get(f"/reports/{report}", asked).json()
    header, *rows, total = lines(client.get(f"{URL}csv/", asked | {"report": report}))
    assert header == ["key", "label", *columns]
    assert len(rows) == len(expected["rows"]) > 0
    told = [*expected["rows"], expected["total"] | {"key": "", "label": "Total"}]
    for line, row in zip([*rows, total], told, strict=True):
        known = {name: "" if row[name] is None else str(row[name]) for name in header if name in row}
        assert {name: line[header.index(name)] for name in known} == known


@pytest.mark.sweep
def test_yen_have_no_cents_on_pages_and_a_file_holds_what_the_api_says(salon, client):
    Organization.objects.filter(pk=salon.organization.pk).update(currency="JPY")
    Service.objects.filter(pk=salon.service.pk).update(price="5000.00")
    take(salon, "5000.00", price="5000.00")
    client.force_login(salon.admin)
    page = client.get(URL, JULY | {"group_by": "month"})
    assert page.context["total"] == ["5,000", "0", "5,000", "0", "0"]
    assert lines(client.get(f"{URL}csv/", JULY | {"group_by": "month"}))[-1][2:] == [
        "5000.00",
        "0.00",
        "5000.00",
        "0.00",
        "0.00",
    ]
    for listed in ("services/service", "appointments/appointment", "payments/payment"):
        assert "5,000 JPY" in client.get(f"/admin/{listed}/").content.decode()


def test_no_cell_of_the_file_is_a_formula(salon, client):
    take(salon, "20.00", service=ServiceFactory(organization=salon.organization, name="=1+1"))
    client.force_login(salon.admin)
    rows = lines(client.get(f"{URL}csv/", JULY | {"group_by": "service"}))
    assert [row[1] for row in rows] == ["label", "'=1+1", "Total"]


def test_without_dates_it_is_the_last_30_days(salon, client):
    client.force_login(salon.manager)
    page = client.get(URL)
    today = timezone.now().astimezone(salon.organization.zone).date()
    assert (page.context["period"].first, page.context["period"].last) == (today - timedelta(days=29), today)
    assert [(label, chosen) for label, _, chosen in page.context["presets"]] == [
        ("This month", today.day == 30),
        ("Last month", False),
        ("Last 30 days", True),
        ("This year", False),
    ]
    assert "Nothing in these days." in page.content.decode()


REPORTS = ("revenue", "utilization", "no-shows")
CUTS = ("day", "week", "month", "staff", "service")


@pytest.mark.sweep
def test_every_report_is_shown_in_every_cut_and_every_link_opens(salon, client, share):
    take(salon, "20.00")
    client.force_login(salon.admin)
    for report, group_by in share(product(REPORTS, CUTS), 0):  # a third has each of both
        page = see(client, URL, JULY | {"report": report, "group_by": group_by})
        tabs = [read_query(url) for _, url in page["tabs"]]
        assert tabs == [JULY | {"report": each, "group_by": group_by} for each in REPORTS]
        assert page["rows"], (report, group_by)
    for report in REPORTS:
        page = client.get(URL, JULY | {"report": report, "group_by": group_by})
        assert "<svg" in page.content.decode(), report
    for _, url, _ in page.context["presets"]:
        assert see(client, url)["period"].group_by in (group_by, "day", "month")


def read_query(url):
    """What an address of the page asks."""
    assert urlsplit(url).path == URL
    return dict(parse_qsl(urlsplit(url).query))


def test_a_cut_that_another_report_lacks_becomes_days(salon, client):
    client.force_login(salon.admin)
    page = see(client, URL, JULY | {"group_by": "payment_method"})
    url = dict((report.name, url) for report, url in page["tabs"])["utilization"]
    assert parse_qs(urlsplit(url).query)["group_by"] == ["payment_method"]
    assert see(client, url)["period"].group_by == "day"


WRONG = [
    ({"from": "x", "to": "2026-02-30"}, {"from": "Write a date like 2026-12-31.", "to": "There is no such day."}),
    (
        {"from": "", "group_by": "client"},
        {
            "from": "This field is required.",
            "group_by": "Select a valid choice. client is not one of the available choices.",
        },
    ),
    ({"from": "1026-07-01"}, {"from": "Choose a date between 2000 and 2100."}),
    ({"to": "2026-06-30"}, {"to": "Ask for 1 to 366 days."}),
    ({"to": "2099-12-31"}, {"to": "Ask for 1 to 366 days."}),
]


@pytest.mark.sweep
def test_what_cannot_be_asked_is_said_beside_the_field_and_stays_typed(salon, client):
    client.force_login(salon.admin)
    for asked, told in WRONG:
        form = see(client, URL, JULY | asked)["form"]
        assert form.errors == {name: [problem] for name, problem in told.items()}, asked
        assert all(form[name].value() == value for name, value in asked.items()), asked
    answer = client.get(f"{URL}csv/", JULY | asked)
    assert (answer.status_code, errors_of(client.get(answer["Location"]))) == (302, [*told.values()])


def test_strange_parameters_are_ignored(salon, clinic, client):
    client.force_login(salon.admin)
    page = see(client, URL, JULY | {"report": "salaries", "organization": clinic.organization.pk, "x": "1"})
    assert (page["period"].organization, page["report"].name) == (salon.organization, "revenue")


def test_staff_and_clients_have_no_reports(salon, client):
    for who, status in ((salon.staff, 403), (salon.client, 302)):
        client.force_login(who)
        assert [client.get(url, JULY).status_code for url in (URL, f"{URL}csv/")] == [status, status]


def test_operators_say_whose_reports_they_want(salon, clinic, operator, client):
    take(salon, "20.00")
    take(clinic, "30.00")
    client.force_login(operator)
    for url in (URL, f"{URL}csv/"):
        assert client.get(url)["Location"] == "/admin/organizations/organization/"
    client.post(f"/admin/act/{salon.organization.pk}/")
    assert see(client, URL, JULY)["total"] == ["20.00", "0.00", "20.00", "0.00", "0.00"]


REPORT_COSTS = {"revenue": 7, "utilization": 11, "no-shows": 7}


@pytest.mark.sweep
def test_a_report_costs_so_many_queries_however_many_rows_it_counts(salon, client, django_assert_num_queries):
    client.force_login(salon.manager)
    see(client, URL, JULY)
    for name in ("a", "b", "c"):
        take(
            salon,
            "20.00",
            client=UserFactory(organization=salon.organization),
            staff=UserFactory(organization=salon.organization, role="staff"),
            service=ServiceFactory(organization=salon.organization, name=name),
        )
    for (report, cost), group_by in product(REPORT_COSTS.items(), ("day", "service")):
        with django_assert_num_queries(cost, info=f"{report} by {group_by}"):
            client.get(URL, JULY | {"report": report, "group_by": group_by})
