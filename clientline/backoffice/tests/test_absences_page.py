"""Time off and closed days: the visits they would hit are listed before anything is saved."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from appointments.models import SpecialHours, TimeOff
from appointments.tests.factories import AppointmentFactory, TimeOffFactory
from clientline.tests.pages import Page, errors_of, judge, see, typed

AWAY = "/admin/appointments/timeoff/"
SPECIAL = "/admin/appointments/specialhours/"
JUNE = datetime(timezone.now().year + 1, 6, 1, 10, tzinfo=UTC)
NOON = JUNE + timedelta(days=-JUNE.weekday() % 7)  # in Berlin, on a Monday, when staff of the casts works
DAY, NEXT, LAST = (str(NOON.date() + timedelta(days=days)) for days in range(3))
MORNING = {"starts_at_0": DAY, "starts_at_1": "08:00", "ends_at_0": DAY, "ends_at_1": "12:15"}
EVENING = MORNING | {"starts_at_1": "12:30", "ends_at_1": "20:00"}


@pytest.fixture
def visit(salon):
    """From 12:00 to 12:30 in Berlin."""
    return AppointmentFactory(client=salon.client, staff=salon.staff, service=salon.service, appointment_date=NOON)


def hit(answer):
    return answer.context["hit"].visits


@pytest.mark.sweep
def test_time_off_that_hits_nobody_is_saved_at_once(salon, client, visit):
    AppointmentFactory(
        client=salon.client,
        staff=salon.staff,
        service=salon.service,
        appointment_date=NOON + timedelta(hours=1),
        status="cancelled",
        cancelled_at=NOON,
    )
    AppointmentFactory(client=salon.client, staff=salon.colleague, service=salon.service, appointment_date=NOON)
    client.force_login(salon.manager)
    assert judge(client, f"{AWAY}add/", staff=salon.staff.pk, **EVENING).status_code == 302
    assert TimeOff.objects.filter(staff=salon.staff, starts_at=NOON + timedelta(minutes=30)).exists()


@pytest.mark.sweep
def test_visits_it_would_hit_are_listed_first_and_saved_over_knowingly(salon, client, visit):
    client.force_login(salon.manager)
    answer = client.post(f"{AWAY}add/", {"staff": salon.staff.pk, "reason": "Dentist"} | MORNING)
    assert errors_of(answer) == ["Nothing is saved yet: 1 visit stands at this time."]
    assert hit(answer) == [visit]
    page = Page(answer)
    assert f"/admin/appointments/appointment/{visit.pk}/change/" in page.links
    assert page.fields["reason"] == ["Dentist"]
    assert not TimeOff.objects.filter(reason="Dentist").exists()
    again, token = typed(answer), answer.context["hit"].token
    assert hit(judge(client, f"{AWAY}add/", **again)) == [visit], "saving needs its own button"
    newer = AppointmentFactory(
        client=salon.stranger, staff=salon.staff, service=salon.service, appointment_date=NOON - timedelta(hours=2)
    )
    answer = judge(client, f"{AWAY}add/", **again, anyway=token)
    assert hit(answer) == [newer, visit], "who was booked meanwhile is shown before saving"
    assert not TimeOff.objects.filter(reason="Dentist").exists()
    assert judge(client, f"{AWAY}add/", **again, anyway=answer.context["hit"].token).status_code == 302
    assert TimeOff.objects.get(reason="Dentist").staff == salon.staff
    visit.refresh_from_db()
    assert visit.status == "scheduled"


def test_a_closure_lists_everybodys_visits_and_nobody_elses(salon, clinic, client, visit):
    theirs = AppointmentFactory(
        client=salon.client, staff=salon.colleague, service=salon.service, appointment_date=NOON
    )
    AppointmentFactory(client=clinic.client, staff=clinic.staff, service=clinic.service, appointment_date=NOON)
    client.force_login(salon.manager)
    assert hit(judge(client, f"{AWAY}add/", **MORNING)) == [visit, theirs]


@pytest.mark.sweep
def test_changing_the_times_asks_again_and_the_reason_does_not(salon, client, visit):
    away = TimeOff.objects.create(
        organization=salon.organization, staff=salon.staff, starts_at=NOON, ends_at=NOON + timedelta(hours=1)
    )
    page = f"{AWAY}{away.pk}/change/"
    client.force_login(salon.staff)
    form = typed(client.get(page), reason="Still away")
    assert judge(client, page, **form).status_code == 302
    form |= {"version": "2", "once": "another page's"}
    assert hit(judge(client, page, **form | {"ends_at_1": "14:00"})) == [visit]
    assert judge(client, page, **form | {"starts_at_1": "12:30"}).status_code == 302
    away.refresh_from_db()
    assert (away.reason, away.starts_at) == ("Still away", NOON + timedelta(minutes=30))


@pytest.mark.sweep
@pytest.mark.clock
def test_a_closed_day_lists_its_visits_and_other_hours_do_not(salon, client, visit):
    client.force_login(salon.manager)
    day = {"staff": salon.staff.pk, "date": DAY}
    answer = client.post(f"{SPECIAL}add/", day)
    assert hit(answer) == [visit]
    assert client.post(f"{SPECIAL}add/", typed(answer, anyway=answer.context["hit"].token)).status_code == 302
    for other in ({"date": NEXT}, {"date": LAST, "starts": "08:00", "ends": "9:00"}):
        assert judge(client, f"{SPECIAL}add/", **day | other).status_code == 302
    assert SpecialHours.objects.filter(staff=salon.staff, date__range=(DAY, LAST)).count() == 3


def test_wrong_times_are_refused_before_any_visit_is_looked_for(salon, client, visit):
    client.force_login(salon.manager)
    backwards = MORNING | {"starts_at_1": "13:00"}
    answer = client.post(f"{AWAY}add/", {"staff": salon.staff.pk} | backwards)
    assert errors_of(answer) == ["It has to end after it starts."]
    answer = judge(client, f"{SPECIAL}add/", staff=salon.staff.pk, date="9999-12-31")
    assert answer.context["adminform"].form.errors == {"date": ["Choose a date between 2000 and 2100."]}


def test_an_address_names_the_person_or_is_ignored(salon, clinic, client):
    client.force_login(salon.manager)
    assert Page(client.get(f"{AWAY}add/?staff={salon.staff.pk}")).fields["staff"] == [str(salon.staff.pk)]
    for nonsense in ("x", "9" * 30, clinic.staff.pk):
        assert "staff" not in Page(client.get(f"{AWAY}add/?staff={nonsense}")).fields


def test_the_list_begins_with_what_ends_last_and_names_a_closure(salon, client):
    late, early, closed = (
        TimeOffFactory(organization=salon.organization, staff=staff, starts_at=start, ends_at=start + timedelta(1))
        for staff, start in (
            (salon.staff, NOON + timedelta(2)),
            (salon.staff, NOON),
            (None, NOON + timedelta(1)),
        )
    )
    client.force_login(salon.manager)
    page = client.get(AWAY)
    listed = [away for away in page.context["cl"].result_list if away != salon.time_off]
    assert listed == [late, closed, early]
    text = page.content.decode()
    assert '<td class="field-who">Everybody (closed)</td>' in text
    assert '<a href="?staff__isnull=True">Everybody (closed)</a>' in " ".join(text.split())
    assert list(see(client, f"{AWAY}?staff__isnull=True")["cl"].result_list) == [closed]
