"""What is planned when: in the transaction of the visit, by the organization's rules, once."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments import booking
from appointments.amendments import alterations, rezoning, undoing
from appointments.tests.factories import days_ahead
from clientline.reach.messages.models import Message, MessageRule
from clientline.reach.messages.planning import find_due
from clientline.reach.tests.visits import cancel, move, planned_for
from organizations import changing

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_booking_plans_its_confirmation_and_a_reminder_a_day_before(book, salon):
    start, now = days_ahead(10), timezone.now()
    visit = book(start, now=now)
    assert planned_for(visit, "rule", "channel", "to", "start", "due_at") == [
        ("confirmation", 0, "planned", 0, "mail", salon.client.email, start, now),
        ("reminder", 0, "planned", 1440, "mail", salon.client.email, start, start - timedelta(days=1)),
    ]


def test_a_move_plans_anew_and_skips_what_it_made_untrue(book):
    visit = move(book())
    assert planned_for(visit, "reason") == [
        ("confirmation", 0, "skipped", "moved"),
        ("reminder", 0, "skipped", "moved"),
        ("moved", 1, "planned", ""),
        ("reminder", 1, "planned", ""),
    ]


def follow_new_rules(visit):
    visit.local_start -= timedelta(hours=1)
    visit.save(update_fields=["local_start"])
    [outcome] = rezoning.rezone_strays(now=timezone.now())
    assert outcome.moved == [visit]


def follow_another_zone(visit):
    told = {"changes": {"timezone": "Asia/Tokyo"}, "coming_visits": changing.KEEP_INSTANT}
    changing.change_organization(organization=visit.organization, **told)


@pytest.mark.parametrize("change", [follow_new_rules, follow_another_zone])
def test_whoever_has_an_invitation_gets_another_where_rules_or_a_zone_change(book, change):
    visit = book()
    change(visit)
    assert planned_for(visit, "reason") == [
        ("confirmation", 0, "skipped", "moved"),
        ("reminder", 0, "skipped", "moved"),
        ("moved", 1, "planned", ""),
        ("reminder", 1, "planned", ""),
    ]


@pytest.mark.parametrize(
    ("zone", "wish"), [("America/Los_Angeles", changing.KEEP_INSTANT), ("Asia/Tokyo", changing.KEEP_LOCAL)]
)
def test_no_sms_comes_by_night_in_another_zone(book, salon, zone, wish):
    MessageRule.objects.create(organization=salon.organization, minutes_before=60, channel="sms")
    visit = book(days_ahead(10, hour=11))
    told = {"changes": {"timezone": zone}, "coming_visits": wish}
    changing.change_organization(organization=visit.organization, **told)
    [reminder] = Message.objects.filter(appointment=visit, state="planned", rule=60)
    assert reminder.due_at == find_due(reminder.start, 60, "sms", ZoneInfo(zone))


def test_a_cancellation_skips_all_and_says_so(book):
    visit = cancel(visit=book())
    assert planned_for(visit, "reason") == [
        ("confirmation", 0, "skipped", "cancelled"),
        ("reminder", 0, "skipped", "cancelled"),
        ("cancelled", 1, "planned", ""),
    ]


class ThoughtBetter(Exception):
    """Whoever books does not, after all."""


def test_what_is_rolled_back_leaves_no_message(book):
    with pytest.raises(ThoughtBetter), transaction.atomic():
        book()
        assert Message.objects.count() == 2
        raise ThoughtBetter
    assert Message.objects.count() == 0


def test_nobody_is_told_of_what_is_over(book):
    visit = book(days_ahead(-3))
    cancel(visit=visit)
    assert planned_for(visit) == []


def test_a_visit_of_today_is_confirmed_and_not_reminded_of_yesterday(book):
    now = timezone.now()
    visit = book((now + timedelta(hours=3)).replace(second=0, microsecond=0), now=now)
    assert planned_for(visit) == [("confirmation", 0, "planned")]


def test_rules_replace_the_usual_reminder_and_a_services_own_replace_these(book, salon):
    def rule(minutes, channel="mail", service=None):
        MessageRule.objects.create(
            organization=salon.organization, service=service, minutes_before=minutes, channel=channel
        )

    rule(60)
    rule(2880, "sms")
    assert planned_rules(book()) == {(60, "mail"), (2880, "sms")}
    rule(120, service=salon.service)
    assert planned_rules(book(days_ahead(11))) == {(120, "mail")}


def planned_rules(visit):
    return set(Message.objects.filter(appointment=visit, kind="reminder").values_list("rule", "channel"))


def test_an_organization_may_say_nothing(book, salon):
    salon.service.organization.confirms_visits = False
    assert [kind for kind, *_ in planned_for(book())] == ["reminder"]
    salon.service.organization.reminds_clients = False
    assert planned_for(book(days_ahead(11))) == []


def test_reminders_that_the_night_brings_to_one_moment_are_one(book, salon):
    for minutes, channel in ((60, "sms"), (600, "sms"), (660, "sms"), (2880, "sms"), (600, "mail")):
        MessageRule.objects.create(organization=salon.organization, minutes_before=minutes, channel=channel)
    start = days_ahead(9).astimezone(salon.organization.zone).replace(hour=8, minute=0)
    reminders = Message.objects.filter(appointment=book(start), kind="reminder")
    assert set(reminders.values_list("rule", "channel")) == {(60, "sms"), (2880, "sms"), (600, "mail")}


def test_no_sms_comes_by_night():
    for start, minutes, channel, comes in (
        ((2027, 1, 12, 9), 1440, "sms", (2027, 1, 11, 9)),
        ((2027, 1, 12, 9), 120, "sms", (2027, 1, 11, 19)),  # at seven in the morning
        ((2027, 1, 12, 22), 60, "sms", (2027, 1, 12, 19)),  # at nine in the evening
        ((2027, 1, 12, 9), 60, "sms", (2027, 1, 12, 8)),
        ((2027, 1, 12, 20), 0, "sms", (2027, 1, 12, 19)),
        ((2027, 1, 12, 9), 120, "mail", (2027, 1, 12, 7)),
    ):
        found = find_due(datetime(*start, tzinfo=BERLIN).astimezone(UTC), minutes, channel, BERLIN)
        assert found.astimezone(BERLIN) == datetime(*comes, tzinfo=BERLIN), (start, minutes, channel)
        assert channel == "mail" or time(8) <= found.astimezone(BERLIN).time() < time(20)


def test_one_name_for_ever_and_a_sequence_that_counts(book):
    visit = book()
    uid, seen = visit.calendar_uid, [visit.sequence]
    for change in (move, move, lambda visit: cancel(visit=visit)):
        visit = change(visit)
        visit.refresh_from_db()
        seen.append(visit.sequence)
    assert (seen, visit.calendar_uid, len(uid)) == ([0, 1, 2, 3], uid, 36)


def test_notes_are_no_move(book, salon, api):
    visit = book()
    api(salon.admin).patch(f"/appointments/{visit.pk}", {"notes": "Likes tea"})
    visit.refresh_from_db()
    assert (visit.version, visit.sequence) == (2, 0)


def test_nobody_is_told_that_a_change_of_the_price_alone_was_undone(book, salon):
    visit, now = book(), timezone.now()
    before = planned_for(visit)
    alterations.change_visit(by=salon.admin, visit=visit, price=visit.price + 5, now=now)
    undoing.undo(by=salon.admin, visit=visit, now=now + timedelta(minutes=1))
    assert (visit.sequence, planned_for(visit)) == (0, before)


def test_a_visit_that_becomes_anothers_is_off_for_who_had_it_and_confirmed_to_who_has_it(book, salon):
    visit, now = book(), timezone.now()
    other = UserFactory(organization=salon.organization, role="client", contact_email="next@example.com")
    alterations.change_visit(by=salon.admin, visit=visit, client=other, now=now)
    handed_over = [
        ("cancelled", 1, "planned", salon.client.email, ""),
        ("confirmation", 1, "planned", "next@example.com", ""),
        ("reminder", 1, "planned", "next@example.com", ""),
    ]
    assert planned_for(visit, "to", "reason")[2:] == handed_over
    undoing.undo(by=salon.admin, visit=visit, now=now + timedelta(minutes=1))
    assert planned_for(visit, "to", "reason")[2:] == [
        handed_over[0],  # when it is sent, it does not hold any more
        ("confirmation", 1, "skipped", "next@example.com", "changed"),
        ("reminder", 1, "skipped", "next@example.com", "changed"),
        ("cancelled", 2, "planned", "next@example.com", ""),
        ("confirmation", 2, "planned", salon.client.email, ""),
        ("reminder", 2, "planned", salon.client.email, ""),
    ]


def test_nobody_is_told_that_a_visit_which_has_begun_is_anothers(book, salon):
    visit, other = book(days_ahead(-3)), UserFactory(organization=salon.organization, role="client")
    alterations.change_visit(by=salon.admin, visit=visit, client=other, now=timezone.now())
    assert (visit.client, planned_for(visit)) == (other, [])


def test_what_is_undone_or_reopened_is_told_under_a_sequence_of_its_own(book, salon):
    visit, now = book(), timezone.now()
    moved = booking.reschedule(
        by=salon.admin, visit=visit, appointment_date=visit.appointment_date + timedelta(days=1), now=now
    )
    undoing.undo(by=salon.admin, visit=moved, now=now)
    cancelled = booking.cancel(by=salon.admin, visit=moved, reason="Ill", now=now)
    undoing.reopen(by=salon.admin, visit=cancelled, now=now)
    told = [kind_and_sequence[:2] for kind_and_sequence in planned_for(visit) if kind_and_sequence[0] != "reminder"]
    assert told == [("confirmation", 0), ("moved", 1), ("moved", 2), ("cancelled", 3), ("confirmation", 4)]
    # The cancellation was not at another time: there was none any more.
    assert planned_for(visit, "reason")[-3] == ("cancelled", 3, "skipped", "scheduled")
    assert planned_for(visit)[-1] == ("reminder", 4, "planned")
    cancelled.refresh_from_db()
    assert cancelled.sequence == 4
