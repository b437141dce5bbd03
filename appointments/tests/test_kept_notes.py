"""Notes of a visit that becomes another client's: the team keeps them, and its new client reads none."""

import pytest
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.amendments import alterations, undoing
from appointments.amendments.kept_notes import leave_out_kept
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.privacy import personal_data
from organizations.models import Audit, Organization

pytestmark = pytest.mark.django_db
NOTES = "Allergic to ammonia\n\nRings at the back door"


@pytest.fixture
def visit(salon):
    always_at_work(salon.staff)
    told = {"client": salon.client, "staff": salon.staff, "service": salon.service}
    noted = {"notes": NOTES, "internal_notes": "Pays late"}
    return AppointmentFactory(appointment_date=days_ahead(3), ends_at=days_ahead(3, 12), **told, **noted)


def hand_over(salon, visit, to=None):
    to = to or salon.stranger
    return alterations.change_visit(by=salon.manager, visit=visit, client=to, now=timezone.now())


def revise(salon, visit, changes, **told):
    return booking.revise(by=salon.manager, visit=visit, changes=changes, now=timezone.now(), **told)


def read_notes(visit):
    return Appointment.objects.values_list("notes", "internal_notes").get(pk=visit.pk)


def quote(client, *lines):
    return "\n".join([f"Noted for client {client.pk}, who had the visit before:", *(f"> {line}" for line in lines)])


KEPT = ("Allergic to ammonia", "", "Rings at the back door")


def test_the_team_keeps_the_notes_and_the_new_client_reads_none(salon, visit, api):
    hand_over(salon, visit)
    assert read_notes(visit) == ("", f"Pays late\n\n{quote(salon.client, *KEPT)}")
    seen = api(salon.stranger).get(f"/appointments/{visit.pk}").json()
    assert (seen["notes"], "internal_notes" in seen) == ("", False)
    told = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert [fact["action"] for fact in told if fact["action"] == "notes_kept"] == ["notes_kept"]
    theirs = api(salon.stranger).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert "notes_kept" not in {fact["action"] for fact in theirs}


def test_a_german_house_keeps_notes_in_german_and_still_finds_them(salon, visit):
    Organization.objects.filter(pk=salon.organization.pk).update(language="de")
    visit = hand_over(salon, Appointment.objects.get(pk=visit.pk))
    head = f"Notiert für Kunde {salon.client.pk}, der den Termin vorher hatte:"
    assert read_notes(visit)[1].split("\n")[2:4] == [head, "> Allergic to ammonia"]
    personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    assert read_notes(visit) == ("", "Pays late")


def test_where_nothing_was_noted_nothing_is_kept(salon, visit):
    Appointment.objects.filter(pk=visit.pk).update(notes="")
    visit.refresh_from_db()
    hand_over(salon, visit)
    assert read_notes(visit) == ("", "Pays late")
    assert not visit.history.filter(action="notes_kept").exists()


def test_undone_at_once_the_notes_are_where_they_were(salon, visit):
    undoing.undo(by=salon.manager, visit=hand_over(salon, visit), now=timezone.now())
    assert (visit.client, read_notes(visit)) == (salon.client, (NOTES, "Pays late"))


def test_undone_after_somebody_wrote_all_notes_stay_with_the_team(salon, visit):
    hand_over(salon, visit)
    written = {"notes": "Wants tea", "internal_notes": f"{visit.internal_notes}\n\nCalled"}
    revise(salon, visit, written)
    undoing.undo(by=salon.manager, visit=visit, now=timezone.now())
    kept = ("Pays late", quote(salon.client, *KEPT), "Called", quote(salon.stranger, "Wants tea"))
    assert read_notes(visit) == ("", "\n\n".join(kept))
    assert visit.history.filter(action="notes_kept").count() == 2


def test_the_new_client_is_handed_neither_notes_nor_reasons_of_the_former(salon, visit, api):
    booking.revise(
        by=salon.manager, visit=visit, changes={"price": "1.00"}, reason="Her mother died", now=timezone.now()
    )
    hand_over(salon, visit)
    booking.revise(by=salon.manager, visit=visit, changes={"price": "2.00"}, reason="New here", now=timezone.now())
    seen = api(salon.stranger).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["reason"] for fact in seen} == {"New here", ""}
    exported = personal_data.export_person(by=salon.admin, person=salon.stranger, now=timezone.now())
    assert [row["internal_notes"] for row in exported["appointments"] if row["id"] == visit.pk] == ["Pays late"]
    assert {fact["reason"] for fact in exported["history"] if fact["appointment"] == visit.pk} == {"New here", ""}
    known = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["reason"] for fact in known} == {"New here", "Her mother died", ""}


def test_what_was_noted_for_a_former_client_is_erased_with_them_alone(salon, visit):
    hand_over(salon, visit)
    revise(salon, visit, {"notes": "Wants tea"})
    hand_over(salon, visit, to=salon.client)
    hand_over(salon, visit, to=salon.stranger)
    personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    assert read_notes(visit) == ("", f"Pays late\n\n{quote(salon.stranger, 'Wants tea')}")


def test_with_a_former_client_go_the_words_about_them_in_history_and_audit(salon, visit):
    revise(salon, visit, {"price": "1.00", "internal_notes": "Cried"}, reason="Her mother died")
    hand_over(salon, visit)
    revise(salon, visit, {"price": "2.00"}, reason="New here")
    personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    assert set(visit.history.values_list("reason", flat=True)) == {"", "New here"}
    entries = Audit.objects.filter(table="appointments", row=visit.pk)
    told = str([*entries.values_list("changes", flat=True)])
    assert [word in told for word in ("ammonia", "Cried", "Pays late", "erased")] == [False, False, False, True]


def test_who_never_had_a_visit_takes_no_words_of_it_along(salon, visit):
    revise(salon, visit, {"price": "1.00"}, reason="Her mother died")
    hand_over(salon, visit)
    personal_data.erase(by=salon.admin, client=visit_of_another(salon), now=timezone.now())
    assert "Her mother died" in visit.history.values_list("reason", flat=True)
    assert "ammonia" in str([*Audit.objects.filter(row=visit.pk).values_list("changes", flat=True)])


def visit_of_another(salon):
    """Who had another visit and gave it away."""
    had = UserFactory(organization=salon.organization, role="client")
    told = {"staff": salon.staff, "service": salon.service}
    hand_over(salon, AppointmentFactory(client=had, appointment_date=days_ahead(5), ends_at=days_ahead(5, 12), **told))
    return had


def test_of_internal_notes_only_what_was_kept_is_left_out():
    kept = "Noted for client 7, who had the visit before:\n> one\n> "
    other = "Noted for client 77, who had the visit before:\n> two"
    text = f"{kept}\n\nCalled\n> quoted\n\n{other}"
    assert leave_out_kept(text, lambda client: client == 7) == f"Called\n> quoted\n\n{other}"
    assert leave_out_kept(text, lambda client: client == 77) == f"{kept}\n\nCalled\n> quoted"
    assert leave_out_kept("Noted for client X", lambda client: True) == "Noted for client X"
