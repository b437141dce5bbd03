"""A whole week of one person on one form, saved at once or not at all; and the team's at a glance."""

from concurrent.futures import ThreadPoolExecutor
from datetime import time, timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import WorkingHours
from appointments.tests.factories import AppointmentFactory, WorkingHoursFactory, days_ahead
from appointments.working_time import working_week
from clientline.tests.pages import Page, errors_of, judge, see, standing, submit, typed

URL = "/admin/week-hours/"


def page(person):
    return f"{URL}?staff={person.pk}"


def week(person):
    today = person.organization.find_local_date(timezone.now())
    return [
        (day, f"{starts:%H:%M}", f"{ends:%H:%M}")
        for day, starts, ends, _ in working_week.load_with_others(person, today)[0]
    ]


def form_of(client, person):
    """What stands on the form of a week, beside what holds for a time."""
    shown = see(client, page(person))
    return standing(shown["form"], shown["dated"].management_form, *shown["dated"])


def send(client, person, **values):
    return judge(client, page(person), **form_of(client, person) | values)


LONG = "These are more than 14 hours. Save again if they are meant."


def stretch(day, row, starts, ends):
    return {f"{day}-{row}-starts": starts, f"{day}-{row}-ends": ends}


def test_a_week_is_saved_as_a_whole(salon, client):
    kept = salon.working_hours.pk
    client.force_login(salon.manager)
    values = stretch(0, 1, "18:00", "00:00") | stretch(6, 2, "10:00", "12:00") | stretch(6, 0, "12:00", "13:30")
    answer = submit(client, page(salon.staff), **values)
    assert (answer.status_code, answer["Location"]) == (302, URL)
    assert week(salon.staff) == [
        (0, "09:00", "17:00"),
        (0, "18:00", "00:00"),
        (6, "10:00", "12:00"),
        (6, "12:00", "13:30"),
    ]
    assert WorkingHours.objects.filter(pk=kept).exists()
    assert send(client, salon.staff, **stretch(0, 0, "", "")).status_code == 302
    assert (0, "09:00", "17:00") not in week(salon.staff)


# What is sent together, and what stands beside each field.
WRONG = [
    (
        stretch(1, 0, "09:00", "08:00") | stretch(3, 0, "05:00", "19:01") | stretch(6, 0, "09:00", "09:00"),
        {"1-0-ends": LONG, "3-0-ends": LONG, "6-0-ends": LONG},
    ),
    (
        stretch(6, 0, "22:00", "09:30") | stretch(0, 1, "16:59", "18:00"),
        {"6-0-starts": "This overlaps other hours.", "0-1-starts": "This overlaps other hours."},
    ),
    (stretch(0, 1, "12:00", "00:00"), {"0-1-starts": "This overlaps other hours."}),
    (
        stretch(1, 0, "00:00", "")
        | stretch(1, 2, "", "10:00")
        | stretch(2, 0, "9 o'clock", "10:00")
        | stretch(3, 0, "09:00", "25:00")
        | stretch(4, 0, "09:00", "10:00:30"),
        {
            "1-0-ends": "Give both times.",
            "1-2-starts": "Give both times.",
            "2-0-starts": "Enter a valid time.",
            "3-0-ends": "Enter a valid time.",
            "4-0-ends": "Write hours and minutes only.",
        },
    ),
]


@pytest.mark.sweep
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_saved(salon, client):
    client.force_login(salon.manager)
    form = form_of(client, salon.staff) | stretch(5, 0, "10:00", "11:00")
    for values, problems in WRONG[:-1]:
        answer = judge(client, page(salon.staff), **form | values)
        found = {field: [problem] for field, problem in problems.items()}
        assert (answer.status_code, answer.context["form"].errors) == (200, found)
    values, problems = WRONG[-1]
    answer = client.post(page(salon.staff), form | values)
    assert errors_of(answer) == [*problems.values()]
    assert Page(answer).fields["5-0-starts"] == ["10:00"], "what was typed is kept"
    assert week(salon.staff) == [(0, "09:00", "17:00")]


@pytest.mark.sweep
def test_there_is_always_a_row_more_than_stretches(salon, client):
    for hour in (1, 3, 5):
        WorkingHoursFactory(staff=salon.staff, weekday=2, starts=time(hour), ends=time(hour + 1))
    client.force_login(salon.manager)
    form = client.get(page(salon.staff))
    assert "2-3-starts" in Page(form).fields
    assert judge(client, page(salon.staff), **typed(form, **stretch(2, 3, "08:00", "09:00"))).status_code == 302
    assert len(week(salon.staff)) == 5


@pytest.mark.sweep
def test_monday_is_copied_to_the_workdays_without_saving(salon, client):
    client.force_login(salon.manager)
    answer = submit(
        client, page(salon.staff), copy="0", **stretch(0, 1, "18:00", "20:00") | stretch(2, 2, "1:00", "2:00")
    )
    fields = Page(answer).fields
    assert [fields[f"{day}-1-starts"] for day in range(7)] == [["18:00"]] * 5 + [[""]] * 2
    assert fields["2-2-starts"] == [""]
    assert week(salon.staff) == [(0, "09:00", "17:00")]
    assert client.post(page(salon.staff), {name: value for name, value in fields.items()}).status_code == 302
    assert len(week(salon.staff)) == 10


@pytest.mark.sweep
def test_what_others_changed_meanwhile_is_not_lost_silently(salon, client):
    client.force_login(salon.manager)
    values = form_of(client, salon.staff) | stretch(1, 0, "10:00", "11:00")
    WorkingHoursFactory(staff=salon.staff, weekday=5)
    answer = client.post(page(salon.staff), values)
    assert errors_of(answer) == [
        "Somebody else changed these hours meanwhile. They are now: Monday 09:00–17:00, Saturday 09:00–17:00."
        " Saving again replaces them by what stands here."
    ]
    assert week(salon.staff) == [(0, "09:00", "17:00"), (5, "09:00", "17:00")]
    assert client.post(page(salon.staff), typed(answer)).status_code == 302
    assert week(salon.staff) == [(0, "09:00", "17:00"), (1, "10:00", "11:00")]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_told(salon):
    now, together = timezone.now(), Barrier(2)
    seen = working_week.digest_week(
        *working_week.load_with_others(salon.staff, salon.organization.find_local_date(now))
    )

    def save(weekday):
        together.wait()
        try:
            working_week.replace_week(
                staff=salon.staff, stretches=[(weekday, time(8), time(9), None)], seen=seen, now=now
            )
        except working_week.HoursChanged:
            return "told"
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(save, (4, 5)))
    assert sorted(answers) == ["saved", "told"]
    assert week(salon.staff) == [((4, 5)[answers.index("saved")], "08:00", "09:00")]


@pytest.mark.sweep
def test_staff_edit_their_own_week_and_see_the_others(salon, clinic, client):
    client.force_login(salon.staff)
    answer = client.get(URL)
    assert "Salon colleague" in answer.content.decode()
    assert [link for link in Page(answer).links if "staff=" in link] == [page(salon.staff)]
    assert send(client, salon.staff, **stretch(1, 0, "10:00", "11:00")).status_code == 302
    assert len(week(salon.staff)) == 2
    assert client.get(page(salon.colleague)).status_code == 404
    assert client.post(page(salon.colleague), stretch(1, 0, "10:00", "11:00")).status_code == 404


@pytest.mark.sweep
def test_those_above_edit_everybodys_at_home(salon, clinic, client):
    client.force_login(salon.admin)
    assert see(client, page(salon.colleague))["form"]
    client.force_login(salon.manager)
    for foreign in (clinic.staff.pk, salon.client.pk, "x", "", "9" * 30, "-1"):
        assert judge(client, f"{URL}?staff={foreign}", **stretch(1, 0, "10:00", "11:00")).status_code == 404
    assert client.get(URL, {"staff": clinic.staff.pk}).status_code == 404
    assert "Clinic" not in client.get(URL).content.decode()


@pytest.mark.sweep
def test_an_operator_edits_where_they_act(salon, clinic, operator, client):
    client.force_login(operator)
    assert client.get(URL)["Location"] == "/admin/organizations/organization/"
    client.post(f"/admin/act/{salon.organization.pk}/")
    assert [person.name for person, _, _ in see(client, URL)["people"]] == [
        "Salon admin",
        "Salon colleague",
        "Salon manager",
        "Salon staff",
    ]
    assert send(client, salon.staff, **stretch(1, 0, "10:00", "11:00")).status_code == 302
    assert client.get(page(clinic.staff)).status_code == 404


def test_a_form_without_its_hidden_field_is_refused_not_obeyed(salon, client):
    client.force_login(salon.manager)
    assert client.post(page(salon.staff), {}).status_code == 200
    assert week(salon.staff) == [(0, "09:00", "17:00")]


def test_the_overview_costs_the_same_with_more_people(salon, client, django_assert_num_queries):
    client.force_login(salon.manager)
    with django_assert_num_queries(9):
        client.get(URL)
    WorkingHoursFactory(staff=UserFactory(organization=salon.organization, role="staff"))
    User.objects.filter(pk=salon.colleague.pk).update(is_active=False)
    with django_assert_num_queries(9):
        people = client.get(URL).context["people"]
    assert salon.colleague not in [person for person, _, _ in people]


@pytest.mark.sweep
def test_long_hours_are_asked_back_once(salon, client):
    client.force_login(salon.manager)
    answer = client.post(page(salon.staff), form_of(client, salon.staff) | stretch(1, 0, "09:00", "08:00"))
    assert errors_of(answer) == [LONG]
    answer = client.post(page(salon.staff), typed(answer, **stretch(2, 0, "09:30", "09:00")))
    assert errors_of(answer) == [LONG, LONG], "others are asked about, too"
    assert client.post(page(salon.staff), typed(answer)).status_code == 302
    assert week(salon.staff)[1:] == [(1, "09:00", "08:00"), (2, "09:30", "09:00")]
    form = form_of(client, salon.staff)
    changed = judge(client, page(salon.staff), **form | stretch(1, 0, "09:00", "08:30"))
    assert changed.context["form"].errors == {"1-0-ends": [LONG]}
    again = judge(client, page(salon.staff), **form | stretch(3, 0, "09:00", "17:00"))
    assert again.status_code == 302, "what stands already was meant"
    assert week(salon.staff)[3:] == [(3, "09:00", "17:00")]


@pytest.mark.sweep
def test_a_week_keeps_what_was_worked_until_it_begins(salon, client):
    today = salon.organization.find_local_date(timezone.now())
    first = today + timedelta(days=10)
    coming = WorkingHoursFactory(staff=salon.staff, weekday=5, valid_until=today + timedelta(days=2))
    client.force_login(salon.manager)
    other = WorkingHoursFactory(staff=salon.staff, weekday=6, valid_from=today + timedelta(days=30))
    form = client.get(page(salon.staff))
    assert [row.initial["row"] for row in form.context["dated"].initial_forms] == [coming.pk, other.pk]
    values = stretch(0, 0, "10:00", "12:00") | {"0-0-weeks": "1", "first": str(first)}
    assert client.post(page(salon.staff), typed(form, **values)).status_code == 302
    rows = (
        WorkingHours.objects.filter(staff=salon.staff, weekday=0)
        .order_by("id")
        .values_list("starts", "every_second_week", "valid_from", "valid_until")
    )
    assert list(rows) == [(time(9), None, None, first - timedelta(days=1)), (time(10), 1, first, None)]
    values = {"first": str(today - timedelta(days=1))} | stretch(1, 0, "10:00", "12:00")
    refused = send(client, salon.staff, **values).context["form"].errors
    assert refused == {"first": ["What has been stays: choose today or later."]}


@pytest.mark.sweep
def test_visits_that_a_week_strands_are_listed_before_it_is_saved(salon, client):
    monday = days_ahead(14, hour=8)  # at nine or ten in Berlin
    monday -= timedelta(days=monday.weekday())
    visit = AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=monday)
    client.force_login(salon.manager)
    answer = client.post(page(salon.staff), form_of(client, salon.staff) | stretch(0, 0, "11:00", "12:00"))
    assert answer.context["hit"].visits == [visit]
    assert week(salon.staff) == [(0, "09:00", "17:00")]
    answer = client.post(page(salon.staff), typed(answer, anyway=answer.context["hit"].token))
    assert (answer.status_code, week(salon.staff)) == (302, [(0, "11:00", "12:00")])
    visit.refresh_from_db()
    assert visit.stranded


def dated(place, **values):
    """What is typed into a row of hours that hold for a time; a new one by the number of those there are."""
    return {f"dated-{place}-{name}": value for name, value in values.items()}


@pytest.fixture
def seasonal(salon):
    """Hours of Wednesdays for some weeks, of which three are over."""
    today = salon.organization.find_local_date(timezone.now())
    salon.today = today
    return WorkingHoursFactory(
        staff=salon.staff,
        weekday=2,
        starts="10:00",
        ends="12:00",
        valid_from=today - timedelta(weeks=3),
        valid_until=today + timedelta(weeks=4),
    )


def tell(salon):
    rows = WorkingHours.objects.filter(staff=salon.staff).exclude(pk=salon.working_hours.pk).order_by("valid_from")
    return [(row.weekday, f"{row.starts:%H:%M}", f"{row.ends:%H:%M}", row.valid_from, row.valid_until) for row in rows]


@pytest.mark.sweep
def test_hours_for_a_time_are_changed_on_the_form_and_keep_their_past(salon, client, seasonal):
    today, until = salon.today, salon.today + timedelta(weeks=6)
    client.force_login(salon.manager)
    fields = Page(client.get(page(salon.staff))).fields
    assert (fields["dated-0-starts"], fields["dated-0-valid_until"]) == (["10:00"], [str(seasonal.valid_until)])
    answer = send(client, salon.staff, **dated(0, ends="13:00", valid_until=until))
    assert answer.status_code == 302
    assert tell(salon) == [
        (2, "10:00", "12:00", today - timedelta(weeks=3), today - timedelta(days=1)),
        (2, "10:00", "13:00", today, until),
    ]


def test_hours_for_a_time_are_added_and_end_on_the_form(salon, client, seasonal):
    today, later = salon.today, salon.today + timedelta(weeks=1)
    client.force_login(salon.manager)
    new = dated(1, weekday=4, starts="18:00", ends="02:00", valid_from=later, valid_until=later + timedelta(weeks=1))
    values = stretch(1, 0, "09:00", "10:00") | new | dated(0, starts="", ends="")
    assert send(client, salon.staff, **values).status_code == 302
    assert tell(salon) == [
        (2, "10:00", "12:00", today - timedelta(weeks=3), today - timedelta(days=1)),
        (1, "09:00", "10:00", today, None),
        (4, "18:00", "02:00", later, later + timedelta(weeks=1)),
    ]


@pytest.mark.sweep
def test_what_is_wrong_with_hours_for_a_time_stands_beside_them(salon, client, seasonal):
    client.force_login(salon.manager)
    before, form = tell(salon), form_of(client, salon.staff)
    for values, field, problem in (
        ({"ends": ""}, "ends", "Give both times."),
        ({"weekday": ""}, "weekday", "Choose the day of the week."),
        ({"valid_until": "2222-01-01"}, "valid_until", "Choose a date between 2000 and 2100."),
        ({"ends": "09:00"}, "ends", LONG),
    ):
        answer = judge(client, page(salon.staff), **form | dated(0, **values))
        assert (answer.status_code, answer.context["dated"].errors[0]) == (200, {field: [problem]})
        assert tell(salon) == before
    answer = client.post(page(salon.staff), form | dated(0, **values))
    assert client.post(page(salon.staff), typed(answer)).status_code == 302  # long hours may be meant


@pytest.mark.sweep
def test_hours_for_a_time_that_overlap_the_week_or_are_over_are_refused_by_all_that_is_typed(salon, client, seasonal):
    client.force_login(salon.manager)
    before = tell(salon)
    form = form_of(client, salon.staff) | stretch(5, 0, "10:00", "11:00")
    for values in (dated(0, weekday=0), dated(0, valid_until=salon.today - timedelta(days=8))):
        shown = judge(client, page(salon.staff), **form | values).context
        problems = [*shown["form"].errors.values(), *(each for row in shown["dated"].errors for each in row.values())]
        assert [len(each) for each in problems] == [1], problems
        assert tell(salon) == before


@pytest.mark.sweep
def test_hours_for_a_time_that_others_changed_meanwhile_are_not_lost_silently(salon, client, seasonal):
    client.force_login(salon.manager)
    values = form_of(client, salon.staff) | dated(0, ends="13:00")
    WorkingHours.objects.filter(pk=seasonal.pk).update(ends="14:00")
    answer = client.post(page(salon.staff), values)
    assert errors_of(answer)[0].startswith("Somebody else changed these hours meanwhile.")
    assert WorkingHours.objects.get(pk=seasonal.pk).ends == time(14)
