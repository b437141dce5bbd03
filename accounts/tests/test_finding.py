"""Everybody is found by what they are called, however it is written, and by any spelling of their telephone."""

import json
import unicodedata
from datetime import UTC, date, datetime
from importlib import import_module

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts import finding, words
from accounts.client_files.files import open_file
from accounts.client_files.saving import import_clients
from accounts.models import SearchWord, User
from accounts.tests.factories import UserFactory
from appointments.amendments import merging
from appointments.tests.factories import AppointmentFactory
from clientline.backoffice import search
from clientline.database.invariants import collect_invariants
from clientline.privacy import personal_data
from clientline.search_words import make_words, read_terms
from clientline.telephones import write_e164
from clientline.tests.pages import Page, see
from organizations.tenancy import confine_transaction, release
from payments.models import Payment, Refund
from payments.tests.factories import PaymentFactory, RefundFactory

pytestmark = pytest.mark.django_db

WORDS_OF_PEOPLE = import_module("accounts.migrations.0020_words_of_people")
PEOPLE = {
    "müller": ("Hannelore Müller", "0170 5500003", "hannelore@familie.example"),
    "lodz": ("Zofia z Łodzi", "+48 601 234 567", ""),
    "oneill": ("Sinéad O’Neill", "", "sinead.oneill@example.com"),
    "strauß": ("Ödön Strauß-Kühn", "030/7123456", ""),
    "nguyen": (unicodedata.normalize("NFD", "Nguyễn Thị Hồng"), "", ""),
    "isik": ("Işıl İçöz", "", ""),
    "greek": ("Ελένη Σταύρος", "", ""),
    "okeeffe": ("Niamh", "", "n.o'keeffe@example.com"),
    "johnson": ("Zoe Johnson", "(030) 9 87 65 43", ""),
}
QUERIES = {
    "müller": [
        *("Müller", "muller", "MUELLER", "mül", "müller hannelore", "Hanne mueller", "hannelore@fam"),
        *("0170 5500003", "+491705500003", "0049 170 5500003", "+49 (0)170/550 00 03", "5500003", "0003", "0170 55"),
        "Müller 5500003",
    ],
    "lodz": ["lodz", "Łodzi", "ŁODZ zofia", "601234567", "+48 601-234-567", "004860123"],
    "oneill": ["O'Neill", "o’neill", "oneill", "ONEILL sinead", "Neill", "sinead.oneill@example.com", "Sine O'N"],
    "strauß": ["strauss", "Strauß", "kuhn", "Kuehn odon", "oedoen", "strausskuehn", "030 7123456", "7123456"],
    "nguyen": ["nguyen", "Nguyễn", "hong nguyen", "Thị"],
    "isik": ["isil", "Işıl", "ICOZ", "içöz ışıl", "icoez"],
    "greek": ["Ελενη", "ΣΤΑΥΡΟΣ", "σταυρος ελένη"],
    "okeeffe": ["n.o'keeffe@example.com", "N.O'Keeffe@", "okeeffe", "O’Keeffe"],
    "johnson": ["zoe", "Zoë", "johns", "030 9876543", "+49309876543"],
}


E164 = {"müller": "+491705500003", "lodz": "+48601234567", "strauß": "+49307123456", "johnson": "+49309876543"}


def matches(kept, terms):
    return all(any(span.first <= word < span.last for span in term for word in kept) for term in terms)


def test_every_spelling_finds_its_one_person():
    kept = {
        other: make_words(name=name, addresses=(address,), phone=phone, phone_e164=E164.get(other, ""))
        for other, (name, phone, address) in PEOPLE.items()
    }
    for alias, text in ((alias, text) for alias, texts in QUERIES.items() for text in texts):
        terms = read_terms(text, "DE")
        assert [other for other in kept if matches(kept[other], terms)] == [alias], text


def test_what_is_not_them_does_not_find_them():
    for text, name in (
        ("Joe", "John Smith"),  # not what begins like a shorter spelling
        ("543", "Somebody"),  # three digits are no end of a telephone
        ("uller", "Anna Müller"),
        ("Anna Maria", "Anna Müller"),
        ("müller@", "Anna Müller"),
        ("%", "Anna Müller"),
        ("_nna", "Bnna"),
    ):
        kept = make_words(name=name, addresses=("anna@mueller.example",), phone="030 987543", phone_e164="+4930987543")
        terms = read_terms(text, "DE")
        assert not terms or not matches(kept, terms), text


def test_a_word_that_is_typed_again_is_looked_for_once():
    assert read_terms("mia Lange MIA", "DE") == read_terms("mia lange", "DE")
    assert len(read_terms("a " * 100, "DE")) == 1


def test_words_of_any_name_fit_into_the_index(db, salon):
    UserFactory(organization=salon.organization, name="ﷺ" * 200, contact_email=f"{'x' * 200}@lange.example")
    assert max(map(len, SearchWord.objects.values_list("word", flat=True))) == 100


@pytest.fixture
def people(salon, clinic):
    """The same people in two organizations, as clients that the staff registered; the salon's by alias."""
    for cast in (clinic, salon):
        cast.organization.country = "DE"
        cast.organization.save(update_fields=["country"])
        home = {"organization": cast.organization, "created_by": cast.staff}
        found = {
            alias: UserFactory.build(**home, name=name, phone=phone, contact_email=address)
            for alias, (name, phone, address) in PEOPLE.items()
        }
        User.objects.bulk_create(found.values())
    return found


ONE_EACH = [(alias, texts[0]) for alias, texts in QUERIES.items()] + [("müller", "0049 170 5500003")]


# In the gate staff ask by the first wall alone, which knows their scope, and managers with all walls up: half each.
@pytest.mark.sweep
@pytest.mark.parametrize("walls", ["all walls", "the first wall alone"])
def test_list_admin_and_suggestions_find_the_same_one_and_nobody_of_elsewhere(
    salon, clinic, people, api, client, request, everything, walls
):
    asking = {"manager": ONE_EACH[::2]} if walls == "all walls" else {"staff": ONE_EACH[1::2]}
    if everything:
        asking = dict.fromkeys(("manager", "staff"), ONE_EACH)
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    for who, texts in asking.items():
        client.force_login(getattr(salon, who))
        reader = api(getattr(salon, who))
        for alias, text in texts:
            expected = people[alias]
            listed = reader.get("/users", {"search": text, "count": "true"}).json()
            assert ([row["id"] for row in listed["results"]], listed["count"]) == ([expected.pk], 1), text
            asked = {"app_label": "appointments", "model_name": "appointment", "field_name": "client", "term": text}
            suggested = client.get("/admin/autocomplete/", asked).json()["results"]
            assert [row["id"] for row in suggested] == [str(expected.pk)], text
            found = client.get("/admin/search/", {"q": text})
            assert (found.status_code, found["Location"]) == (302, f"/admin/accounts/user/{expected.pk}/change/"), text
        shown = see(client, "/admin/accounts/user/", {"q": text, "kind": "clients"})["cl"]  # by the same function
        assert [row.pk for row in shown.result_list] == [expected.pk], text


def test_two_of_one_name_are_told_apart_by_telephone_and_last_visit(salon, client):
    for phone in ("030 1", "030 2"):
        anna = UserFactory(organization=salon.organization, name="Anna Schmidt", phone=phone)
    AppointmentFactory(
        client=anna, staff=salon.staff, service=salon.service, appointment_date=datetime(2026, 1, 5, 9, tzinfo=UTC)
    )
    client.force_login(salon.manager)
    asked = {"app_label": "appointments", "model_name": "appointment", "field_name": "client", "term": "schmidt anna"}
    suggested = client.get("/admin/autocomplete/", asked).json()["results"]
    expected = ["Anna Schmidt · 030 1", "Anna Schmidt · 030 2 · last visit Mon 5 Jan 2026"]
    assert [row["text"] for row in suggested] == expected
    page = client.get("/admin/search/", {"q": "schmidt"}).content.decode()
    assert all(text in page for text in expected)


SEARCHES = (
    "müller",
    "mueller hans",
    "0170 5500003",
    "hans 5500003",
    "o'neill",
    "100%",
    "a_b",
    "' OR 1=1 --",
    "%s",
    "  ",
)
SEARCHES += ("a b c d e f", "x" * 201, "nobody", "12345678", "+49", "mia@")


@pytest.mark.sweep
@pytest.mark.parametrize("who", ["admin", "staff", "client"])
def test_a_search_whose_sql_is_kept_finds_what_every_search_finds(salon, clinic, api, share, who):
    """Counted, a search is described by the ORM each time."""
    for cast in (salon, clinic):
        for name, phone in (("Hans Müller", "0170 5500003"), ("Mueller, Hans", ""), ("O’Neill 100%", "12345678")):
            UserFactory(organization=cast.organization, name=name, phone=phone, phone_e164=write_e164(phone, "DE"))
    caller = api(getattr(salon, who))
    for place, text in enumerate(share(SEARCHES)):
        for more in share(({}, {"limit": 1}, {"ordering": "-name", "limit": 2}), place):
            kept = caller.get("/users", {"search": text} | more).json()
            described = caller.get("/users", {"search": text, "count": "true"} | more).json()
            described.pop("count", None)
            told = json.dumps(described).replace("&count=true", "")
            assert json.dumps({name: kept[name] for name in described}) == told, (text, more)
        while kept.get("next"):
            kept = caller.get(kept["next"]).json()
            assert {row["organization"] for row in kept["results"]} == {salon.organization.pk}


def test_a_search_costs_as_many_statements_as_a_list(salon, api, django_assert_num_queries):
    caller = api(salon.manager)
    caller.get("/users?search=nobody")
    with django_assert_num_queries(5):
        assert caller.get("/users?limit=100").status_code == 200
    with django_assert_num_queries(5):
        assert caller.get("/users?limit=100&search=somebody").json()["results"] == []


@pytest.mark.sweep
def test_numbers_of_visits_and_receipts_are_found_where_they_are_looked_for(salon, clinic, api, client):
    manager, visit, payment = api(salon.manager), salon.visit, salon.payment
    Payment.objects.filter(pk=payment.pk).update(receipt_number=4711)
    assert [row["id"] for row in manager.get(f"/appointments?search={visit.pk}").json()["results"]] == [visit.pk]
    assert [row["id"] for row in manager.get("/payments?search=4711").json()["results"]] == [payment.pk]
    assert [row["id"] for row in manager.get("/payments?search=salon+cli").json()["results"]] == [payment.pk]
    assert manager.get(f"/users?search={visit.pk}").json()["results"] == []
    assert manager.get(f"/appointments?search={clinic.visit.pk}").json()["results"] == []
    client.force_login(salon.manager)
    receipt = client.get("/admin/search/", {"q": "4711"})
    assert (receipt.status_code, receipt["Location"]) == (302, f"/admin/payments/payment/{payment.pk}/change/")
    refund = RefundFactory(payment=PaymentFactory(appointment=visit, completed=True))
    Refund.objects.filter(pk=refund.pk).update(receipt_number=4712)
    receipt = client.get("/admin/search/", {"q": "4712"})
    assert (receipt.status_code, receipt["Location"]) == (302, f"/admin/payments/payment/{refund.payment_id}/change/")
    found = client.get("/admin/search/", {"q": str(visit.pk)})
    addresses = [found["Location"]] if found.status_code == 302 else Page(found).links
    assert f"/admin/appointments/appointment/{visit.pk}/change/" in addresses
    strangers = client.get("/admin/search/", {"q": str(clinic.visit.pk)})
    assert f"appointment/{clinic.visit.pk}/" not in strangers.get("Location", "") + strangers.content.decode()
    client.force_login(salon.staff)
    assert b"Nobody and nothing" in client.get("/admin/search/", {"q": str(salon.strangers_visit.pk)}).content


@pytest.mark.sweep
def test_the_box_stands_on_every_page_and_says_what_it_takes(salon, client):
    client.force_login(salon.staff)
    for url in ("/admin/", "/admin/accounts/user/", "/admin/appointments/appointment/add/", "/admin/search/"):
        assert '<form class="head-search" role="search" action="/admin/search/">' in client.get(url).content.decode()
    assert "Type a name" in client.get("/admin/search/?q=+").content.decode()
    assert "Nobody and nothing was found for “&lt;b&gt;”" in client.get("/admin/search/?q=<b>").content.decode()


def test_who_was_merged_is_found_once_and_by_what_only_the_old_record_says(salon, client, monkeypatch):
    kept, former = (
        UserFactory(organization=salon.organization, role="client", name="Zora Zwilling", phone=phone, **told)
        for phone, told in (("030 4440001", {}), ("030 4440002", {"is_active": False}))
    )
    User.objects.filter(pk=former.pk).update(merged_into=kept)
    client.force_login(salon.manager)
    for text, row in (("zwilling", kept), ("030 4440002", former)):
        assert client.get("/admin/search/", {"q": text}).url == f"/admin/accounts/user/{row.pk}/change/"
    monkeypatch.setattr(search, "SHOWN", 1)  # where more are found than are shown, it says so
    assert see(client, "/admin/search/", {"q": "zwilling"})["more"]


def kept_of(person):
    return set(SearchWord.objects.filter(user=person).values_list("word", flat=True))


@pytest.mark.sweep
def test_words_follow_what_is_changed_merged_erased_and_removed(salon, api):
    manager = api(salon.admin)
    mia = User.objects.get(pk=manager.post("/users", {"name": "Mia Lange", "role": "client"}).json()["id"])
    assert kept_of(mia) == {"mia", "lange"}
    manager.patch(f"/users/{mia.pk}", {"name": "Mia Kurz", "contact_email": "mia@kurz.example", "phone": "030 123456"})
    assert kept_of(mia) == {"mia", "kurz", "mia@kurz.example", "<65432103", ">30123456"}
    twin = UserFactory(organization=salon.organization, name="M. K.")
    merging.merge_clients(by=salon.admin, kept=twin, duplicate=mia, now=timezone.now())
    assert {"mia@kurz.example", "<65432103"} <= kept_of(twin)
    mia.refresh_from_db()
    personal_data.erase(by=salon.admin, client=mia, now=timezone.now())
    assert kept_of(mia) == {"erased", "client", str(mia.pk)}
    gone = UserFactory(organization=salon.organization)
    assert manager.delete(f"/users/{gone.pk}").status_code == 204
    assert kept_of(gone) == set()


def broken():
    return {each.name for each in collect_invariants() if each.find_offenders()[0]}


def test_every_writer_of_many_people_writes_their_words(salon, clinic, tmp_path):
    file = open_file("name,email,phone\nZoë Ångström,zoe@example.com,030 1234567\n".encode(), country="DE")
    entries = file.read(date(2026, 11, 29))
    import_clients(by=salon.admin, organization=salon.organization, entries=entries, now=timezone.now())
    zoe = User.objects.get(contact_email="zoe@example.com")
    assert {"zoe", "angstrom", "aangstroem", "zoe@example.com"} <= kept_of(zoe)
    bulk = User(organization=salon.organization, name="Bulk", email="b@salon.example", role="client", password="!")
    User.objects.bulk_create([bulk])
    assert kept_of(bulk) == {"bulk", "b", "b@salon.example"}
    before = set(SearchWord.objects.values_list("user_id", "word"))
    SearchWord.objects.all().delete()
    words.write_all_words(salon.organization)
    words.write_all_words(clinic.organization)
    assert set(SearchWord.objects.values_list("user_id", "word")) == before
    SearchWord.objects.all().delete()
    WORDS_OF_PEOPLE.fill(None, connection.schema_editor())
    assert set(SearchWord.objects.values_list("user_id", "word")) == before


@pytest.mark.sweep
def test_an_invariant_misses_and_suspects_words(salon):
    assert "people_have_their_words" not in broken()
    SearchWord.objects.filter(user=salon.client, word="client").delete()
    assert "people_have_their_words" in broken()
    words.write_all_words(salon.organization)
    assert "people_have_their_words" not in broken()
    SearchWord.objects.create(organization=salon.organization, user=salon.client, word="stranger")
    assert "people_have_their_words" in broken()


def plan_of(rows):
    with connection.cursor() as cursor:
        statement, parameters = rows.query.sql_with_params()
        cursor.execute(f"EXPLAIN {statement}", parameters)
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.sweep
def test_behind_row_security_words_are_index_conditions(salon, clinic):
    """As the tenants' role, where LIKE and its like would read the rows of all organizations."""
    for cast in (salon, clinic):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO search_words (organization_id, user_id, word)"
                " SELECT %s, %s, 'filler' || n FROM generate_series(1, 5000) n",
                [cast.organization.pk, cast.client.pk],
            )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_words")
    for text in ("lange", "mueller", "0170 5500003", "mia lange", "mia@lange.example"):
        assert_words_are_index_conditions(salon, text)


def assert_words_are_index_conditions(salon, text):
    with transaction.atomic():
        confine_transaction(organization_id=salon.organization.pk, user_id=salon.manager.pk)
        rows = finding.find_people(User.objects.all(), text, organization=None).order_by("id")[:101]
        plan = plan_of(rows)
        release()
    assert plan.count("search_word_by_word") >= 1
    conditions = [line for line in plan.splitlines() if "word >=" in line and "Recheck Cond" not in line]
    assert conditions
    # Of the organization, or of somebody whom another word has found there already.
    bounds = ("organization_id =", "user_id =")
    assert all("Index Cond:" in line and any(bound in line for bound in bounds) for line in conditions), plan
    assert "Seq Scan on search_words" not in plan, plan  # of people there are a dozen: reading them all is right


def find_payments(text, number="receipt_number"):
    rows = Payment.objects.order_by("id")
    return finding.find_people(rows, text, organization=None, person="appointment__client", number=number)


@pytest.mark.sweep
@pytest.mark.parametrize("most_named", [0, 2000])
def test_rows_are_found_by_few_people_and_by_many(salon, monkeypatch, most_named):
    monkeypatch.setattr(finding, "MOST_NAMED", most_named)
    anna, ben = (UserFactory(organization=salon.organization, name=name) for name in ("Anna Lange", "Ben Lange"))
    visits = [AppointmentFactory(client=each, staff=salon.staff, service=salon.service) for each in (anna, ben)]
    of_anna, of_ben = (PaymentFactory(appointment=each, completed=True) for each in visits)
    of_ben.refresh_from_db()
    receipt = of_ben.receipt_number
    User.objects.filter(pk=anna.pk).update(phone_e164=f"+4930765{receipt:04}")
    words.write_all_words(salon.organization)
    assert list(find_payments("lange")) == [of_anna, of_ben]
    assert list(find_payments("lange anna")) == [of_anna]
    assert list(find_payments("zzyzx")) == list(find_payments("anna zzyzx")) == []
    assert list(find_payments(str(receipt))) == [of_ben]
    assert list(find_payments(f"{receipt:04}")) == [of_anna, of_ben]  # the end of a telephone, and a receipt's number


def test_who_is_not_there_has_no_rows_to_be_looked_for(salon, django_assert_num_queries):
    with django_assert_num_queries(1) as asked:
        assert list(find_payments("zzyzx")) == []
    assert "payments" not in asked[0]["sql"]


def test_the_few_who_are_found_are_told_to_the_planner(salon):
    """Else it expects as much of each as of the one client who has most rows, and walks through all."""
    assert f"client_id = {salon.stranger.pk}" in plan_of(find_payments("salon stranger"))


def test_a_number_that_is_nobodys_is_not_looked_for_beside_people(salon):
    User.objects.filter(pk=salon.stranger.pk).update(phone_e164="+49307659999")
    words.write_all_words(salon.organization)
    assert "receipt_number" not in plan_of(find_payments("9999"))


def test_of_many_each_row_is_looked_up_by_itself(salon, monkeypatch):
    monkeypatch.setattr(finding, "MOST_NAMED", 0)
    plan = plan_of(find_payments("stranger"))
    assert ("SubPlan" in plan, "Semi Join" in plan, "InitPlan" in plan) == (True, False, False), plan
