"""The link by which a visit is managed: what it shows, asks, refuses, and when it ends."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.amendments import alterations, undoing
from appointments.models import Appointment, AppointmentHistory
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests import links
from clientline.reach.guests.models import BookingRequest, ManageLink
from clientline.reach.tests.guests import fill_in, open_page, read
from clientline.tests.confirming import assert_is_confirmed
from clientline.tests.pages import Page, typed
from clientline.tests.rendering import unrendered
from organizations.models import Audit, Organization

pytestmark = pytest.mark.django_db


@pytest.fixture
def booked(salon):
    """A visit and its link, as a guest gets them from the pages, by whose tests both are made there."""
    always_at_work(salon.staff)
    open_page(salon, phone="030 123456", late_cancellation_fee="50.00", currency="EUR")
    salon.start = days_ahead(3, hour=10)
    salon.guest = UserFactory(
        organization=salon.organization, role="client", name="Kim van der Berg", phone="0170 5500003"
    )
    given = {"client": salon.guest, "service": salon.service, "staff": salon.staff, "appointment_date": salon.start}
    salon.new = booking.book(by=salon.guest, now=timezone.now(), **given)
    salon.link = f"/v/{links.issue_link(salon.new, now=timezone.now())}"
    return salon


def state(booked):
    booked.new.refresh_from_db()
    return booked.new.status, booked.new.appointment_date, booked.new.version


@pytest.mark.sweep
@pytest.mark.clock
def test_what_there_is_to_know_stands_before_the_button(booked, client):
    said = read(client.get(booked.link))
    start = booked.start.astimezone(booked.organization.zone)
    cutoff = (booked.start - timedelta(days=1)).astimezone(booked.organization.zone)
    assert "Kim, this is your visit" in said and "Berg" not in said
    for fact in ("Salon service", "Salon staff", "45.00 EUR", "Cancelling later costs 22.50 EUR.", f"{start:%H:%M}"):
        assert fact in said
    assert f"until {cutoff:%A}, {cutoff.day} {cutoff:%B %Y}, {cutoff:%H:%M}" in said


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["Weber", "Weber,"])
def test_a_page_does_not_say_what_it_asks_for(booked, client, name):
    User.objects.filter(pk=booked.guest.pk).update(name=name)
    said = read(client.get(booked.link))
    assert "Your visit" in said and "Weber" not in said


@pytest.mark.sweep
def test_looking_changes_nothing(booked, client):
    before = state(booked), ManageLink.objects.count()
    with unrendered():
        for url in (booked.link, f"{booked.link}/move"):
            assert client.get(url).status_code == client.head(url).status_code == 200
            assert client.get(url, headers={"Sec-Purpose": "prefetch"}).status_code == 200
        assert client.get(f"{booked.link}/cancel").status_code == 303
        for sent in ({}, {"proof": "Berg"}, {"proof": "Berg", "form": "x"}):
            assert client.post(f"{booked.link}/cancel", sent).status_code == 403
            assert client.post(f"{booked.link}/move", sent).status_code == 403
            assert client.post(booked.link, sent).status_code in (200, 403)
    assert (state(booked), ManageLink.objects.count()) == before


@pytest.mark.sweep
def test_a_family_name_cancels(booked, client):
    form = typed(client.get(booked.link), proof="Berg")
    answer = client.post(f"{booked.link}/cancel", form)
    assert (answer.status_code, answer["Location"]) == (303, booked.link)
    assert state(booked)[0] == "cancelled"
    assert "This visit is cancelled" in read(client.get(booked.link))
    assert (booked.new.cancelled_by, booked.new.cancelled_on_behalf_of) == (booked.new.client, "client")
    assert Audit.objects.filter(table="appointments", row=booked.new.pk, action="update").get().source == "guest"
    with assert_is_confirmed():
        assert client.post(f"{booked.link}/cancel", form).status_code == 303  # a second click
    assert AppointmentHistory.objects.filter(appointment=booked.new, action="cancelled").count() == 1


def test_nothing_else_does(booked, client):
    for proof, status in (("Kim", 409), ("", 200)):
        with unrendered():
            answer = client.post(f"{booked.link}/cancel", fill_in(booked, "cancel", proof=proof))
        assert (answer.status_code, state(booked)[0]) == (status, "scheduled"), proof


def test_who_knows_the_name_or_the_number_is_let_in_and_who_knows_neither_is_refused_and_counted(booked):
    for proof in ("Berg", "VAN DER BERG", "der berg", "0003", "…0003"):
        links.refuse_stranger(ManageLink.objects.get(), booked.new, proof)
        assert ManageLink.objects.get().wrong_proofs == 0, proof
    for count, proof in enumerate(["Kim", "Bergmann", "er Berg", "0004", "003", "50003 0", ""], start=1):
        with pytest.raises(links.NotTheirs):
            links.refuse_stranger(ManageLink.objects.get(), booked.new, proof)
        assert ManageLink.objects.get().wrong_proofs == count


def test_a_family_name_is_known_however_the_name_is_written():
    proofs = ["Weber", "weber jr", "Jr.", "Kim"]
    for name in ("Weber, Kim, Jr.", "Kim Weber Jr.", "Weber, Kim Jr."):
        assert [proof for proof in proofs if links.is_family_name(name, proof)] == ["Weber", "weber jr"], name


def test_whoever_goes_on_guessing_is_asked_to_call(booked, client):
    ManageLink.objects.update(wrong_proofs=links.MOST_WRONG - 1)
    with unrendered():
        wrong = client.post(f"{booked.link}/cancel", fill_in(booked, "cancel", proof="wrong"))
    assert (wrong.status_code, ManageLink.objects.get().wrong_proofs) == (409, links.MOST_WRONG)
    blocked = client.post(f"{booked.link}/cancel", fill_in(booked, "cancel", proof="Berg"))
    assert "Please call. Telephone: 030 123456" in read(blocked)
    assert state(booked)[0] == "scheduled"


@pytest.mark.sweep
def test_a_move_ends_the_link_and_leads_to_the_next(booked, client):
    offered = next(url for url in Page(client.get(f"{booked.link}/move")).links if "start=" in url)
    moved = client.post(f"{booked.link}/move", typed(client.get(offered), proof="Berg"))
    assert (moved.status_code, moved["Location"] != booked.link) == (303, True)
    assert state(booked)[1] != booked.start
    with unrendered():
        assert [client.get(link).status_code for link in (booked.link, moved["Location"])] == [404, 200]


@pytest.mark.parametrize("root", ["/v", "/b/salon/embed/visit"])
def test_a_second_click_leads_where_the_first_one_did(booked, client, root):
    place = booked.link.replace("/v", root, 1) + "/move"
    form = fill_in(booked, "move", start=days_ahead(9, 10).isoformat(), proof="Berg")
    first, second = (client.post(place, form) for _ in range(2))
    assert (first.status_code, second.status_code, second["Location"]) == (303, 303, first["Location"])
    assert AppointmentHistory.objects.filter(appointment=booked.new, action="rescheduled").count() == 1
    other = fill_in(booked, "move", start=days_ahead(9, 10).isoformat(), proof="Berg")  # of who has but the link
    with unrendered():
        answers = [client.get(place), client.get(place, form), client.post(place, other)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    links.find_visit_of_link(first["Location"].split("/")[-1], action="retrieve", now=timezone.now())[0].delete()
    with unrendered():
        assert client.post(place, form).status_code == 404


def test_a_move_by_any_door_ends_the_link(booked):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE appointments SET appointment_date = appointment_date + interval '1 minute' WHERE id = %s",
            [booked.new.pk],
        )
    assert not ManageLink.objects.exists()
    booked.new.refresh_from_db()
    links.issue_link(booked.new, now=timezone.now())
    later = booked.start + timedelta(hours=2)
    booking.reschedule(by=booked.manager, visit=booked.new, appointment_date=later, now=timezone.now())
    assert not ManageLink.objects.exists()


@pytest.mark.sweep
def test_a_visit_that_becomes_anothers_ends_the_link_and_the_request_of_who_had_it(booked, client):
    other, now = UserFactory(organization=booked.organization, role="client", name="Robin Next"), timezone.now()
    BookingRequest.objects.create(
        organization=booked.organization, form="f", digest=b"d" * 32, address="kim@example.com", network="127.0.0.1",
        service=booked.service, appointment_date=booked.start, name="Kim", language="en", visit=booked.new,
        consented_at=now, created_at=now,
    )  # fmt: skip
    alterations.change_visit(by=booked.admin, visit=booked.new, now=now, price=Decimal("40.00"))
    assert (ManageLink.objects.count(), BookingRequest.objects.count()) == (1, 1)
    alterations.change_visit(by=booked.admin, visit=booked.new, now=now + timedelta(seconds=1), client=other)
    assert (ManageLink.objects.count(), BookingRequest.objects.count()) == (0, 0)
    links.issue_link(booked.new, now=now)  # which the other one reads
    undoing.undo(by=booked.admin, visit=booked.new, now=now + timedelta(seconds=2))
    assert (booked.new.client_id, ManageLink.objects.count()) == (booked.guest.pk, 0)


@pytest.mark.parametrize("over", ["too late", "cancelled"])
def test_no_times_are_offered_for_a_visit_that_cannot_be_moved(booked, client, over):
    if over == "cancelled":
        booking.cancel(by=booked.admin, visit=booked.new, now=timezone.now(), reason="Ill")
    else:
        Appointment.objects.filter(pk=booked.new.pk).update(cancellation_notice=30 * 24 * 60, cancellation_grace=0)
    answer = client.get(f"{booked.link}/move")
    assert (answer.status_code, answer["Location"]) == (303, booked.link)


def test_a_taken_time_is_said_and_the_visit_stays(booked, client):
    other = booked.start + timedelta(hours=2)
    form = fill_in(booked, "move", start=other.isoformat(), proof="Berg")
    booking.book(
        by=booked.manager,
        client=booked.stranger,
        service=booked.service,
        staff=booked.staff,
        appointment_date=other,
        now=timezone.now(),
    )
    answer = client.post(f"{booked.link}/move", form)
    assert (answer.status_code, "This time is taken." in read(answer)) == (409, True)
    assert state(booked)[1] == booked.start


def test_after_the_cutoff_the_refusal_names_the_telephone(booked, client):
    Appointment.objects.filter(pk=booked.new.pk).update(cancellation_notice=5 * 1440, cancellation_grace=0)
    page = client.get(booked.link)
    assert "It is too late for that here. Please call. 030 123456" in read(page)
    form = fill_in(booked, "move", start=days_ahead(9).isoformat(), proof="Berg")
    answer = client.post(f"{booked.link}/move", form)
    assert (answer.status_code, "too late" in read(answer), "030 123456" in read(answer)) == (409, True, True)
    assert state(booked)[0] == "scheduled"


def test_it_ends_thirty_days_after_the_visit(booked, client):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE appointments DISABLE TRIGGER moved_visits_lose_their_links")
    for days, status in ((29, 200), (31, 404)):
        over = timezone.now() - timedelta(days=days)
        began = over - timedelta(hours=1)
        Appointment.objects.filter(pk=booked.new.pk).update(
            appointment_date=began, busy_from=began, ends_at=over, busy_until=over
        )
        with unrendered():
            assert client.get(booked.link).status_code == status, days


def test_it_outlives_the_page_and_not_the_organization(booked, client):
    for columns, status in (({"guest_page": False, "slug": ""}, 200), ({"is_active": False}, 404)):
        Organization.objects.filter(pk=booked.organization.pk).update(**columns)
        with unrendered():
            assert client.get(booked.link).status_code == status, columns


def test_it_is_kept_as_a_digest_alone(booked):
    [link] = ManageLink.objects.all()
    assert booked.link.removeprefix("/v/").encode() not in bytes(link.digest)
    assert len(booked.link.removeprefix("/v/")) == 32


def test_the_family_name_is_how_a_name_ends():
    for name, typed_name, same in (
        ("Kim Weber", "weber", True),
        ("Kim Weber", "Kim Weber", True),
        ("Kim Weber", "kim", False),
        ("Weber, Kim", "Weber", True),
        ("Jörg Müller", "mueller", True),
        ("Cher", "cher", True),
        ("Kim Weber", "", False),
        ("Kim Weber", "…", False),
        ("Kim Weber", "ber", False),
        ("Иван Петров", "петров", True),
    ):
        assert links.is_family_name(name, typed_name) is same, (name, typed_name)
