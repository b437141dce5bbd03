"""`GET /availability`: its exact shape, its reasons, and that what it lists books with 201."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import SpecialHoursFactory, TimeOffFactory, WorkingHoursFactory

pytestmark = pytest.mark.clock


@pytest.fixture
def monday(salon):
    """A Monday two weeks ahead. Only `staff` works in the salon, Mondays from 9 to 12, Berlin time."""
    salon.special_hours.delete()
    salon.time_off.delete()
    salon.working_hours.delete()
    WorkingHoursFactory(staff=salon.staff, weekday=0, starts="09:00", ends="12:00")
    salon.organization.slot_interval = 30
    salon.organization.save()
    today = timezone.now().astimezone(salon.organization.zone).date()
    return today + timedelta(days=14 - today.weekday())


def ask(api, caller, salon, first, last=None, **parameters):
    question = {"service": salon.service.pk, "from": first, "to": last or first} | parameters
    return api(caller).get("/availability", question)


def at(salon, day, clock):
    hours, minutes = map(int, clock.split(":"))
    return datetime(day.year, day.month, day.day, hours, minutes, tzinfo=salon.organization.zone).isoformat()


def starts(answer):
    return [slot["start"][11:16] for slot in answer.json()["slots"]]


def test_the_exact_answer(api, salon, monday):
    SpecialHoursFactory(staff=salon.staff, date=monday, starts="09:00", ends="10:00")
    answer = ask(api, salon.client, salon, monday, monday + timedelta(days=1), staff=salon.staff.pk)
    assert answer.status_code == 200, answer.json()
    assert answer.json() == {
        "timezone": "Europe/Berlin",
        "service": salon.service.pk,
        "duration": 30,
        "people": [{"id": salon.staff.pk, "name": "Salon staff"}],
        "slots": [
            {"start": at(salon, monday, "9:00"), "end": at(salon, monday, "9:30"), "staff": [salon.staff.pk]},
            {"start": at(salon, monday, "9:30"), "end": at(salon, monday, "10:00"), "staff": [salon.staff.pk]},
        ],
        "days": [
            {"date": monday.isoformat(), "slots": 2},
            {"date": (monday + timedelta(days=1)).isoformat(), "slots": 0, "reason": "closed"},
        ],
    }


def test_every_listed_slot_books_with_201_and_then_the_day_is_full(api, salon, monday):
    SpecialHoursFactory(staff=salon.staff, date=monday, starts="09:00", ends="10:00")
    client = api(salon.client)
    slots = ask(api, salon.client, salon, monday).json()["slots"]
    assert len(slots) == 2
    for slot in slots:
        body = {"staff": slot["staff"][0], "service": salon.service.pk, "appointment_date": slot["start"]}
        answer = client.post("/appointments", body)
        assert (answer.status_code, answer.json()["ends_at"]) == (201, slot["end"])
    assert ask(api, salon.client, salon, monday).json()["days"] == [
        {"date": monday.isoformat(), "slots": 0, "reason": "fully_booked"}
    ]


def test_each_reason(api, salon, monday):
    today = timezone.now().astimezone(salon.organization.zone).date()
    last_monday = today - timedelta(days=today.weekday() + 7)
    TimeOffFactory(staff=salon.staff, starts_at=at(salon, monday, "8:00"), ends_at=at(salon, monday, "13:00"))
    far = monday + timedelta(weeks=52)
    for day, reason in ((last_monday, "too_soon"), (monday, "time_off"), (far, "too_far_ahead")):
        assert ask(api, salon.client, salon, day).json()["days"][0] == {
            "date": day.isoformat(),
            "slots": 0,
            "reason": reason,
        }


@pytest.mark.sweep
def test_buffers_time_off_closures_and_special_hours_cut_out_starts(api, salon, monday):
    assert starts(ask(api, salon.client, salon, monday)) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    salon.service.buffer_after = 15
    salon.service.save()
    api(salon.client).post(
        "/appointments",
        {"staff": salon.staff.pk, "service": salon.service.pk, "appointment_date": at(salon, monday, "10:00")},
    )
    assert starts(ask(api, salon.client, salon, monday)) == ["09:00", "11:00", "11:30"]
    TimeOffFactory(
        staff=None,
        organization=salon.organization,
        starts_at=at(salon, monday, "11:15"),
        ends_at=at(salon, monday, "11:20"),
    )
    assert starts(ask(api, salon.client, salon, monday)) == ["09:00", "11:30"]
    SpecialHoursFactory(staff=salon.staff, date=monday)
    assert ask(api, salon.client, salon, monday).json()["days"][0]["reason"] == "closed"


def test_exclude_frees_the_time_of_the_visit_being_moved(api, salon, monday):
    body = {"staff": salon.staff.pk, "service": salon.service.pk, "appointment_date": at(salon, monday, "10:00")}
    visit = api(salon.client).post("/appointments", body).json()
    assert "10:00" not in starts(ask(api, salon.client, salon, monday))
    assert "10:00" in starts(ask(api, salon.client, salon, monday, exclude=visit["id"]))
    answer = ask(api, salon.stranger, salon, monday, exclude=visit["id"])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "exclude")


def test_a_visit_keeps_its_service_and_person_whatever_became_of_them(api, salon, monday):
    body = {"staff": salon.staff.pk, "service": salon.service.pk, "appointment_date": at(salon, monday, "10:00")}
    visit = api(salon.client).post("/appointments", body).json()
    salon.service.staff.set([salon.colleague], through_defaults={"organization": salon.organization})
    type(salon.service).objects.filter(pk=salon.service.pk).update(is_active=False)
    answer = ask(api, salon.client, salon, monday, exclude=visit["id"])
    assert [person["id"] for person in answer.json()["people"]] == [salon.staff.pk, salon.colleague.pk]
    assert "11:00" in starts(answer)
    later = {"appointment_date": at(salon, monday, "11:00")}
    assert api(salon.client).post(f"/appointments/{visit['id']}/reschedule", later).status_code == 200


def test_duration_is_for_staff_and_above(api, salon, monday):
    assert starts(ask(api, salon.staff, salon, monday, duration=120)) == ["09:00", "09:30", "10:00"]
    assert ask(api, salon.client, salon, monday, duration=120).status_code == 403


NONSENSE = [
    ({"from": "2027-01-01", "to": "2027-02-01"}, "to"),
    ({"from": "2027-01-02", "to": "2027-01-01"}, "to"),
    ({"from": "tomorrow"}, "from"),
    ({"service": "0"}, "service"),
    ({"service": "999999"}, "service"),
    ({"staff": "999999"}, "staff"),
    ({"staff": ""}, "staff"),
    ({"nonsense": "1"}, "nonsense"),
]


@pytest.mark.sweep
def test_nonsense_is_a_400_that_names_it(api, salon, monday):
    for changes, field in NONSENSE:
        answer = ask(api, salon.client, salon, monday, **changes)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field), changes


def test_another_organizations_service_and_staff_do_not_exist(api, salon, clinic, monday):
    foreign = ask(api, salon.client, salon, monday, service=clinic.service.pk)
    missing = ask(api, salon.client, salon, monday, service=999999)
    assert (foreign.status_code, foreign.json()) == (400, missing.json())
    assert ask(api, salon.client, salon, monday, staff=clinic.staff.pk).status_code == 400


@pytest.mark.sweep
def test_the_queries_do_not_depend_on_people_days_or_visits(api, salon, monday, django_assert_num_queries):
    client = api(salon.client)
    ask(lambda _: client, None, salon, monday)  # the first writes when the token was used
    for people in (1, 5):
        for _ in range(people):
            person = UserFactory(organization=salon.organization, role="staff")
            WorkingHoursFactory(staff=person, weekday=0)
        for days in (0, 30):
            with django_assert_num_queries(10):
                ask(lambda _: client, None, salon, monday, monday + timedelta(days=days))


@pytest.mark.sweep
def test_anyone_free_is_whoever_has_least_to_do_that_day(api, salon, monday):
    WorkingHoursFactory(staff=salon.colleague, weekday=0, starts="09:00", ends="12:00")
    body = {"service": salon.service.pk}
    chosen = [
        api(salon.client).post("/appointments", body | {"appointment_date": at(salon, monday, clock)}).json()["staff"]
        for clock in ("09:00", "09:30", "10:00", "10:30")
    ]
    assert chosen == [salon.staff.pk, salon.colleague.pk, salon.staff.pk, salon.colleague.pk]
    for _ in range(2):
        answer = api(salon.client).post("/appointments", body | {"appointment_date": at(salon, monday, "11:00")})
        assert answer.status_code == 201
    answer = api(salon.client).post("/appointments", body | {"appointment_date": at(salon, monday, "11:00")})
    assert (answer.status_code, answer.json()["code"]) == (409, "slot_taken")


def test_anyone_is_only_somebody_at_work_whoever_books(api, salon, monday):
    body = {"client": salon.client.pk, "service": salon.service.pk, "appointment_date": at(salon, monday, "20:00")}
    answer = api(salon.manager).post("/appointments", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "outside_working_hours")
    answer = api(salon.manager).post("/appointments", body | {"staff": salon.staff.pk})
    assert answer.status_code == 201


def test_who_books_anyone_free_has_the_liberties_that_they_have_with_somebody_named(api, salon, monday):
    body = {"service": salon.service.pk, "appointment_date": at(salon, monday, "09:10")}  # off the grid
    answer = api(salon.client).post("/appointments", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "off_grid")
    answer = api(salon.manager).post("/appointments", body | {"client": salon.client.pk})
    assert (answer.status_code, answer.json()["staff"]) == (201, salon.staff.pk)


@pytest.mark.sweep
def test_a_client_books_by_the_rules_and_each_refusal_has_its_code(api, salon, monday):
    body = {"staff": salon.staff.pk, "service": salon.service.pk}
    soon = timezone.now().astimezone(salon.organization.zone) + timedelta(minutes=5)
    for day in (soon.date(), soon.date() + timedelta(days=1)):  # shortly before midnight, visits end the day after
        SpecialHoursFactory(staff=salon.staff, date=day, starts="00:00", ends="00:00")
    salon.organization.slot_interval = 5
    salon.organization.save()
    minute = soon.minute // 5 * 5
    too_soon = soon.replace(minute=minute, second=0, microsecond=0).isoformat()
    far = monday + timedelta(weeks=52)
    for start, code in (
        (at(salon, monday, "08:30"), "outside_working_hours"),
        (at(salon, monday, "11:45"), "outside_working_hours"),
        (at(salon, monday, "09:01"), "off_grid"),
        (too_soon, "too_soon"),
        (at(salon, far, "09:00"), "too_far_ahead"),
    ):
        answer = api(salon.client).post("/appointments", body | {"appointment_date": start})
        assert (answer.status_code, answer.json()["code"]) == (409, code), start
    assert Appointment.objects.filter(client=salon.client).count() == 1


def series(api, caller, salon, monday, **fields):
    body = {"staff": salon.staff.pk, "service": salon.service.pk, "appointment_date": at(salon, monday, "9:00")}
    return api(caller).post("/appointments/series", body | {"every": 1, "count": 3} | fields)


def test_a_series_keeps_its_local_time_across_a_clock_change(api, salon, monday):
    salon.organization.max_advance_days = 1095
    salon.organization.save()
    answer = series(api, salon.client, salon, monday, every=13, count=4)  # in each season
    assert answer.status_code == 201, answer.json()
    visits = answer.json()["appointments"]
    assert {visit["appointment_date"][11:16] for visit in visits} == {"09:00"}
    assert {visit["appointment_date"][19:] for visit in visits} == {"+01:00", "+02:00"}
    assert {visit["series"] for visit in visits} == {answer.json()["series"]}
    dates = [date.fromisoformat(visit["appointment_date"][:10]) for visit in visits]
    assert dates == [monday + timedelta(weeks=n) for n in (0, 13, 26, 39)]


def test_a_series_is_all_or_nothing_or_skips(api, salon, monday):
    second = monday + timedelta(weeks=1)
    TimeOffFactory(staff=salon.staff, starts_at=at(salon, second, "8:00"), ends_at=at(salon, second, "13:00"))
    before = Appointment.objects.count()
    answer = series(api, salon.client, salon, monday)
    assert (answer.status_code, answer.json()["code"]) == (409, "time_off")
    assert second.isoformat() in answer.json()["detail"]
    assert Appointment.objects.count() == before
    answer = series(api, salon.client, salon, monday, on_conflict="skip")
    assert answer.status_code == 201
    assert [visit["appointment_date"][:10] for visit in answer.json()["appointments"]] == [
        monday.isoformat(),
        (monday + timedelta(weeks=2)).isoformat(),
    ]
    assert answer.json()["skipped"] == [{"appointment_date": at(salon, second, "9:00"), "code": "time_off"}]


@pytest.mark.sweep
def test_the_following_visits_of_a_series_are_cancelled_together(api, salon, monday):
    visits = series(api, salon.client, salon, monday).json()["appointments"]
    answer = api(salon.client).post(f"/appointments/{visits[1]['id']}/cancel", {"scope": "following"})
    assert (answer.status_code, answer.json()["id"]) == (200, visits[1]["id"])
    statuses = [api(salon.client).get(f"/appointments/{visit['id']}").json()["status"] for visit in visits]
    assert statuses == ["scheduled", "cancelled", "cancelled"]


def test_of_a_series_staff_cancel_only_what_is_theirs(api, salon, monday):
    visits = series(api, salon.manager, salon, monday, client=salon.client.pk).json()["appointments"]
    Appointment.objects.filter(pk=visits[1]["id"]).update(staff=salon.colleague)
    following = {"reason": "ill", "scope": "following"}
    assert api(salon.staff).post(f"/appointments/{visits[1]['id']}/cancel", following).status_code == 404
    assert api(salon.staff).post(f"/appointments/{visits[0]['id']}/cancel", following).status_code == 200
    statuses = [Appointment.objects.get(pk=visit["id"]).status for visit in visits]
    assert statuses == ["cancelled", "scheduled", "cancelled"]


@pytest.mark.sweep
def test_a_manager_books_a_series_beside_other_visits(api, salon, monday):
    body = {"staff": salon.staff.pk, "service": salon.service.pk, "appointment_date": at(salon, monday, "09:00")}
    assert api(salon.stranger).post("/appointments", body).status_code == 201
    asked = {"client": salon.client.pk, "overbook": True}
    assert series(api, salon.staff, salon, monday, **asked).json()["code"] == "permission_denied"
    booked = series(api, salon.manager, salon, monday, **asked).json()["appointments"]
    assert [visit["overbooked"] for visit in booked] == [True, False, False]
