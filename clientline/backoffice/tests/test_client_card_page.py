"""A client's card, the list it is opened from, and merging duplicates."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone
from pytest_django.asserts import assertContains

from accounts import contacts
from accounts.models import User
from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline.backoffice.people import client_card, known_clients
from clientline.backoffice.tests.test_visit_page import errors
from clientline.tests.pages import Page, errors_of, fill_in, judge, see, tell
from payments import balances, ledger
from payments.models import Payment
from payments.tests.factories import PaymentFactory, RefundFactory
from services.tests.factories import ServiceFactory

LIST = "/admin/accounts/user/"
CARD_COSTS = 17  # queries of the whole request


def card(person, name="change"):
    return f"{LIST}{person.pk}/{name}/"


def visit_of(salon, days, **columns):
    start = timezone.now() + timedelta(days=days)
    rest = {"staff": salon.staff, "service": salon.service, "client": salon.client, "price": "50.00"}
    return AppointmentFactory(**rest | columns, appointment_date=start)


def test_nobody_is_told_of_a_lookalike_whom_they_may_not_list(salon, clinic, without_row_security):
    User.objects.filter(pk__in=(salon.client.pk, salon.stranger.pk, clinic.client.pk)).update(phone_e164="+49307654321")
    salon.client.refresh_from_db()
    assert known_clients.find_lookalikes(salon.staff, salon.client) == []
    assert known_clients.find_lookalikes(salon.colleague, salon.client) == [salon.stranger]
    assert known_clients.find_lookalikes(salon.manager, salon.client) == [salon.stranger]
    assert contacts.find_duplicates(salon.client) == [salon.stranger]  # whoever asks


@pytest.fixture
def regular(salon):
    """Two visits ahead, one done and paid in part, a no-show, a cancelled one."""
    regular = UserFactory(organization=salon.organization, name="Regular")
    done = visit_of(salon, -10, client=regular, status="completed", internal_notes="Allergic to ammonia")
    PaymentFactory(appointment=done, amount="30.00", completed=True)
    visit_of(salon, 10, client=regular)
    visit_of(salon, 20, client=regular)
    visit_of(salon, -20, client=regular, status="no_show")
    visit_of(salon, -30, client=regular, status="cancelled", cancelled_at=timezone.now() - timedelta(days=60))
    return regular


def test_the_card_shows_what_is_coming_what_was_and_what_is_due(salon, client, regular):
    client.force_login(salon.manager)
    visit_of(salon, 30, client=regular, status="cancelled", cancelled_at=timezone.now())  # neither coming nor past
    shown = see(client, card(regular))
    assert shown["figures"] == {"coming": 2, "past": 1, "no_shows": 1, "cancelled": 2}
    assert shown["money"] == {"spent": "30.00 EUR", "due": "120.00 EUR", "credit": "0.00 EUR"} | {
        "owes": True,
        "has_credit": False,
    }
    assert [visit.status for visit in shown["past"]] == ["completed", "no_show", "cancelled"]
    assert [visit.internal_notes for visit in shown["noted"]] == ["Allergic to ammonia"]
    assert {payment.amount for payment in shown["payments"]} == {30}


def test_the_card_tells_what_money_was_for_when_it_came(salon, client, regular):
    paid = Payment.objects.get(appointment__client=regular)
    ledger.refund_payment(by=salon.manager, payment=paid, amount=Decimal("2.50"), now=timezone.now())
    PaymentFactory(appointment=paid.appointment, amount="7.00")
    other = ServiceFactory(organization=salon.organization, name="Colouring")
    Appointment.objects.filter(client=regular).update(service=other)
    client.force_login(salon.manager)
    rows = re.findall(r"<span>([0-9.]+ EUR) \w+ for ([^<]+)</span>", client.get(card(regular)).content.decode())
    assert sorted(rows) == [("30.00 EUR", "Salon service, 2.50 EUR given back"), ("7.00 EUR", "Colouring")]


def test_staff_see_their_own_visits_with_the_client_only(salon, client, regular):
    visit_of(salon, 5, client=regular, staff=salon.colleague)
    visit_of(
        salon, -5, client=regular, staff=salon.colleague, status="completed", internal_notes="Said to the colleague"
    )
    client.force_login(salon.staff)
    answer = client.get(card(regular))
    assert answer.context["figures"] == {"coming": 2, "past": 1, "no_shows": 1, "cancelled": 1}
    assert "Said to a colleague" not in answer.content.decode()
    assert "visits with you" in answer.content.decode()
    assert card(regular, "merge") not in Page(answer).links
    assert client.get(card(salon.stranger)).status_code == 302  # Django's answer to unknown ids


@pytest.mark.sweep
def test_a_card_costs_so_many_queries_however_many_visits_it_shows(
    salon, client, regular, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(client_card, "SHOWN", 4)
    monkeypatch.setattr(client_card, "SHOWN_NOTES", 2)
    client.force_login(salon.manager)
    see(client, card(regular))
    for days in (31, 32, 33):
        PaymentFactory(appointment=visit_of(salon, -days, client=regular, status="completed", internal_notes="x"))
    with django_assert_num_queries(CARD_COSTS):
        shown = client.get(card(regular)).context
    assert (len(shown["past"]), len(shown["payments"]), len(shown["noted"])) == (4, 4, 2)


@pytest.mark.sweep
def test_all_visits_and_payments_of_a_client_are_a_link_away(salon, client):
    visits = [salon.visit, visit_of(salon, -30, status="completed")]
    client.force_login(salon.manager)
    links = Page(client.get(card(salon.client))).links
    for page, rows in (("appointments/appointment", visits), ("payments/payment", [salon.payment])):
        url = f"/admin/{page}/?client={salon.client.pk}"
        assert url in links
        assert list(see(client, url)["cl"].result_list) == rows
    for nonsense in ("x", "-1", "9" * 30, "1e3"):  # one filter of both
        assert list(see(client, "/admin/payments/payment/", {"client": nonsense})["cl"].result_list) == []


def test_clients_and_team_are_two_lists(salon, client, django_assert_num_queries):
    client.force_login(salon.manager)
    Appointment.objects.filter(pk=salon.visit.pk).update(status="cancelled", cancelled_at=timezone.now())
    last, coming = visit_of(salon, -5).appointment_date, visit_of(salon, 5).appointment_date
    visit_of(salon, -9), visit_of(salon, 9)
    listed = see(client, f"{LIST}?kind=clients")["cl"]
    assert [row.name for row in listed.result_list] == ["Salon client", "Salon stranger"]
    assert (listed.result_list[0].next_visit, listed.result_list[0].last_visit) == (coming, last)
    assert listed.list_display[1:3] == ["name", "standing_pill"]  # what is further right a small screen does not show
    team = see(client, f"{LIST}?kind=team")["cl"]
    assert [row.name for row in team.result_list] == ["Salon admin", "Salon colleague", "Salon manager", "Salon staff"]
    assert "next_visit" not in team.list_display
    UserFactory.create_batch(3, organization=salon.organization)
    with django_assert_num_queries(8):
        assert len(see(client, f"{LIST}?kind=clients")["cl"].result_list) == 5
    assert see(client, f"{LIST}?kind=nonsense")["cl"].result_count == 9


def test_somebody_added_from_the_clients_is_a_client(salon, client):
    client.force_login(salon.manager)
    for kind, role in (("clients", "client"), ("team", None), ("no-list", None)):
        assert see(client, f"{LIST}add/?kind={kind}")["adminform"].form["role"].value() == role


@pytest.mark.sweep
@pytest.mark.parametrize(("kind", "label"), [("clients", "Add a client"), ("team", "Add to the team")])
def test_a_list_and_its_page_for_adding_name_what_is_added(salon, client, kind, label):
    client.force_login(salon.admin)
    adding = (
        f'<a href="{LIST}add/?_changelist_filters=kind%3D{kind}&amp;kind={kind}" class="button addlink">{label}</a>'
    )
    assertContains(client.get(f"{LIST}?kind={kind}"), adding)
    assertContains(client.get(f"{LIST}add/?kind={kind}&_changelist_filters=kind%3D{kind}"), f"<h1>{label}</h1>")


def test_a_client_is_deactivated_and_reactivated_by_a_button(salon, client):
    client.force_login(salon.manager)
    for button, active in (("deactivate", False), ("reactivate", True)):
        assert client.post(card(salon.client, "standing"), {button: "1"})["Location"] == card(salon.client)
        assert User.objects.get(pk=salon.client.pk).is_active == active
    assert [entry.change_message for entry in LogEntry.objects.order_by("id")] == ["Deactivated.", "Reactivated."]
    client.get(card(salon.client, "standing"))
    assert User.objects.get(pk=salon.client.pk).is_active


def test_saving_the_contact_keeps_the_standing(salon, client):
    client.force_login(salon.manager)
    assert fill_in(client, card(salon.client), phone="030 1").status_code == 302
    person = User.objects.get(pk=salon.client.pk)
    assert (person.phone, person.is_active, person.version) == ("030 1", True, 2)


def test_a_refused_standing_says_why(salon, client):
    client.force_login(salon.admin)
    answer = client.post(card(salon.admin, "standing"), {"deactivate": "1"})
    assert tell(answer) == ["Nobody changes their own `is_active`."]
    assert User.objects.get(pk=salon.admin.pk).is_active


def test_a_merge_shows_what_moves_and_then_moves_it(salon, client):
    twin = UserFactory(organization=salon.organization, name="Twin", phone="1")
    payment = PaymentFactory(appointment=visit_of(salon, -1, client=twin, status="completed"), completed=True)
    RefundFactory(payment=payment)
    both = [balances.sum_balances(person.visits.all()) for person in (salon.client, twin)]
    client.force_login(salon.manager)
    url = card(salon.client, "merge")
    assert see(client, url)["sides"] == []
    sides = see(client, url, {"duplicate": twin.pk})["sides"]
    assert [(side["client"], side["visits"], side["payments"]) for side in sides] == [
        (salon.client, 1, 1),
        (twin, 1, 1),
    ]
    answer = client.post(url, {"duplicate": twin.pk})
    assert (answer.status_code, answer["Location"]) == (302, card(salon.client))
    assert tell(answer) == ["Merged: 1 visit moved here, Twin is deactivated."]
    merged = balances.sum_balances(salon.client.visits.all())
    assert merged == {name: both[0][name] + both[1][name] for name in merged}
    assert balances.sum_balances(twin.visits.all())["due"] == 0
    assert not User.objects.get(pk=twin.pk).is_active
    assert set(LogEntry.objects.values_list("object_id", "change_message")) == {
        (str(salon.client.pk), f"Merged with person {twin.pk}."),
        (str(twin.pk), f"Merged into person {salon.client.pk}."),
    }


@pytest.mark.sweep
def test_a_refused_merge_moves_nothing_and_says_why(salon, clinic, client):
    client.force_login(salon.manager)
    url = card(salon.client, "merge")
    invalid = ["Select a valid choice. That choice is not one of the available choices."]
    same = ["Choose another client: this is the same one."]
    for sent, said in (
        (salon.client.pk, same),
        (clinic.client.pk, invalid),
        (salon.staff.pk, invalid),
        (0, invalid),
        ("9" * 30, invalid),
        ("x", invalid),
        ("", ["This field is required."]),
    ):
        assert errors(judge(client, url, duplicate=sent)) == said, sent
    User.objects.filter(pk=salon.client.pk).update(is_active=False)
    answer = client.post(url, {"duplicate": salon.stranger.pk})
    assert errors_of(answer) == ["Salon client is not active. Reactivate the one to keep first."]
    assert Page(answer).fields["duplicate"] == [str(salon.stranger.pk)] * 2
    assert salon.stranger.visits.count() == 1
    assert not LogEntry.objects.exists()


@pytest.mark.sweep
def test_those_who_may_change_clients_merge_them(salon, clinic, client):
    for who, status in ((salon.admin, 302), (salon.staff, 404)):
        client.force_login(who)
        assert client.post(card(salon.client, "standing"), {}).status_code == status
        for foreign in (clinic.client, clinic.staff):
            assert judge(client, card(foreign, "merge"), duplicate=foreign.pk).status_code == 404
            assert judge(client, card(foreign, "standing"), deactivate="1").status_code == 404
    assert client.get(card(salon.client, "merge")).status_code == 404
    client.force_login(salon.admin)
    assert client.get(card(clinic.client, "merge")).status_code == 404
    assert clinic.client.visits.count() == 1


def test_a_colleague_is_no_duplicate_of_a_client(salon, client):
    client.force_login(salon.admin)
    for kept, duplicate, says in [
        (salon.staff, salon.client, "Only clients can be merged."),
        (salon.client, salon.staff, "Select a valid choice"),
    ]:
        answer = client.post(card(kept, "merge"), {"duplicate": duplicate.pk}, follow=True)
        assert says in answer.content.decode()
    salon.client.refresh_from_db()
    assert (salon.client.merged_into, salon.client.is_active) == (None, True)
