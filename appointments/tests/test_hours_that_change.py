"""Weekly hours hold for a time, every week or every second; whatever changes, what has been stays."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from appointments.models import SpecialHours, WorkingHours
from appointments.tests.factories import SpecialHoursFactory, WorkingHoursFactory
from appointments.working_time import roster
from appointments.working_time.hours import Hours
from clientline.refusals import FieldRefused, Protected
from clientline.tests.problems import fields, problem
from clientline.tests.rehearsals import undone
from organizations.models import Organization

TODAY = date(2027, 3, 10)  # a Wednesday
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def told(staff):
    """Each row: weekday, starts, from, until."""
    rows = WorkingHours.objects.filter(staff=staff).order_by("starts", F("valid_from").asc(nulls_first=True))
    return [(row.weekday, f"{row.starts:%H}", row.valid_from, row.valid_until) for row in rows]


def days_of(staff, first, last):
    hours = Hours.load([staff.pk], first, last)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [day for day in days if hours.find_stretches(staff.pk, day)]


def test_hours_hold_from_their_first_date_to_their_last(salon):
    WorkingHours.objects.filter(pk=salon.working_hours.pk).update(
        valid_from=date(2027, 3, 8), valid_until=date(2027, 3, 22)
    )
    assert days_of(salon.staff, date(2027, 2, 20), date(2027, 4, 10)) == [date(2027, 3, day) for day in (8, 15, 22)]


def test_every_second_week_is_counted_from_a_monday_and_not_by_iso_weeks(salon):
    for parity, first in ((1, date(2027, 1, 4)), (0, date(2027, 1, 11))):
        WorkingHours.objects.filter(pk=salon.working_hours.pk).update(every_second_week=parity)
        found = days_of(salon.staff, date(2026, 12, 1), date(2027, 2, 1))  # 2026 has 53 ISO weeks
        assert [found[n + 1] - found[n] for n in range(len(found) - 1)] == [timedelta(days=14)] * (len(found) - 1)
        assert first in found
        assert (first - date(2000, 1, 3)).days // 7 % 2 == parity


OVERLAPS = [
    ({"weekday": 0, "starts": "22:00", "ends": "02:00"}, {"weekday": 1, "starts": "01:00", "ends": "03:00"}),
    ({"weekday": 6, "starts": "22:00", "ends": "02:00"}, {"weekday": 0, "starts": "01:00", "ends": "03:00"}),
    ({"weekday": 6, "starts": "12:00", "ends": "12:00"}, {"weekday": 0, "starts": "11:59", "ends": "13:00"}),
    (
        {"weekday": 6, "starts": "22:00", "ends": "02:00", "every_second_week": 1},
        {"weekday": 0, "starts": "01:00", "ends": "03:00", "every_second_week": 0},
    ),
    (
        {"weekday": 2, "starts": "09:00", "ends": "10:00", "every_second_week": 1},
        {"weekday": 2, "starts": "09:30", "ends": "10:00"},
    ),
    (
        {"weekday": 2, "starts": "09:00", "ends": "10:00", "valid_until": "2027-03-10"},
        {"weekday": 2, "starts": "09:30", "ends": "10:00", "valid_from": "2027-03-10"},
    ),
]  # fmt: skip
NEIGHBOURS = [
    ({"weekday": 0, "starts": "22:00", "ends": "02:00"}, {"weekday": 1, "starts": "02:00", "ends": "03:00"}),
    ({"weekday": 6, "starts": "12:00", "ends": "12:00"}, {"weekday": 0, "starts": "12:00", "ends": "13:00"}),
    (
        {"weekday": 6, "starts": "22:00", "ends": "02:00", "every_second_week": 0},
        {"weekday": 0, "starts": "01:00", "ends": "03:00", "every_second_week": 0},
    ),
    (
        {"weekday": 2, "starts": "09:00", "ends": "10:00", "every_second_week": 1},
        {"weekday": 2, "starts": "09:30", "ends": "10:00", "every_second_week": 0},
    ),
    (
        {"weekday": 2, "starts": "09:00", "ends": "10:00", "valid_until": "2027-03-09"},
        {"weekday": 2, "starts": "09:30", "ends": "10:00", "valid_from": "2027-03-10"},
    ),
]


@pytest.mark.sweep
def test_the_database_refuses_hours_that_overlap_anywhere_in_two_weeks(salon):
    for one, other in (*OVERLAPS, *((second, first) for first, second in OVERLAPS)):
        WorkingHours.objects.all().delete()
        WorkingHoursFactory(staff=salon.staff, **one)
        WorkingHoursFactory(staff=salon.colleague, **other)
        with pytest.raises(IntegrityError) as caught, transaction.atomic():
            pytest.fail(f"beside {one}, nothing refused {WorkingHoursFactory(staff=salon.staff, **other)}")
        assert caught.value.__cause__.diag.constraint_name == "working_hours_never_overlap"


def test_hours_may_follow_each_other_across_midnight_weeks_and_dates(salon):
    for neighbours in NEIGHBOURS:
        WorkingHours.objects.all().delete()
        for each in neighbours:
            WorkingHoursFactory(staff=salon.staff, **each)


def test_special_hours_meet_nights_of_other_dates_and_not_a_closed_one(salon):
    SpecialHours.objects.all().delete()
    SpecialHoursFactory(staff=salon.staff, date="2027-03-12", starts="18:00", ends="02:00")
    SpecialHoursFactory(staff=salon.staff, date="2027-03-13")  # closed, but for the night before
    for day, starts, ends in (
        ("12", "23:00", "23:30"),
        ("12", None, None),
        ("13", "10:00", "11:00"),
        ("13", None, None),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            SpecialHoursFactory(staff=salon.staff, date=f"2027-03-{day}", starts=starts, ends=ends)
    SpecialHours.objects.filter(starts=None).delete()
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        SpecialHoursFactory(staff=salon.staff, date="2027-03-13", starts="01:00", ends="03:00")
    assert caught.value.__cause__.diag.constraint_name == "special_hours_nights_never_overlap"


def change(row, **changes):
    return roster.change_hours(row=WorkingHours.objects.get(pk=row.pk), changes=changes, today=TODAY)


def test_other_times_hold_from_today_on_and_a_copy_keeps_the_past(salon):
    row = change(salon.working_hours, starts=time(10))
    assert row.pk == salon.working_hours.pk
    assert told(salon.staff) == [(0, "09", None, YESTERDAY), (0, "10", TODAY, None)]
    change(row, starts=time(11))  # never held: nothing to keep
    assert told(salon.staff) == [(0, "09", None, YESTERDAY), (0, "11", TODAY, None)]
    assert change(row, starts=time(11)).valid_from == TODAY


CHANGES = [
    ({"weekday": 2}, [(0, "09", None, YESTERDAY), (2, "09", TODAY, None)]),
    ({"every_second_week": 1}, [(0, "09", None, YESTERDAY), (0, "09", TODAY, None)]),
    ({"starts": time(10), "valid_from": TODAY + timedelta(days=5)}, [
        (0, "09", None, TODAY + timedelta(days=4)),
        (0, "10", TODAY + timedelta(days=5), None),
    ]),
    ({"starts": time(10), "valid_from": date(2027, 1, 1)}, [(0, "09", None, YESTERDAY), (0, "10", TODAY, None)]),
    ({"starts": time(10), "valid_until": TODAY}, [(0, "09", None, YESTERDAY), (0, "10", TODAY, TODAY)]),
    ({"valid_until": YESTERDAY}, [(0, "09", None, YESTERDAY)]),
    ({"valid_until": TOMORROW}, [(0, "09", None, TOMORROW)]),
    ({"valid_from": TOMORROW}, [(0, "09", None, YESTERDAY), (0, "09", TOMORROW, None)]),
    ({}, [(0, "09", None, None)]),
]  # fmt: skip


@pytest.mark.sweep
def test_what_has_been_stays_whatever_is_changed(salon):
    for changes, rows in CHANGES:
        with undone():
            change(salon.working_hours, **changes)
            assert told(salon.staff) == rows, changes


def test_hours_that_hold_since_a_date_are_not_moved_into_the_past(salon):
    WorkingHours.objects.filter(pk=salon.working_hours.pk).update(valid_from=date(2027, 3, 1))
    change(salon.working_hours, valid_from=None)
    assert told(salon.staff) == [(0, "09", date(2027, 3, 1), None)]


def test_the_past_is_refused_to_be_shortened(salon):
    for changes in ({"valid_until": YESTERDAY - timedelta(days=1)}, {"starts": time(10), "valid_until": YESTERDAY}):
        with pytest.raises(FieldRefused) as caught:
            change(salon.working_hours, **changes)
        assert caught.value.errors[0]["field"] == "valid_until", changes
        assert told(salon.staff) == [(0, "09", None, None)], changes


def test_a_colleague_who_gets_the_hours_gets_them_from_today_on(salon):
    change(salon.working_hours, staff=salon.colleague)
    assert told(salon.staff) == [(0, "09", None, YESTERDAY)]
    assert told(salon.colleague) == [(0, "09", TODAY, None)]


def test_hours_that_end_keep_what_they_were_and_what_never_held_goes(salon):
    roster.end_hours(row=salon.working_hours, today=TODAY)
    assert told(salon.staff) == [(0, "09", None, YESTERDAY)]
    roster.end_hours(row=WorkingHours.objects.get(pk=salon.working_hours.pk), today=TODAY + timedelta(days=30))
    assert told(salon.staff) == [(0, "09", None, YESTERDAY)], "what is over is over"
    roster.end_hours(row=WorkingHoursFactory(staff=salon.colleague, valid_from=TODAY), today=TODAY)
    assert told(salon.colleague) == []


@pytest.mark.sweep
@pytest.mark.clock
def test_by_api_too_and_lists_show_what_holds_today_or_later(salon, api, operator):
    client, path = api(salon.manager), f"/working-hours/{salon.working_hours.pk}"
    today = datetime.now(UTC).astimezone(salon.organization.zone).date()
    yesterday = str(today - timedelta(days=1))
    row = client.get(path).json()
    answer = client.put(path, row | {"ends": "02:00"}).json()
    assert (answer["id"], answer["ends"], answer["valid_from"]) == (row["id"], "02:00", str(today))
    listed = client.get("/working-hours").json()["results"]
    assert [each["id"] for each in listed] == [row["id"]]
    everything = client.get("/working-hours", {"all": "true"}).json()["results"]
    assert [(each["ends"], each["valid_until"]) for each in everything] == [("02:00", None), ("17:00", yesterday)]
    assert client.get("/working-hours", {"all": "false", "count": "true"}).json()["count"] == 1
    assert client.get("/working-hours", {"count": "true"}).json()["count"] == 1
    assert client.get("/working-hours", {"all": "true", "staff": salon.staff.pk, "count": "true"}).json()["count"] == 2
    assert problem(client.get("/working-hours", {"all": "yes"}))[0] == 400
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404  # it held from today on: there is nothing to keep
    assert client.get("/working-hours").json()["results"] == []
    past = everything[1]
    assert client.delete(f"/working-hours/{past['id']}").status_code == 204
    assert client.get(f"/working-hours/{past['id']}").json() == past
    assert fields(client.patch(f"/working-hours/{past['id']}", {"starts": "10:00"})) == {"valid_until": "invalid"}
    assert salon.organization.pk in {
        each["organization"] for each in api(operator).get("/working-hours?all=true").json()["results"]
    }


def test_whoever_comes_back_was_not_there_in_the_meantime(salon):
    gone = TODAY - timedelta(days=10)
    salon.staff.works_until = gone
    WorkingHoursFactory(staff=salon.staff, weekday=1, starts="10:00", valid_until=TODAY - timedelta(days=3))
    WorkingHoursFactory(staff=salon.staff, weekday=2, starts="11:00", valid_from=TODAY - timedelta(days=5))
    WorkingHoursFactory(staff=salon.staff, weekday=3, starts="12:00", valid_from=TODAY + timedelta(days=5))
    WorkingHoursFactory(
        staff=salon.staff, weekday=4, starts="13:00", valid_from=TODAY - timedelta(days=5), valid_until=YESTERDAY
    )
    SpecialHours.objects.all().delete()
    kept = [
        SpecialHoursFactory(staff=salon.staff, date=day, starts="09:00", ends="10:00")
        for day in (gone, YESTERDAY, TODAY)
    ]
    roster.rejoin(person=salon.staff, today=TODAY)
    assert told(salon.staff) == [
        (0, "09", None, gone),
        (0, "09", TODAY, None),
        (1, "10", None, gone),
        (2, "11", TODAY, None),
        (3, "12", TODAY + timedelta(days=5), None),
    ]
    assert set(SpecialHours.objects.filter(staff=salon.staff)) == {kept[0], kept[2]}


def test_of_whoever_left_on_no_known_date_nothing_before_today_counts(salon):
    """People who were deactivated before last days were noted: nobody knows until when they were there."""
    salon.staff.works_until = None
    WorkingHoursFactory(staff=salon.staff, weekday=1, starts="10:00", valid_until=YESTERDAY)
    WorkingHoursFactory(staff=salon.staff, weekday=3, starts="12:00", valid_from=TOMORROW)
    SpecialHours.objects.all().delete()
    off = SpecialHoursFactory(staff=salon.staff, date=YESTERDAY, starts=None, ends=None)
    SpecialHoursFactory(staff=salon.staff, date=YESTERDAY - timedelta(days=1), starts="09:00", ends="10:00")
    coming = SpecialHoursFactory(staff=salon.staff, date=TODAY, starts="09:00", ends="10:00")
    others = SpecialHoursFactory(staff=salon.colleague, date=YESTERDAY, starts="09:00", ends="10:00")
    roster.rejoin(person=salon.staff, today=TODAY)
    assert told(salon.staff) == [(0, "09", TODAY, None), (3, "12", TOMORROW, None)]
    assert set(SpecialHours.objects.all()) == {off, coming, others}


def test_whoever_was_gone_for_a_night_has_no_gap(salon):
    for gone in (TODAY, YESTERDAY):
        salon.staff.works_until = gone
        roster.rejoin(person=salon.staff, today=TODAY)
        assert told(salon.staff) == [(0, "09", None, None)]


def test_people_whom_reports_count_are_not_deleted(salon, api):
    old = datetime(2026, 1, 1, tzinfo=UTC)
    salon.manager.created_at = old
    with pytest.raises(Protected):
        WorkingHoursFactory(staff=salon.manager)
        roster.refuse_to_forget(person=salon.manager, today=TODAY)
    WorkingHours.objects.filter(staff=salon.manager).update(valid_from=TODAY)
    roster.refuse_to_forget(person=salon.manager, today=TODAY)
    SpecialHoursFactory(staff=salon.manager, date=YESTERDAY, starts="09:00", ends="10:00")
    with pytest.raises(Protected):
        roster.refuse_to_forget(person=salon.manager, today=TODAY)
    type(salon.manager).objects.filter(pk=salon.manager.pk).update(created_at=old)
    WorkingHours.objects.filter(staff=salon.manager).update(valid_from=None)
    assert problem(api(salon.admin).delete(f"/users/{salon.manager.pk}")) == (409, "protected")


def test_a_change_of_zone_moves_whole_days_with_their_dates(salon, api):
    body = {"whole_days": True, "from_date": "2030-06-07", "to_date": "2030-06-08"}
    made = api(salon.manager).post("/time-off", body)
    assert made.status_code == 201, made.json()
    zone = {"timezone": "America/New_York", "coming_visits": "keep_local"}
    assert api(salon.admin).patch(f"/organizations/{salon.organization.pk}", zone).status_code == 200
    row = api(salon.manager).get(f"/time-off/{made.json()['id']}").json()
    assert (row["starts_at"], row["ends_at"]) == ("2030-06-07T00:00:00-04:00", "2030-06-09T00:00:00-04:00")
    assert Organization.objects.get(pk=salon.organization.pk).timezone == "America/New_York"
