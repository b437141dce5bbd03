"""ETag and If-Match: whoever changes a row says which version they saw, and a stale one changes nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.tests.factories import AppointmentFactory, days_ahead
from clientline.tests.problems import fields, problem
from clientline.tests.rehearsals import undone
from payments.models import Payment
from payments.tests.factories import PaymentFactory
from services.tests.factories import ServiceFactory

ROWS = {
    "/organizations": "organization",
    "/users": "client",
    "/services": "service",
    "/appointments": "visit",
    "/payments": "payment",
}
CHANGES = [
    ("patch", "/organizations/{organization}", {"address": "Here", "min_notice": 5}),
    (
        "put",
        "/organizations/{organization}",
        {"name": "New", "email": "new@salon.example", "currency": "EUR", "coming_visits": "keep_local"},
    ),
    ("patch", "/users/{client}", {"phone": "030", "password": "a-new-password-1"}),
    ("put", "/users/{colleague}", {"name": "New", "email": "new@salon.example", "role": "manager", "is_active": False}),
    ("patch", "/services/{service}", {"name": "New", "staff": ["@staff"]}),
    ("put", "/services/{service}", {"name": "New"}),
    ("patch", "/appointments/{visit}", {"price": "40.00", "notes": "x", "fee_waived": True}),
    ("post", "/appointments/{visit}/reschedule", {"appointment_date": "2027-01-04T09:00:00Z", "staff": "@colleague"}),
    ("post", "/appointments/{visit}/cancel", {"reason": "ill", "waive_fee": True, "scope": "following"}),
    ("post", "/appointments/{past}/complete", {}),
    ("post", "/appointments/{past}/no-show", {"waive_fee": True}),
    ("post", "/appointments/{done}/correct", {"status": "no_show", "reason": "x", "waive_fee": True}),
    ("post", "/appointments/{visit}/arrive", {"in_service": True}),
    ("post", "/appointments/{visit}/change", {"duration": 45, "price": "40.00"}),
    ("post", "/appointments/{visit}/reschedule", {"appointment_date": "2027-01-04T09:00:00Z", "scope": "group"}),
    ("post", "/appointments/{cancelled}/reopen", {"reason": "x"}),
    ("post", "/payments/{payment}/complete", {}),
    ("post", "/payments/{payment}/fail", {}),
]
DELETIONS = ["/services/{unused}", "/users/{leaver}"]
STALE = ['"9"', '"0"', '"01"', '""', 'W/"1"', '"9", W/"1", "1!"', '"9,1"', '"' + "9" * 10_000 + '"', '"1ü"']
CURRENT = ['"1"', "*", ' "9" ,W/"1",\t"1" ', '"a,b", "1"']
MALFORMED = ["", "1", '"1', '1"', "'1'", '"1" "1"', '"1 "', '*, "1"', '"1",', 'w/"1"']
MALFORMED += ["\x00", '"\x00"', '"日"', "é", "x" * 10_000, '"' * 10_001]


@pytest.fixture
def cast(salon):
    salon.past = AppointmentFactory(
        client=salon.client, staff=salon.staff, service=salon.service, appointment_date=days_ahead(-3)
    )
    salon.done = AppointmentFactory(
        client=salon.client,
        staff=salon.staff,
        service=salon.service,
        appointment_date=days_ahead(-4),
        status="completed",
    )
    salon.cancelled = AppointmentFactory(
        client=salon.client,
        staff=salon.staff,
        service=salon.service,
        appointment_date=days_ahead(4),
        status="cancelled",
        cancelled_at=timezone.now(),
    )
    salon.unused = ServiceFactory(organization=salon.organization)
    salon.leaver = UserFactory(organization=salon.organization)
    salon.paid = PaymentFactory(appointment=salon.visit, completed=True)
    return salon


def filled(cast, path, body=None):
    """Path and body with ids in the place of names."""
    ids = {name: row.pk for name, row in vars(cast).items()}
    known = {f"@{name}": pk for name, pk in ids.items()}
    body = {
        key: [known[each] for each in value] if isinstance(value, list) else known.get(value, value)
        for key, value in (body or {}).items()
    }
    return path.format(**ids), body


def send(client, method, path, body, if_match):
    return getattr(client, method)(path, body, HTTP_IF_MATCH=if_match)


def everything():
    """All rows that the changes above may touch, as text."""
    with connection.cursor() as cursor:
        tables = "organizations users services service_staff appointments appointment_history payments refunds".split()
        counted = " UNION ALL ".join(f"SELECT to_jsonb({table})::text FROM {table}" for table in tables)
        cursor.execute(counted)
        return sorted(cursor.fetchall())


@pytest.mark.sweep
def test_one_row_is_answered_with_its_version_as_etag(salon, api):
    client = api(salon.admin)
    for resource, row in ROWS.items():
        path = f"{resource}/{getattr(salon, row).pk}"
        assert (path, client.get(path)["ETag"], client.head(path)["ETag"]) == (path, '"1"', '"1"')
        assert "ETag" not in client.get(resource), resource


@pytest.mark.sweep
def test_a_new_row_and_the_caller_are_answered_with_their_version(salon, api):
    client = api(salon.admin)
    booking = {"client": salon.client.pk, "staff": salon.staff.pk, "service": salon.service.pk}
    for path, body in {
        "/users": {"name": "New", "email": "new@example.com", "role": "staff"},
        "/services": {"name": "New"},
        "/appointments": booking | {"appointment_date": "2027-01-04T09:00:00Z"},
        "/payments": {"appointment": salon.visit.pk, "amount": "1.00", "allow_overpayment": True},
    }.items():
        assert (path, client.post(path, body)["ETag"]) == (path, '"1"')
    assert client.patch(f"/users/{salon.admin.pk}", {"phone": "1"})["ETag"] == '"2"'
    assert client.get("/auth/me")["ETag"] == '"2"'


def test_a_change_of_another_version_is_refused_and_of_this_one_adds_exactly_one(cast, api):
    assert_is_guarded(api(cast.admin), cast, *CHANGES[0])


@pytest.mark.sweep
def test_every_other_change_is_guarded_as_well(cast, api):
    client = api(cast.admin)
    for change in CHANGES[1:]:
        with undone():
            assert_is_guarded(client, cast, *change)


def assert_is_guarded(client, cast, method, path, body):
    path, body = filled(cast, path, body)
    before = everything()
    assert refused(client, method, path, body, '"2"'), path
    assert everything() == before, path
    answer = send(client, method, path, body, '"1"')
    assert (path, answer.status_code, answer.json()["version"], answer["ETag"]) == (path, 200, 2, '"2"')
    assert refused(client, method, path, body, '"1"'), path


def refused(client, method, path, body, if_match):
    return problem(send(client, method, path, body, if_match)) == (412, "version_mismatch")


@pytest.mark.parametrize("path", DELETIONS)
def test_a_row_of_another_version_is_not_deleted(cast, api, path):
    client, (path, _) = api(cast.admin), filled(cast, path)
    assert problem(client.delete(path, HTTP_IF_MATCH='"2"')) == (412, "version_mismatch")
    assert client.get(path).status_code == 200
    assert client.delete(path, HTTP_IF_MATCH='"1"').status_code == 204


def test_a_refund_is_of_the_version_of_its_payment(cast, api):
    client, path, body = api(cast.admin), f"/payments/{cast.paid.pk}/refunds", {"amount": "1.00", "reason": "x"}
    assert problem(client.post(path, body, HTTP_IF_MATCH='"2"')) == (412, "version_mismatch")
    first = client.post(path, body, HTTP_IF_MATCH='"1"')
    assert (first.status_code, "ETag" in first) == (201, False)
    assert problem(client.post(path, body, HTTP_IF_MATCH='"1"')) == (412, "version_mismatch")
    assert client.post(path, {"reason": "the rest"}, HTTP_IF_MATCH='"2"').status_code == 201
    payment = Payment.objects.get(pk=cast.paid.pk)
    assert (payment.version, payment.status, payment.refunds.count()) == (3, "refunded", 2)


def test_each_visit_of_a_series_that_is_cancelled_adds_one(cast, api):
    client = api(cast.admin)
    people = {"client": cast.client.pk, "staff": cast.staff.pk, "service": cast.service.pk}
    visits = client.post(
        "/appointments/series", people | {"appointment_date": "2027-01-04T09:00:00Z", "every": 1, "count": 3}
    )
    first, *others = visits.json()["appointments"]
    answer = client.post(f"/appointments/{first['id']}/cancel", {"reason": "x", "scope": "following"})
    assert answer["ETag"] == '"2"'
    assert [client.get(f"/appointments/{visit['id']}")["ETag"] for visit in others] == ['"2"', '"2"']


def test_what_changes_nothing_keeps_the_version(cast, api):
    client, path = api(cast.admin), f"/appointments/{cast.visit.pk}"
    same = {"appointment_date": cast.visit.appointment_date.isoformat(), "staff": cast.staff.pk}
    for answer in (client.post(f"{path}/reschedule", same), client.patch(path, {"notes": ""})):
        assert (answer.status_code, answer["ETag"]) == (200, '"1"')


@pytest.mark.sweep
def test_only_the_strong_tag_itself_matches(salon, api):
    client, path = api(salon.admin), f"/services/{salon.service.pk}"
    assert [tag for tag in STALE if not refused(client, "patch", path, {"name": "New"}, tag)] == []


def test_a_star_and_a_list_with_the_tag_match(salon, api):
    client = api(salon.admin)
    for tag in CURRENT:
        service = ServiceFactory(organization=salon.organization)
        answer = send(client, "patch", f"/services/{service.pk}", {"name": "New"}, tag)
        assert (tag, answer.status_code, answer["ETag"]) == (tag, 200, '"2"')


@pytest.mark.sweep
def test_what_is_no_list_of_tags_is_refused(salon, api):
    client, path = api(salon.admin), f"/services/{salon.service.pk}"
    for tag in MALFORMED:
        assert (tag, fields(send(client, "patch", path, {"name": "New"}, tag))) == (tag, {"If-Match": "invalid"})


@pytest.mark.sweep
def test_if_match_tells_nothing_about_rows_out_of_scope(salon, clinic, api):
    for if_match in ("*", '"1"', '"9"', "garbage"):
        answer = send(api(salon.admin), "patch", f"/services/{clinic.service.pk}", {"name": "New"}, if_match)
        assert problem(answer) == (404, "not_found")
        answer = send(api(salon.client), "patch", f"/services/{salon.service.pk}", {"name": "New"}, if_match)
        assert problem(answer) == (403, "permission_denied")


def test_a_row_without_a_version_is_matched_by_a_star_only(salon, api):
    client, path = api(salon.admin), f"/working-hours/{salon.working_hours.pk}"
    assert "ETag" not in client.get(path)
    assert problem(client.patch(path, {"ends": "16:00"}, HTTP_IF_MATCH='"1"')) == (412, "version_mismatch")
    assert client.patch(path, {"ends": "16:00"}, HTTP_IF_MATCH="*").status_code == 200


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_of_two_editors_with_the_same_version_at_once_one_is_told(api, salon):
    editors, path = [api(salon.admin), api(salon.admin)], f"/services/{salon.service.pk}"

    def change(editor, name, version):
        try:
            return editor.patch(path, {"name": name}, headers={"If-Match": f'"{version}"'})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        for version in range(1, 11):
            answers = list(pool.map(change, editors, (f"Anna's {version}", f"Bruno's {version}"), [version] * 2))
            assert Counter(answer.status_code for answer in answers) == {200: 1, 412: 1}
            won = next(answer for answer in answers if answer.status_code == 200)
            now = editors[0].get(path)
            assert (now.json(), now["ETag"]) == (won.json(), f'"{version + 1}"')
