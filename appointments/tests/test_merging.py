"""Two records of one client become one: every visit goes to the one that is kept, once, and says so."""

from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from threading import Barrier

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import Token, User
from accounts.tests.factories import UserFactory, token_for
from appointments import history
from appointments.amendments import merging
from appointments.models import Appointment
from appointments.tests.factories import AppointmentFactory
from clientline.refusals import FieldRefused
from clientline.tests.problems import problem

FORMER_MERGERS = import_module("appointments.migrations.0009_former_mergers")


def merge(salon, kept, duplicate):
    return merging.merge_clients(by=salon.manager, kept=kept, duplicate=duplicate, now=timezone.now())


@pytest.fixture
def twin(salon):
    return UserFactory(organization=salon.organization, name="Salon twin", phone="+49 30 1")


def test_visits_move_and_the_duplicate_is_deactivated(salon, clinic, twin):
    token_for(twin)
    theirs = [AppointmentFactory(client=twin, staff=salon.staff, service=salon.service) for _ in range(2)]
    cancelled = AppointmentFactory(
        client=twin, staff=salon.staff, service=salon.service, status="cancelled", cancelled_at=timezone.now()
    )
    assert merge(salon, salon.client, twin) == 3
    assert set(salon.client.visits.values_list("pk", "version")) == {
        (salon.visit.pk, 1),
        *((visit.pk, 2) for visit in (*theirs, cancelled)),
    }
    twin.refresh_from_db()
    salon.client.refresh_from_db()
    assert (twin.is_active, twin.version, Token.objects.filter(user=twin).exists()) == (False, 2, False)
    assert (salon.client.phone, salon.client.is_active) == ("+49 30 1", True)
    assert Appointment.objects.get(pk=clinic.visit.pk).version == 1
    assert merge(salon, salon.client, twin) == 0, "again there is nothing more"
    assert salon.client.visits.count() == 4


def test_the_history_of_each_visit_tells_it_in_plain_words(salon, twin):
    visit = AppointmentFactory(client=twin, staff=salon.staff, service=salon.service)
    merge(salon, salon.client, twin)
    assert not salon.visit.history.exists()
    fact = visit.history.get()
    assert (fact.action, fact.by, fact.was, fact.became, fact.reason) == (
        "client_changed",
        salon.manager,
        str(twin.pk),
        str(salon.client.pk),
        "Two records of one client were merged.",
    )
    (told,) = history.describe_history(visit)
    assert told["text"] == "Handed over from client Salon twin to Salon client by Salon manager"


def test_only_two_clients_of_one_organization_are_merged(salon, clinic):
    for kept, duplicate, refusal in (
        (salon.client, salon.client, "Choose another client: this is the same one."),
        (salon.client, clinic.client, "There is no such client here."),
        (salon.client, salon.staff, "Only clients can be merged."),
        (salon.admin, salon.client, "Only clients can be merged."),
    ):
        with pytest.raises(FieldRefused, match=refusal):
            merge(salon, kept, duplicate)
        assert duplicate.visits.count() == (duplicate.role == "client"), refusal
    assert not User.objects.filter(is_active=False).exists()


def test_nothing_is_given_to_the_deactivated_or_to_somebody_gone(salon, twin):
    User.objects.filter(pk=twin.pk).update(is_active=False)  # after the page was opened
    with pytest.raises(FieldRefused, match="Salon twin is not active"):
        merge(salon, twin, salon.client)
    User.objects.filter(pk=twin.pk).delete()
    with pytest.raises(FieldRefused, match="One of the two is gone"):
        merge(salon, salon.client, twin)


@pytest.mark.django_db(transaction=True)
def test_of_two_opposite_merges_at_once_one_wins_and_no_visit_is_lost(salon, twin):
    AppointmentFactory(client=twin, staff=salon.staff, service=salon.service)
    together = Barrier(2)

    def attempt(kept, duplicate):
        together.wait()
        try:
            return merge(salon, kept, duplicate)
        except FieldRefused as refusal:
            return refusal.errors[0]["code"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(attempt, (salon.client, twin), (twin, salon.client)))
    assert set(answers) == {1, "inactive"}
    kept = (salon.client, twin)[answers.index(1)]
    assert kept.visits.count() == 2
    assert User.objects.filter(pk__in=(salon.client.pk, twin.pk), is_active=True).get() == kept


def test_the_duplicate_names_the_record_that_was_kept_until_it_is_reactivated(salon, twin, api):
    merge(salon, salon.client, twin)
    duplicate = api(salon.manager).get(f"/users/{twin.pk}")
    assert duplicate.json()["merged_into"] == salon.client.pk
    assert api(salon.manager).get(f"/users/{salon.client.pk}").json()["merged_into"] is None
    assert problem(api(salon.manager).patch(f"/users/{twin.pk}", {"merged_into": salon.stranger.pk})) == (
        400,
        "validation_error",
    )
    assert api(salon.manager).patch(f"/users/{twin.pk}", {"is_active": True}).json()["merged_into"] is None


def test_the_database_lets_no_active_record_and_none_of_elsewhere_be_merged(salon, clinic, twin):
    User.objects.filter(pk=twin.pk).update(is_active=False)
    for wrong, rule in [
        ({"merged_into": salon.client, "is_active": True}, "user_merged_is_inactive"),
        ({"merged_into": twin}, "user_merged_is_inactive"),
        ({"merged_into": clinic.client}, "user_merged_in_same_organization"),
    ]:
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            User.objects.filter(pk=twin.pk).update(**wrong)


def find_as_the_migration_does(salon):
    with connection.cursor() as cursor:
        cursor.execute(FORMER_MERGERS.FIND_OUT)


def find_as_an_import_does(salon):
    merging.find_former_mergers(salon.organization)


def test_mergers_of_before_are_found_in_the_history(salon, twin):
    AppointmentFactory(client=twin, staff=salon.staff, service=salon.service)
    merge(salon, salon.client, twin)
    for find in (find_as_the_migration_does, find_as_an_import_does):
        User.objects.filter(pk=twin.pk).update(merged_into=None)  # as it was until version 0.2
        find(salon)
        found = list(User.objects.exclude(merged_into=None).values_list("pk", "merged_into"))
        assert found == [(twin.pk, salon.client.pk)], find
