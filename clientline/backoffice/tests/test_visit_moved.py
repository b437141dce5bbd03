"""A visit is moved or handed over on a page of its own, which keeps what was typed where a time is refused."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.backoffice.appointments.visit_move_forms import RescheduleForm
from clientline.backoffice.tests.test_visit_page import VISIT, do, errors, page, status, text
from clientline.tests.pages import Page, judge, see, tell_messages, typed


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff, salon.colleague)
    return AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(10)
    )


def test_a_visit_is_moved_to_a_free_time_of_a_day_one_looked_at(client, salon, visit):
    client.force_login(salon.staff)
    url = f"{VISIT}/{visit.pk}/reschedule/"
    day = timezone.localtime(visit.appointment_date, salon.organization.zone).date() + timedelta(days=1)
    looked = client.post(url, {"staff": salon.staff.pk, "date": str(day), "look": "1"})
    slots = looked.context["form"].fields["slot"].widget.choices
    assert [label for _, label in slots][:3] == ["00:00", "00:15", "00:30"]
    assert status(visit) == "scheduled"
    moved = client.post(url, typed(looked, slot=slots[4][0]))
    assert (moved.status_code, moved["Location"]) == (302, page(visit))
    visit.refresh_from_db()
    local = timezone.localtime(visit.appointment_date, salon.organization.zone)
    assert (local.date(), f"{local:%H:%M}") == (day, "01:00")


def test_a_time_of_another_day_than_the_chosen_one_is_refused(client, salon, visit):
    client.force_login(salon.staff)
    url = f"{VISIT}/{visit.pk}/reschedule/"
    slot = see(client, url)["form"].fields["slot"].widget.choices[0][0]
    answer = judge(client, url, staff=salon.staff.pk, slot=slot, date="2026-12-24")
    assert errors(answer) == ["The day was changed: choose one of its times."]


def test_an_impossible_time_is_said_beside_its_field(client, salon, visit):
    both = "Choose a free time or type another one, not both."
    sent = {"staff": salon.staff.pk, "date": "2027-03-28"}
    for values, problem in (
        ({"slot": "", "time": ""}, "Choose a free time, or type another one."),
        ({"slot": "nonsense", "time": ""}, "Choose one of the free times."),
        ({"slot": "2027-03-28T10:00:00+02:00", "time": "11:00"}, both),
        ({"slot": "", "time": "02:30"}, "The clocks skip this time on that day."),
        ({"slot": "", "time": "9:00", "date": "9999-12-31"}, "Choose a date between 2000 and 2100."),
        ({"slot": "", "time": "9:00", "date": "tomorrow"}, "Write a date like 2026-12-31."),
    ):
        form = RescheduleForm(sent | values, caller=salon.manager, row=visit)
        assert [*form.errors.values()] == [[problem]], values
    client.force_login(salon.manager)
    answer = do(client, visit, "reschedule", **sent | values)
    assert (answer.status_code, answer.context["form"].errors) == (200, form.errors)


def at(instant, salon):
    """What is typed into the page of a move to `instant`."""
    start = instant.astimezone(salon.organization.zone)
    return {"staff": salon.staff.pk, "date": f"{start:%Y-%m-%d}", "slot": "", "time": f"{start:%H:%M}"}


@pytest.mark.sweep
def test_a_taken_time_is_refused_with_what_was_typed_and_a_manager_may_insist_on_it_alone(client, salon, visit):
    other = AppointmentFactory(
        client=salon.stranger,
        staff=salon.staff,
        service=salon.service,
        appointment_date=visit.appointment_date + timedelta(hours=3),
    )
    there = at(other.appointment_date, salon)
    client.force_login(salon.staff)
    answer = do(client, visit, "reschedule", **there)
    assert (answer.status_code, errors(answer)) == (200, ["This time is taken."])
    assert answer.context["form"].anyway is None
    client.force_login(salon.manager)
    url = f"{VISIT}/{visit.pk}/reschedule/"
    answer = client.post(url, there)
    assert errors(answer) == ["This time is taken."]
    fields = Page(answer).fields
    assert {name: fields[name] for name in there} == {name: [str(value)] for name, value in there.items()}
    assert "Both will stand in the calendar." in text(answer)
    insisted = typed(answer, overbook=answer.context["form"].anyway.value)
    later = at(other.appointment_date + timedelta(minutes=15), salon)
    assert errors(judge(client, url, **insisted | later)) == ["This time is taken."]
    assert judge(client, url, **insisted).status_code == 302
    visit.refresh_from_db()
    assert (visit.appointment_date, visit.overbooked) == (other.appointment_date, True)


def test_a_manager_hands_a_visit_to_a_colleague_and_staff_cannot(client, salon, visit):
    client.force_login(salon.manager)
    there = at(visit.appointment_date, salon)
    assert do(client, visit, "reschedule", **there | {"staff": salon.colleague.pk}).status_code == 302
    visit.refresh_from_db()
    assert visit.staff == salon.colleague
    client.force_login(salon.colleague)
    assert "not one of the available choices" in errors(do(client, visit, "reschedule", **there))[0]


@pytest.mark.sweep
def test_a_visit_of_somebody_who_left_waits_for_a_choice(client, salon, visit):
    User.objects.filter(pk=salon.staff.pk).update(is_active=False)
    client.force_login(salon.manager)
    assert "Needs somebody: Salon staff is deactivated" in text(client.get(page(visit)))
    url, there = f"{VISIT}/{visit.pk}/reschedule/", at(visit.appointment_date, salon)
    answer = client.post(url, there | {"staff": ""})
    assert (Page(answer).errors, "Choose somebody to see" in text(answer)) == (["This field is required."], True)
    assert client.post(url, typed(answer, staff=salon.colleague.pk)).status_code == 302
    visit.refresh_from_db()
    assert visit.staff == salon.colleague


def test_a_stale_link_to_a_move_leads_back_and_says_so(client, salon, visit):
    client.force_login(salon.manager)
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled", cancelled_at=timezone.now())
    link = f"{VISIT}/{visit.pk}/reschedule/"
    for send, sent in ((client.get, {}), (client.post, {"look": "1", "date": "2030-06-17"})):
        answer = send(link, sent)
        assert (answer.status_code, answer["Location"]) == (302, page(visit))
    assert tell_messages(client.get(page(visit))) == ["Reschedule: not possible as it stands now."] * 2
    assert client.post(link, {"seen": ""}).status_code == 200, "what was sent is the domain's to refuse"
