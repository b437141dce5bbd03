"""Utilization and no-shows over HTTP, with figures counted by hand."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.tests.factories import UserFactory
from appointments.models import Appointment, TimeOff
from appointments.periods import Period
from appointments.reports import GROUPINGS, report_no_shows, report_utilization
from appointments.tests.factories import AppointmentFactory, SpecialHoursFactory, TimeOffFactory, WorkingHoursFactory
from organizations.tests.factories import OrganizationFactory

pytestmark = pytest.mark.clock

BERLIN = ZoneInfo("Europe/Berlin")


def instant(day, hour):
    return datetime(2026, 3, day, hour, tzinfo=BERLIN)


@pytest.fixture
def march(salon):
    """Two Mondays: `staff` works 9 to 17, `colleague` 10 to 12 on one of them; the days are the 2nd and the 9th."""
    TimeOff.objects.all().delete()
    type(salon.special_hours).objects.all().delete()
    SpecialHoursFactory(staff=salon.colleague, date="2026-03-09", starts="10:00", ends="12:00")

    def visit(day, hour, status, **fields):
        people = {"client": salon.client, "staff": salon.staff, "service": salon.service}
        return AppointmentFactory.build(**people, appointment_date=instant(day, hour), status=status, **fields)

    visits = [
        visit(2, 9, "completed"),
        visit(2, 10, "no_show"),
        visit(2, 0, "completed"),  # just past midnight in Berlin, still Sunday in UTC
        visit(9, 9, "cancelled", cancelled_at=instant(9, 8)),
        visit(9, 11, "cancelled", cancelled_at=instant(1, 8)),
        visit(9, 12, "scheduled"),
    ]
    Appointment.objects.bulk_create(visits)
    return salon


def ask(api, caller, report, **parameters):
    answer = api(caller).get(f"/reports/{report}", {"from": "2026-03-02", "to": "2026-03-09"} | parameters)
    assert answer.status_code == 200, answer.json()
    return answer.json()


def test_no_shows_by_day_week_and_month(api, march):
    report = ask(api, march.manager, "no-shows")
    assert (report["from"], report["to"], report["group_by"]) == ("2026-03-02", "2026-03-09", "day")
    assert (report["timezone"], report["currency"]) == ("Europe/Berlin", "EUR")
    assert [row["key"] for row in report["rows"]] == [f"2026-03-{day:02}" for day in range(2, 10)]
    assert report["rows"][0] == {
        "key": "2026-03-02",
        "label": "2026-03-02",
        "visits": 3,
        "completed": 2,
        "no_show": 1,
        "late_cancelled": 0,
        "no_show_rate": 0.3333,
    }
    assert report["rows"][7] == {
        "key": "2026-03-09",
        "label": "2026-03-09",
        "visits": 2,
        "completed": 0,
        "no_show": 0,
        "late_cancelled": 1,
        "no_show_rate": None,
    }
    total = {"visits": 5, "completed": 2, "no_show": 1, "late_cancelled": 1, "no_show_rate": 0.3333}
    assert report["total"] == total
    weeks = ask(api, march.manager, "no-shows", group_by="week")
    assert [(row["key"], row["visits"]) for row in weeks["rows"]] == [("2026-W10", 3), ("2026-W11", 2)]
    months = ask(api, march.manager, "no-shows", group_by="month")
    assert [(row["key"], row["visits"]) for row in months["rows"]] == [("2026-03", 5)]
    assert weeks["total"] == months["total"] == total


# The first and last date of a period, and its weeks: key, and the local dates on which they begin and end here.
NEW_YEARS = [
    ("2026-12-27", "2027-01-04", [
        ("2026-W52", "2026-12-27", "2026-12-28"),
        ("2026-W53", "2026-12-28", "2027-01-04"),
        ("2027-W01", "2027-01-04", "2027-01-05"),
    ]),
    ("2024-12-29", "2025-01-05", [
        ("2024-W52", "2024-12-29", "2024-12-30"),
        ("2025-W01", "2024-12-30", "2025-01-06"),
    ]),
    ("2021-01-01", "2021-01-04", [
        ("2020-W53", "2021-01-01", "2021-01-04"),
        ("2021-W01", "2021-01-04", "2021-01-05"),
    ]),
    ("2032-12-31", "2033-01-03", [
        ("2032-W53", "2032-12-31", "2033-01-03"),
        ("2033-W01", "2033-01-03", "2033-01-04"),
    ]),
]  # fmt: skip


def test_weeks_are_those_of_iso_8601_across_new_year():
    home = OrganizationFactory.build(timezone="Europe/Berlin")

    def midnight(day):
        return datetime.fromisoformat(day).replace(tzinfo=BERLIN)

    for first, last, weeks in NEW_YEARS:
        period = Period(home, date.fromisoformat(first), date.fromisoformat(last), "week")
        assert period.list_buckets() == [(key, key, midnight(begins), midnight(ends)) for key, begins, ends in weeks]


@pytest.mark.sweep
def test_visits_of_new_year_count_in_the_week_they_are_in(api, march):
    for day in ("2020-12-28T00:00", "2020-12-31T23:59", "2021-01-03T23:59", "2021-01-04T00:00"):
        start = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
        AppointmentFactory(
            client=march.client, staff=march.staff, appointment_date=start, ends_at=start + timedelta(minutes=1)
        )
    period = {"from": "2020-12-28", "to": "2021-01-04", "group_by": "week"}
    for report, figure in (("no-shows", "visits"), ("utilization", "booked_minutes")):
        rows = ask(api, march.manager, report, **period)["rows"]
        shown = [(row["key"], row["label"], row[figure]) for row in rows]
        assert shown == [("2020-W53", "2020-W53", 3), ("2021-W01", "2021-W01", 1)]
    hours = [row["available_minutes"] for row in ask(api, march.manager, "utilization", **period)["rows"]]
    assert hours == [480, 480]  # of each week's Monday


def test_a_report_covers_one_to_366_days(api, salon):
    report = ask(api, salon.manager, "no-shows", to="2027-03-02")
    assert len(report["rows"]) == 366


def test_a_cancellation_is_late_from_a_moment_after_the_cut_off(api, march):
    cutoff = instant(9, 15) - timedelta(minutes=1440)
    for hour, moment in ((15, cutoff), (16, cutoff + timedelta(hours=1, microseconds=1))):
        AppointmentFactory(
            client=march.client,
            staff=march.colleague,
            appointment_date=instant(9, hour),
            status="cancelled",
            cancelled_at=moment,
        )
    report = ask(api, march.manager, "no-shows", group_by="staff")
    assert [(row["key"], row["visits"], row["late_cancelled"]) for row in report["rows"]] == [
        (march.colleague.pk, 1, 1),
        (march.staff.pk, 5, 1),
    ]


def test_time_off_that_overlaps_counts_once_and_only_inside_the_hours(api, march):
    TimeOffFactory(staff=march.staff, starts_at=instant(9, 7), ends_at=instant(9, 10))
    TimeOffFactory(staff=march.staff, starts_at=instant(9, 8), ends_at=instant(9, 9))
    TimeOffFactory(staff=march.staff, starts_at=instant(9, 10), ends_at=instant(9, 11))
    TimeOffFactory(staff=march.staff, starts_at=instant(9, 16), ends_at=instant(9, 23))
    TimeOffFactory(staff=march.staff, starts_at=instant(1, 0), ends_at=instant(2, 9))
    TimeOffFactory(staff=march.staff, starts_at=instant(10, 0), ends_at=instant(11, 0))
    rows = ask(api, march.manager, "utilization", group_by="staff")["rows"]
    assert [(row["key"], row["available_minutes"]) for row in rows] == [
        (march.colleague.pk, 120),
        (march.staff.pk, 480 + 480 - 3 * 60),
    ]


def test_only_the_active_team_of_the_organization_is_there_to_be_booked(api, march, clinic, operator):
    """An operator sees every organization's people, and is nobody's colleague."""
    gone = UserFactory(organization=march.organization, role="staff", is_active=False)
    helper = UserFactory(organization=march.organization, role="staff", is_superuser=True, has_second_factor=True)
    for person in (gone, helper):
        WorkingHoursFactory(staff=person)
        TimeOffFactory(staff=person, starts_at=instant(2, 9), ends_at=instant(2, 10))
    TimeOffFactory(staff=None, organization=clinic.organization, starts_at=instant(2, 0), ends_at=instant(10, 0))
    asked = {"organization": march.organization.pk, "group_by": "staff"}
    rows = ask(api, operator, "utilization", **asked)["rows"]
    assert [(row["label"], row["available_minutes"]) for row in rows] == [
        ("Salon colleague", 120),
        ("Salon staff", 960),
    ]


def test_by_the_first_wall_alone_no_grouping_counts_others_visits_and_hours(march, clinic):
    """Over requests, row security would hide what is counted too much; here its owner asks, whom it does not bind."""
    periods = [Period(march.organization, date(2026, 3, 2), date(2026, 3, 9), group_by) for group_by in GROUPINGS]

    def read_all():
        return [report(period) for period in periods for report in (report_no_shows, report_utilization)]

    before = read_all()
    who = {"client": clinic.client, "staff": clinic.staff, "service": clinic.service}
    AppointmentFactory(**who, appointment_date=instant(2, 15), status="no_show")
    SpecialHoursFactory(staff=clinic.colleague, date="2026-03-09", starts="10:00", ends="12:00")
    assert read_all() == before


def test_no_shows_by_person_and_service(api, march):
    for group_by, row in (("staff", march.staff), ("service", march.service)):
        report = ask(api, march.manager, "no-shows", group_by=group_by)
        assert [(r["key"], r["label"], r["visits"]) for r in report["rows"]] == [(row.pk, row.name, 5)]


def test_utilization_counts_hours_less_time_off(api, march):
    TimeOffFactory(staff=march.staff, starts_at=instant(9, 15), ends_at=instant(9, 20))
    TimeOffFactory(staff=None, organization=march.organization, starts_at=instant(9, 11), ends_at=instant(9, 16))
    report = ask(api, march.manager, "utilization")
    assert report["rows"][0] == {
        "key": "2026-03-02",
        "label": "2026-03-02",
        "booked_minutes": 90,
        "available_minutes": 480,
        "utilization": 0.1875,
    }
    assert report["rows"][7] == {
        "key": "2026-03-09",
        "label": "2026-03-09",
        "booked_minutes": 30,
        "available_minutes": 180,
        "utilization": 0.1667,
    }
    assert report["total"] == {"booked_minutes": 120, "available_minutes": 660, "utilization": 0.1818}
    by_staff = ask(api, march.manager, "utilization", group_by="staff")
    assert [(row["label"], row["booked_minutes"], row["available_minutes"]) for row in by_staff["rows"]] == [
        ("Salon colleague", 0, 60),
        ("Salon staff", 120, 600),
    ]


def test_a_working_day_of_a_clock_change_has_the_minutes_that_pass(api, march):
    WorkingHoursFactory(staff=march.staff, weekday=6, starts="00:00", ends="00:00")
    for day, minutes in (("2026-03-29", 23 * 60), ("2026-10-25", 25 * 60)):
        report = ask(api, march.manager, "utilization", **{"from": day, "to": day})
        assert report["total"]["available_minutes"] == minutes


@pytest.mark.sweep
def test_reports_are_for_admins_managers_and_operators(api, march, clinic, operator):
    question = {"from": "2026-03-02", "to": "2026-03-09"}
    for report in ("no-shows", "utilization"):
        for caller, status in ((march.admin, 200), (march.staff, 403), (march.client, 403), (operator, 400)):
            assert api(caller).get(f"/reports/{report}", question).status_code == status
        assert (
            api(march.admin).get(f"/reports/{report}", question | {"organization": clinic.organization.pk}).status_code
            == 403
        )
        answer = api(operator).get(f"/reports/{report}", question | {"organization": march.organization.pk})
        assert (answer.status_code, answer.json()["timezone"]) == (200, "Europe/Berlin")
    assert ask(api, clinic.admin, "no-shows")["total"]["visits"] == 0


NONSENSE = [
    ({"to": "2026-03-01"}, "to"),
    ({"to": "2027-03-03"}, "to"),  # day 367
    ({"group_by": "hour"}, "group_by"),
    ({"x": "1"}, "x"),
]


def test_nonsense_is_a_400_that_names_it(api, salon):
    for changes, field in NONSENSE:
        answer = api(salon.admin).get("/reports/no-shows", {"from": "2026-03-02", "to": "2026-03-09"} | changes)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), changes


@pytest.mark.sweep
def test_the_queries_do_not_depend_on_people_or_days(api, march, django_assert_num_queries):
    client = api(march.admin)
    year = {"from": "2026-01-01", "to": "2026-12-31"}
    client.get("/reports/utilization", year)  # the first writes when the token was used
    for n in range(2):
        with django_assert_num_queries(9):
            client.get("/reports/utilization", year)
        WorkingHoursFactory(staff=UserFactory(organization=march.organization, role="staff"), weekday=1)
        AppointmentFactory(
            client=march.client, staff=march.staff, appointment_date=instant(2, 15) + timedelta(days=30 + n)
        )
