"""Notes of a visit that becomes another client's: its history keeps them for the team, the new client reads none."""

import pytest
from django.utils import timezone
from django.utils.translation import override

from accounts.tests.factories import UserFactory
from appointments import booking, history
from appointments.amendments import alterations, merging, undoing
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory, always_at_work, days_ahead
from clientline.privacy import personal_data
from clientline.refusals import FieldRefused
from organizations.models import Audit

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


def undo(salon, visit):
    return undoing.undo(by=salon.manager, visit=visit, now=timezone.now())


def erase(salon, client):
    personal_data.erase(by=salon.admin, client=client, now=timezone.now())


def export(salon, person, visit, by=None):
    exported = personal_data.export_person(by=by or salon.admin, person=person, now=timezone.now())
    return [fact for fact in exported["history"] if fact["appointment"] == visit.pk]


def read_notes(visit):
    return Appointment.objects.values_list("notes", "internal_notes").get(pk=visit.pk)


def list_kept(visit):
    return [*visit.history.filter(action="notes_kept").order_by("id").values_list("reason", flat=True)]


def read_audit(visit):
    return str([*Audit.objects.filter(table="appointments", row=visit.pk).values_list("changes", flat=True)])


def test_the_history_keeps_the_notes_and_the_new_client_reads_none(salon, visit, api):
    hand_over(salon, visit)
    assert (read_notes(visit), list_kept(visit)) == (("", "Pays late"), [NOTES])
    seen = api(salon.stranger).get(f"/appointments/{visit.pk}").json()
    assert (seen["notes"], "internal_notes" in seen) == ("", False)
    told = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert [fact["reason"] for fact in told if fact["action"] == "notes_kept"] == [NOTES]
    theirs = api(salon.stranger).get(f"/appointments/{visit.pk}/history")
    assert ("notes_kept" in theirs.text, "ammonia" in theirs.text) == (False, False)


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Notes for the former client by Salon manager"),
        ("de", "Notizen für den früheren Kunden aufgehoben durch Salon manager"),
    ],
)
def test_the_history_says_the_notes_like_a_reason(salon, visit, language, sentence):
    hand_over(salon, visit)
    with override(language):
        told = [fact for fact in history.describe_history(visit) if fact["reason"]]
    assert [(fact["text"], fact["reason"]) for fact in told] == [(sentence, NOTES)]


def test_notes_are_kept_however_long(salon, visit):
    revise(salon, visit, {"notes": "é" * 5000})
    hand_over(salon, visit)
    assert list_kept(visit) == ["é" * 5000]


def test_where_nothing_was_noted_nothing_is_kept(salon, visit):
    revise(salon, visit, {"notes": ""})
    hand_over(salon, visit)
    assert (read_notes(visit), list_kept(visit)) == (("", "Pays late"), [])


def test_a_change_of_anything_else_leaves_the_notes(salon, visit):
    alterations.change_visit(by=salon.manager, visit=visit, duration=45, now=timezone.now())
    assert (read_notes(visit), list_kept(visit)) == ((NOTES, "Pays late"), [])


def test_a_merger_leaves_the_notes_to_the_one_person_that_both_are(salon, visit):
    merging.merge_clients(by=salon.manager, kept=salon.stranger, duplicate=salon.client, now=timezone.now())
    assert (read_notes(visit), list_kept(visit)) == ((NOTES, "Pays late"), [])


def test_undone_at_once_the_notes_are_where_they_were(salon, visit):
    undo(salon, hand_over(salon, visit))
    assert (visit.client, read_notes(visit), list_kept(visit)) == (salon.client, (NOTES, "Pays late"), [NOTES])


def test_undone_after_somebody_wrote_nothing_is_lost(salon, visit):
    hand_over(salon, visit)
    revise(salon, visit, {"notes": "Wants tea", "internal_notes": "Pays late. Called"})
    undo(salon, visit)
    assert (read_notes(visit), list_kept(visit)) == ((NOTES, "Pays late. Called"), [NOTES, "Wants tea"])


def test_undone_where_nothing_was_noted_before_the_former_client_reads_none_of_the_other(salon, visit):
    revise(salon, visit, {"notes": ""})
    hand_over(salon, visit)
    revise(salon, visit, {"notes": "Wants tea"})
    undo(salon, visit)
    assert (read_notes(visit), list_kept(visit)) == (("", "Pays late"), ["Wants tea"])


def test_notes_come_back_to_the_second_of_three_clients(salon, visit):
    third = UserFactory(organization=salon.organization, role="client")
    hand_over(salon, visit)
    revise(salon, visit, {"notes": "Wants tea"})
    hand_over(salon, visit, to=third)
    revise(salon, visit, {"notes": "Third"})
    undo(salon, visit)
    assert (visit.client, visit.notes, list_kept(visit)) == (salon.stranger, "Wants tea", [NOTES, "Wants tea", "Third"])


def test_the_new_client_is_handed_neither_notes_nor_reasons_of_the_former(salon, visit, api):
    revise(salon, visit, {"price": "1.00"}, reason="Her mother died")
    hand_over(salon, visit)
    revise(salon, visit, {"price": "2.00"}, reason="New here")
    seen = api(salon.stranger).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["reason"] for fact in seen} == {"New here", ""}
    told = export(salon, salon.stranger, visit)
    assert {fact["reason"] for fact in told} == {"New here", ""}
    assert "notes_kept" not in {fact["action"] for fact in told}
    known = api(salon.manager).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["reason"] for fact in known} == {"New here", "Her mother died", NOTES, ""}


def test_the_former_client_is_handed_what_is_of_their_time_and_not_who_came_after(salon, visit):
    revise(salon, visit, {"price": "1.00"}, reason="Her mother died")
    hand_over(salon, visit)
    revise(salon, visit, {"price": "2.00", "notes": "Wants tea"}, reason="New here")
    told = export(salon, salon.client, visit)
    words = [("price_changed", "Her mother died"), ("changed", ""), ("notes_kept", NOTES)]
    assert [(fact["action"], fact["reason"]) for fact in told] == words
    assert export(salon, salon.client, visit, by=salon.client) == told


def test_who_has_the_visit_again_is_handed_what_is_of_both_their_times(salon, visit, api):
    revise(salon, visit, {"price": "1.00"}, reason="Her mother died")
    hand_over(salon, visit)
    revise(salon, visit, {"price": "2.00", "notes": "Wants tea"}, reason="New here")
    hand_over(salon, visit, to=salon.client)
    assert {fact["reason"] for fact in export(salon, salon.client, visit)} == {"", "Her mother died", NOTES}
    seen = api(salon.client).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["reason"] for fact in seen} == {"", "Her mother died"}
    assert {fact["reason"] for fact in export(salon, salon.stranger, visit)} == {"", "New here", "Wants tea"}


def test_who_was_merged_is_handed_what_was_noted_under_either_record(salon, visit):
    kept = UserFactory(organization=salon.organization, role="client")
    hand_over(salon, visit)
    merging.merge_clients(by=salon.manager, kept=kept, duplicate=salon.client, now=timezone.now())
    assert [fact["reason"] for fact in export(salon, kept, visit) if fact["reason"]] == [NOTES]
    erase(salon, kept)
    assert (list_kept(visit), "ammonia" in read_audit(visit)) == ([""], False)


def test_nothing_goes_back_to_a_client_who_has_left(salon, visit):
    hand_over(salon, visit)
    erase(salon, salon.client)
    with pytest.raises(FieldRefused, match="is not active"):
        undo(salon, visit)
    assert (read_notes(visit), list_kept(visit)) == (("", "Pays late"), [""])


def test_a_hand_over_from_nobody_who_is_known_hides_what_was_said_before(salon, visit, api):
    revise(salon, visit, {"price": "1.00"}, reason="Her mother died")
    told = {"was": "nobody", "became": visit.client_id, "reason": ""}
    history.record_facts([visit], "client_changed", by=None, now=timezone.now(), **told)
    seen = api(salon.client).get(f"/appointments/{visit.pk}/history").json()["results"]
    assert {fact["reason"] for fact in [*seen, *export(salon, salon.client, visit)]} == {""}


@pytest.fixture
def passed_on(salon, visit):
    """A visit that three clients had, each with a reason, a note that was kept or is there, and an internal one."""
    third = UserFactory(organization=salon.organization, role="client")
    for number, client in enumerate((salon.client, salon.stranger, third)):
        if number:
            hand_over(salon, visit, to=client)
        words = {"notes": f"note {number}", "internal_notes": f"inside {number}"}
        revise(salon, visit, {"price": f"{number + 1}.00", **words}, reason=f"reason {number}")
    return visit, [salon.client, salon.stranger, third]


def test_of_hand_overs_in_one_moment_the_order_tells_whose_words_are_whose(salon, visit):
    now = timezone.now()
    for client, noted in ((salon.stranger, "Wants tea"), (salon.client, "Wants coffee")):
        alterations.change_visit(by=salon.manager, visit=visit, client=client, now=now)
        revise(salon, visit, {"notes": noted})
    erase(salon, salon.stranger)
    assert (read_notes(visit)[0], list_kept(visit)) == ("Wants coffee", [NOTES, ""])


@pytest.mark.parametrize("number", [0, 1, 2])
def test_erasing_one_of_three_clients_leaves_all_words_of_the_others_and_none_of_theirs(salon, passed_on, number):
    visit, clients = passed_on
    erase(salon, clients[number])
    reasons = {*visit.history.values_list("reason", flat=True)}
    others = {0, 1, 2} - {number}
    assert reasons - {""} == {f"reason {each}" for each in others} | {f"note {each}" for each in others - {2}}
    told = read_audit(visit)
    assert {each for each in range(3) if f"note {each}" in told} == others
    assert read_notes(visit) == (("note 2", "inside 2") if number < 2 else ("", ""))


def test_erasing_who_had_it_meanwhile_leaves_what_came_back(salon, visit):
    hand_over(salon, visit)
    revise(salon, visit, {"notes": "Wants tea"})
    undo(salon, visit)
    erase(salon, salon.stranger)
    assert (read_notes(visit)[0], list_kept(visit)) == (NOTES, [NOTES, ""])
    told = read_audit(visit)
    assert ("tea" in told, told.count("ammonia")) == (False, 3)


def test_erasing_whom_it_came_back_to_leaves_what_was_noted_meanwhile(salon, visit):
    hand_over(salon, visit)
    revise(salon, visit, {"notes": "Wants tea"})
    undo(salon, visit)
    erase(salon, salon.client)
    assert (read_notes(visit), list_kept(visit)) == (("", ""), ["", "Wants tea"])
    told = read_audit(visit)
    assert (told.count("tea"), "ammonia" in told, "Pays late" in told) == (2, False, False)


def test_who_never_had_a_visit_takes_no_words_of_it_along(salon, visit):
    revise(salon, visit, {"price": "1.00"}, reason="Her mother died")
    hand_over(salon, visit)
    erase(salon, visit_of_another(salon))
    assert "Her mother died" in visit.history.values_list("reason", flat=True)
    assert (list_kept(visit), "ammonia" in read_audit(visit)) == ([NOTES], True)


def visit_of_another(salon):
    """Who had another visit and gave it away."""
    had = UserFactory(organization=salon.organization, role="client")
    told = {"staff": salon.staff, "service": salon.service}
    hand_over(salon, AppointmentFactory(client=had, appointment_date=days_ahead(5), ends_at=days_ahead(5, 12), **told))
    return had
