"""Today: who sees which columns, the figures above them, and what odd addresses get."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import RequestFactory
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, WorkingHoursFactory
from clientline import wording
from clientline.backoffice.calendar import diary, today
from clientline.backoffice.calendar.diary import read_day
from clientline.database.prepared import read_standing
from clientline.tests.pages import see
from clientline.tests.rendering import unrendered
from payments.tests.factories import PaymentFactory, RefundFactory

pytestmark = pytest.mark.clock

PAST, AHEAD = date(2026, 6, 15), date(2097, 6, 17)  # Mondays, on which Salon staff works


def visit_on(day, cast, hour=8, **details):
    """Half an hour from `hour` in UTC, which in Berlin's summer is two hours later."""
    starts = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    given = {"client": cast.client, "staff": cast.staff, "service": cast.service, "appointment_date": starts}
    return AppointmentFactory(**given | details)


def opened(client, who, **query):
    client.force_login(who)
    response = client.get("/admin/", query)
    assert response.status_code == 200
    return response


def see_today(client, who, **query):
    """What the page is made of, without its text."""
    with unrendered():
        return opened(client, who, **query)


def titles(response):
    board = response.context["board"]
    return [each["column"].title for each in board.drawn] if board else []


def labels(response):
    """Without whether it is the client's first visit: where those of the cast lie depends on the day."""
    drawn = response.context["board"].drawn
    places = [place for each in drawn for place in each["places"] if place.kind != "free"]
    return [place.label.replace(", first visit", "") for place in places]


def figures(response):
    return {each.label: (each.value, each.detail) for each in response.context["figures"]}


def test_the_day_shows_who_works_or_has_visits_the_reader_first(salon, client):
    visit_on(AHEAD, salon, staff=salon.manager, client=salon.stranger)
    response = opened(client, salon.manager, date=AHEAD)
    assert titles(response) == ["Salon manager", "Salon staff"]
    assert [each["name"] for each in response.context["resting"]] == ["Salon admin", "Salon colleague"]
    assert labels(response) == ["10:00–10:30 Salon stranger, Salon service, with Salon manager, scheduled"]
    assert 'aria-label="10:00–10:30 Salon stranger, Salon service' in response.content.decode()


def test_one_person_asked_for_is_kept_on_other_days(salon, client):
    with unrendered():
        alone = opened(client, salon.manager, date=AHEAD, staff=salon.colleague.pk)
        assert titles(alone) == ["Salon colleague"]
        assert titles(client.get(alone.context["next"])) == ["Salon colleague"]
        assert titles(client.get(alone.context["everybody"])) == ["Salon staff"]


def test_staff_see_their_own_column_and_nobody_elses_visits(salon, client):
    visit_on(AHEAD, salon)
    visit_on(AHEAD, salon, staff=salon.colleague, client=salon.stranger)
    response = opened(client, salon.staff, date=AHEAD)
    assert titles(response) == ["Salon staff"]
    assert "stranger" not in response.content.decode()
    assert "Taken" not in figures(response)
    assert figures(response)["Visits"] == ("1", "1 still to come")


def test_another_organizations_people_never_appear(salon, clinic, client, without_row_security):
    for cast in (salon, clinic):
        visit_on(AHEAD, cast)
    asked = {"staff": clinic.staff.pk, "organization": clinic.organization.pk}
    for who, more in ((salon.admin, {}), (salon.manager, asked), (salon.staff, asked)):
        assert "Clinic" not in opened(client, who, date=AHEAD, **more).content.decode(), who


def test_an_operator_sees_the_organization_they_act_in(salon, clinic, operator, client):
    for cast in (salon, clinic):
        visit_on(AHEAD, cast)
    client.force_login(operator)
    assert client.get("/admin/")["Location"] == "/admin/organizations/organization/"
    client.post(f"/admin/act/{salon.organization.pk}/")
    response = client.get("/admin/", {"date": AHEAD})
    assert titles(response) == ["Salon staff"]
    assert "Clinic" not in response.content.decode()


def test_the_figures_are_the_sums_of_the_days_rows(salon, client):
    cancelled = {"status": "cancelled", "cancelled_at": timezone.now()}
    paid = visit_on(PAST, salon, 8, status="completed")
    part = visit_on(PAST, salon, 9, status="completed")
    visit_on(PAST, salon, 10, status="no_show", no_show_fee=50)
    visit_on(PAST, salon, 11, **cancelled)
    visit_on(PAST - timedelta(days=6), salon, status="no_show")
    visit_on(PAST - timedelta(days=7), salon, status="no_show")
    settled = datetime(2026, 6, 15, 21, 59, tzinfo=UTC)
    PaymentFactory(appointment=paid, amount="45.00", status="completed", settled_at=settled)
    PaymentFactory(appointment=part, amount="20.00", status="completed", settled_at=settled)
    PaymentFactory(appointment=part, amount="1.00", status="completed", settled_at=settled + timedelta(minutes=1))
    assert figures(see_today(client, salon.manager, date=PAST)) == {
        "Visits": ("3", "0 still to come"),
        "Taken": ("65.00 EUR", "nothing given back"),
        "Open balances": ("46.50 EUR", "for 2 visits"),  # 24 of the second, half of the third
        "No-shows, 7 days": ("2", "of 4 visits"),
    }


def test_tips_stand_beside_what_was_taken_and_the_list_behind_it_says_that_they_are_in_it(salon, client):
    visit, settled = visit_on(PAST, salon, 8, status="completed"), datetime(2026, 6, 15, 12, tzinfo=UTC)
    come = {"appointment": visit, "status": "completed", "settled_at": settled, "created_at": settled}
    PaymentFactory(**come, amount="50.00", tip="5.00")
    taken = figures(see_today(client, salon.manager, date=PAST))["Taken"]
    assert taken == ("45.00 EUR", "and 5.00 EUR of tips")
    RefundFactory(payment=PaymentFactory(**come, amount="2.00"), amount="1.00", status="completed", settled_at=settled)
    taken = figures(see_today(client, salon.manager, date=PAST))["Taken"]
    assert taken == ("47.00 EUR", "1.00 EUR given back, and 5.00 EUR of tips")
    totals = see(client, "/admin/payments/payment/", {"taken": PAST})["cl"].totals
    assert (totals[0], totals[2]) == (("Taken in all", "52.00 EUR"), ("of it tips", "5.00 EUR"))


def test_staff_are_told_of_no_shows_of_their_own_and_operators_of_those_of_the_organization_they_act_for(
    salon, clinic, operator, client, without_row_security
):
    for cast, missed in ((salon, 1), (clinic, 2)):
        for hour in range(missed):
            visit_on(PAST, cast, 10 + hour, status="no_show")
        visit_on(PAST, cast, 13, status="no_show", staff=cast.colleague)
        visit_on(PAST, cast, 14, status="completed", staff=cast.colleague)

    def read_no_shows(who):
        return figures(see_today(client, who, date=PAST))["No-shows, 7 days"]

    assert read_no_shows(salon.staff) == ("1", "of 1 visits")
    assert read_no_shows(salon.manager) == ("2", "of 3 visits")
    for cast, told in ((salon, ("2", "of 3 visits")), (clinic, ("3", "of 4 visits"))):
        client.force_login(operator)
        client.post(f"/admin/act/{cast.organization.pk}/")
        assert figures(client.get("/admin/", {"date": PAST}))["No-shows, 7 days"] == told


def test_what_is_due_for_visits_still_ahead_is_not_open_yet(salon, client):
    visit_on(AHEAD, salon)
    shown = figures(see_today(client, salon.manager, date=AHEAD))
    assert shown["Visits"] == ("1", "1 still to come")
    assert shown["Open balances"] == ("0.00 EUR", "nothing is due yet")


@pytest.mark.sweep
def test_the_page_costs_so_many_queries_however_many_visits_it_shows(salon, client, django_assert_num_queries):
    visit_on(AHEAD, salon)
    for hour in range(9, 12):
        person = UserFactory(organization=salon.organization, role="staff")
        WorkingHoursFactory(staff=person)
        for staff in (person, salon.staff):
            visit_on(AHEAD, salon, hour, staff=staff, client=UserFactory(organization=salon.organization))
    for who, queries, shown in (("manager", 15, 7), ("staff", 13, 4)):
        see_today(client, getattr(salon, who), date=AHEAD)
        with django_assert_num_queries(queries, info=who):
            response = client.get("/admin/", {"date": AHEAD})
        assert len(labels(response)) == shown


@pytest.mark.sweep
def test_many_people_are_shown_in_portions(salon, client, monkeypatch):
    monkeypatch.setattr(today, "AT_ONCE", 2)
    for name in ("Xaver", "Yara", "Zoe"):
        WorkingHoursFactory(staff=UserFactory(organization=salon.organization, role="staff", name=name))
    with unrendered():
        first = opened(client, salon.manager, date=AHEAD)
        assert titles(first) == ["Salon staff", "Xaver"]
        assert [each["label"] for each in first.context["people_pages"]] == ["Salon staff – Xaver", "Yara – Zoe"]
        assert titles(client.get(first.context["people_pages"][1]["url"])) == ["Yara", "Zoe"]
        for nonsense in ("0", "3", "-1", "x", "9" * 5000):
            assert titles(client.get("/admin/", {"date": AHEAD, "people": nonsense})) == ["Salon staff", "Xaver"]


def test_visits_of_somebody_deactivated_ask_for_somebody(salon, client):
    visit = visit_on(AHEAD, salon)
    User.objects.filter(pk=salon.staff.pk).update(is_active=False)
    response = opened(client, salon.manager, date=AHEAD)
    assert titles(response) == ["Salon staff (deactivated)"]
    assert labels(response) == ["10:00–10:30 Salon client, Salon service, with Salon staff, scheduled, needs somebody"]
    assert visit in response.context["orphans"]
    assert "Visits that need somebody" in response.content.decode()
    assert f'href="/admin/appointments/appointment/{visit.pk}/change/"' in response.content.decode()


@pytest.mark.sweep
def test_it_says_when_more_visits_ask_for_somebody(salon, client, monkeypatch):
    monkeypatch.setattr(today, "MOST_ORPHANS", 2)
    Appointment.objects.update(status="cancelled", cancelled_at=timezone.now())
    visits = [visit_on(AHEAD, salon, hour) for hour in (8, 9)]
    User.objects.filter(pk=salon.staff.pk).update(is_active=False)
    assert "And more" not in opened(client, salon.manager).content.decode()
    visits.append(visit_on(AHEAD, salon, 10))
    response = opened(client, salon.manager)
    assert response.context["orphans"] == visits[:2]
    link = f"/admin/appointments/appointment/?staff__id__exact={salon.staff.pk}&status__exact=scheduled"
    told = f'And more: all scheduled visits of <a href="{link.replace("&", "&amp;")}">Salon staff</a>.'
    assert told in response.content.decode()
    assert {*visits} <= {*see(client, link)["cl"].result_list}


def test_a_free_place_opens_the_booking_form(salon, client):
    page = opened(client, salon.staff, date=AHEAD).content.decode()
    place = f"/admin/appointments/appointment/add/?staff={salon.staff.pk}&amp;date=2097-06-17&amp;time=09:30"
    assert f'href="{place}" aria-label="Book 09:30 with Salon staff"' in page
    assert client.get(place.replace("&amp;", "&")).status_code == 200


def test_an_organization_without_hours_is_told_what_to_set_up(salon, client):
    salon.working_hours.delete()
    response = opened(client, salon.admin, date=AHEAD)
    assert response.context["board"] is None
    text = response.content.decode()
    assert "Nobody works on this day" in text
    assert "✓ Done: Say what you offer" in text
    assert '<a href="/admin/week-hours/">Say when people work' in text


ODD_DATES = (
    "0001-01-01",
    "9999-12-31",
    "1999-12-31",
    "2100-01-01",
    "2026-02-30",
    "tomorrow",
    "'",
    "٢٠٢٦",
)


def test_an_odd_date_is_named_and_today_shown(salon, client):
    client.force_login(salon.manager)
    now = timezone.now()
    for sent in ODD_DATES:
        day, problem = read_day(RequestFactory().get("/admin/", {"date": sent}), salon.organization, now)
        assert (day, bool(problem)) == (salon.organization.find_local_date(now), True), sent
    response = client.get("/admin/", {"date": sent})
    assert response.context["is_today"]
    assert "This is today." in response.content.decode()


def test_an_odd_date_is_named_in_the_readers_language(salon, client):
    User.objects.filter(pk=salon.manager.pk).update(language="de")
    client.force_login(salon.manager)
    page = client.get("/admin/", {"date": "1999-12-31"}).content.decode()
    assert "Wählen Sie ein Datum zwischen 2000 und 2100." in page


def test_the_calendar_ends_at_its_bounds(salon, client):
    for day, previous, next_ in (
        ("2000-01-01", None, "/admin/?date=2000-01-02"),
        ("2099-12-31", "/admin/?date=2099-12-30", None),
    ):
        context = see_today(client, salon.manager, date=day).context
        assert (context["previous"], context["next"]) == (previous, next_)


def test_the_day_is_the_organizations(salon, client):
    now = timezone.now()
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):  # a day and an hour apart
        salon.organization.timezone = zone
        salon.organization.save(update_fields=["timezone"])
        assert see_today(client, salon.manager).context["day"] == now.astimezone(salon.organization.zone).date()


@pytest.mark.parametrize(
    ("day", "first", "clocks", "rows"),
    [
        (
            "2026-03-29",
            "2026-03-29T01:15+01:00",
            ["01:15–01:45", "03:15–03:45", "04:15–04:45"],
            ["01:00", "03:00", "04:00"],
        ),
        (
            "2026-10-25",
            "2026-10-25T01:15+02:00",
            ["01:15–01:45", "02:15–02:45", "02:15–02:45"],
            ["01:00", "02:00", "02:00 (2nd)"],
        ),
    ],
)
def test_days_of_a_clock_change_are_drawn(salon, client, day, first, clocks, rows):
    for minutes in (0, 60, 120):
        visit_on(
            date.fromisoformat(day), salon, appointment_date=datetime.fromisoformat(first) + timedelta(minutes=minutes)
        )
    response = see_today(client, salon.manager, date=day)
    assert [label[:11] for label in labels(response)] == clocks
    assert [label for _, label in response.context["board"].labels][:4] == rows


def test_the_pages_scripts_and_styles_stand_in_files(salon, client):
    visit_on(AHEAD, salon)
    for url in ("/admin/", "/admin/week/"):
        client.force_login(salon.manager)
        text = client.get(url, {"date": AHEAD}).content.decode()
        assert " style=" not in text
        assert "<style" not in text
        assert not re.search(r"\son\w+=", text)
        assert text.count("<script") == text.count("<script src=")


def test_money_is_written_as_its_currency_is():
    assert wording.write_money(Decimal("1234.00"), "JPY") == "1,234 JPY"
    assert wording.write_money(Decimal("-1234.5"), "EUR") == "-1,234.50 EUR"


@pytest.mark.sweep
def test_money_that_came_when_it_was_not_wanted_is_told_for_a_week(salon, client):
    now = timezone.now()

    def came(visit, amount, days, **refund):
        paid = PaymentFactory(appointment=visit, amount=amount, completed=True)
        at = now - timedelta(days=days)
        return RefundFactory(payment=paid, amount=amount, automatic=True, created_at=at, **refund)

    came(salon.visit, "12.50", 1, status="completed", settled_at=now)
    came(salon.visit, "13.50", 2)
    came(salon.strangers_visit, "14.50", 3, status="failed")
    came(salon.visit, "15.50", 8)
    RefundFactory(payment=PaymentFactory(appointment=salon.visit, completed=True))
    shown = opened(client, salon.manager)
    assert [(visit.pk, standing[:30]) for visit, standing in shown.context["late_money"]] == [
        (salon.visit.pk, "12.50 EUR paid online was give"),
        (salon.visit.pk, "13.50 EUR paid online is on it"),
        (salon.strangers_visit.pk, "14.50 EUR paid online could no"),
    ]
    assert "12.50 EUR paid online was given back" in shown.content.decode()
    assert len(see_today(client, salon.staff).context["late_money"]) == 2, "of their own visits"


def test_marks_of_ones_own_visits_are_in_the_readers_language(salon, client):
    salon.staff.language = "de"
    salon.staff.save(update_fields=["language"])
    Appointment.objects.filter(pk=salon.visit.pk).update(notes="Allergic")
    client.force_login(salon.staff)
    day = salon.visit.appointment_date.astimezone(salon.organization.zone).date()
    listed = client.get(f"/admin/?date={day}").content.decode()
    assert f"<span>{salon.service} · Erster Termin · Notiz</span>" in listed


def test_the_first_visit_is_the_earliest_that_was_not_cancelled(salon, client):
    person = UserFactory(organization=salon.organization, role="client")
    made = [visit_on(AHEAD, salon, hour=hour, client=person) for hour in (8, 9, 10)]
    Appointment.objects.filter(pk=made[0].pk).update(status="cancelled", cancelled_at=made[0].created_at)
    drawn = see_today(client, salon.manager, date=AHEAD).context["board"].drawn
    marks = {place.visit.pk: place.marks for each in drawn for place in each["places"] if place.visit}
    assert [marks[each.pk] for each in made] == [("Cancelled",), ("First visit",), ()]


def test_earlier_visits_are_looked_for_by_their_order(salon):
    """Else the whole table may be read for each visit, where one client has most of all."""
    statement = diary._prepare_visits(False, *read_standing(salon.manager))
    # Django 6.1 quotes its own names, too.
    assert 'ORDER BY U0."appointment_date" ASC LIMIT 1' in statement.sql.replace('"U0"', "U0")
