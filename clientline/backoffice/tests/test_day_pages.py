"""Around the day: what was never closed, whose columns are shown, the same again, and what only the desk may book."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, WorkingHoursFactory, always_at_work
from clientline.tests.pages import Page, see, tell_messages

pytestmark = pytest.mark.clock

ADD = "/admin/appointments/appointment/add/"
UNCLOSED = "/admin/unclosed/"


def visit_of(cast, days, **details):
    start = timezone.now().replace(minute=0, second=0, microsecond=0) + timedelta(days=days)
    given = {"client": cast.client, "staff": cast.staff, "service": cast.service, "appointment_date": start}
    return AppointmentFactory(**given | details)


def slots_of(seen):
    return [label for value, label in seen["form"].fields["slot"].widget.choices if value]


@pytest.mark.sweep
def test_what_is_over_and_not_closed_is_listed_and_completed_in_one_go(salon, clinic, client):
    over = [visit_of(salon, days) for days in (-3, -2)]
    missed = visit_of(salon, -4)
    visit_of(salon, -5, status="completed")
    visit_of(clinic, -1)
    client.force_login(salon.manager)
    page = client.get(UNCLOSED)
    assert list(page.context["visits"]) == [missed, *over[:1], *over[1:]]
    answer = client.post(UNCLOSED, {"visits": [each.pk for each in over]}, follow=True)
    assert tell_messages(answer) == ["2 appointments completed."]
    assert list(answer.context["visits"]) == [missed]  # which was unticked
    assert set(Appointment.objects.filter(pk__in=[each.pk for each in over]).values_list("status", flat=True)) == {
        "completed"
    }


def test_nonsense_completes_nothing(salon, client):
    visit = visit_of(salon, -1)
    client.force_login(salon.manager)
    for sent in (["x"], ["0"], ["9" * 30], []):
        assert client.post(UNCLOSED, {"visits": sent}).status_code == 302
        visit.refresh_from_db()
        assert visit.status == "scheduled", sent


def test_staff_close_their_own_and_nobody_elses(salon, client):
    mine, other = visit_of(salon, -1), visit_of(salon, -1, staff=salon.colleague, client=salon.stranger)
    client.force_login(salon.staff)
    assert list(see(client, UNCLOSED)["visits"]) == [mine]
    client.post(UNCLOSED, {"visits": [other.pk]})
    other.refresh_from_db()
    assert other.status == "scheduled"


def test_the_day_counts_what_is_not_closed_and_leads_there(salon, client):
    visit = visit_of(salon, -1)
    client.force_login(salon.manager)
    day = timezone.localtime(visit.appointment_date, salon.organization.zone).date()
    figures = see(client, "/admin/", {"date": day})["figures"]
    assert [(each.value, each.url) for each in figures if each.label == "Not closed"] == [("1", UNCLOSED)]


@pytest.mark.sweep
def test_people_are_chosen_and_ordered_by_each_reader_for_themselves(salon, client):
    day = timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)
    always_at_work(salon.staff, salon.colleague, salon.manager)

    def shown(who):
        client.force_login(who)
        return [each["column"].title for each in see(client, "/admin/", {"date": day})["board"].drawn]

    assert shown(salon.admin) == ["Salon colleague", "Salon manager", "Salon staff"]
    people = {str(salon.staff.pk): "1", str(salon.manager.pk): "", str(salon.colleague.pk): "2"}
    assert client.post("/admin/day/people/", people).status_code == 302
    assert shown(salon.admin) == ["Salon staff", "Salon colleague"]
    page = see(client, "/admin/", {"date": day})
    assert "Salon manager" in [each["name"] for each in page["resting"]]  # one click away
    assert shown(salon.manager) == ["Salon manager", "Salon colleague", "Salon staff"]
    client.cookies.clear()  # another desk
    client.force_login(salon.admin)
    assert Page(client.get("/admin/day/people/")).fields[str(salon.colleague.pk)] == ["2"]
    client.post("/admin/day/people/", {})
    assert shown(salon.admin) == ["Salon colleague", "Salon manager", "Salon staff"]


def test_a_choice_that_names_nobody_here_shows_everybody(salon, clinic, client):
    day = timezone.localdate(timezone=salon.organization.zone) + timedelta(days=5)
    always_at_work(salon.staff)
    client.force_login(salon.admin)
    for kept in ([clinic.staff.pk], [-1, 0], [10**12]):
        User.objects.filter(pk=salon.admin.pk).update(day_people=kept)
        board = see(client, "/admin/", {"date": day})["board"]
        assert [each["column"].title for each in board.drawn] == ["Salon staff"]


@pytest.mark.sweep
def test_a_visit_that_is_over_is_booked_again_in_some_weeks(salon, client):
    visit = visit_of(salon, -1, status="completed")
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    again = see(client, f"/admin/appointments/appointment/{visit.pk}/change/")["again"]
    assert again["weeks"] == (2, 4, 6, 8)
    other = client.get(see(client, again["url"], {"weeks": 6})["form"].booking_url)
    start = timezone.localtime(visit.appointment_date, salon.organization.zone)
    [slot] = Page(other).fields["slot"]
    assert slot.startswith(f"{start.date() + timedelta(weeks=2)}T{start:%H:%M}")
    assert see(client, f"/admin/appointments/appointment/{salon.visit.pk}/change/")["again"] is None


def test_the_desk_is_offered_what_clients_may_not_book_and_told_so(salon, client):
    salon.organization.min_notice, salon.organization.max_advance_days = 60 * 24 * 3, 10
    salon.organization.save(update_fields=["min_notice", "max_advance_days"])
    always_at_work(salon.staff)
    client.force_login(salon.manager)
    today = timezone.localdate(timezone=salon.organization.zone)

    def offered(days):
        asked = {"service": salon.service.pk, "staff": salon.staff.pk, "date": today + timedelta(days=days)}
        return slots_of(see(client, ADD, asked))

    assert offered(1)[0] == "00:00 (not for clients)"  # too soon
    assert offered(6)[0] == "00:00"
    assert offered(20)[0] == "00:00 (not for clients)"  # too far ahead


def test_nothing_says_that_nothing_is_free_where_the_desk_may_book(salon, client):
    salon.working_hours.delete()
    WorkingHoursFactory(staff=salon.staff, weekday=0)
    client.force_login(salon.manager)
    today = timezone.localdate(timezone=salon.organization.zone)
    sunday = today + timedelta(days=(6 - today.weekday()) % 7 + 7)
    asked = {"service": salon.service.pk, "staff": salon.staff.pk, "date": sunday}
    assert see(client, ADD, asked)["form"].sentence.endswith("Type another time to book all the same.")
