"""A POST with an Idempotency-Key: one effect and one answer, whatever is repeated, at once or after a crash."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.tests.factories import UserFactory
from appointments.models import Appointment
from appointments.tests.factories import always_at_work, days_ahead
from clientline.tests.problems import fields, problem
from organizations.idempotency import LOCK
from organizations.models import IdempotencyKey
from services.models import Service

BODY = {"name": "Shave", "price": "20.00"}
KEPT = ("status", "Location", "ETag")


def post(client, path="/services", body=BODY, key="k-1", **headers):
    return client.post(path, body, headers={"Idempotency-Key": key, **headers})


def replayed(answer):
    return answer.get("Idempotent-Replayed")


def shaves():
    return Service.objects.filter(name="Shave").count()


def test_the_same_request_again_is_answered_the_same_and_does_nothing(salon, api):
    client = api(salon.manager)
    first, again = post(client), post(client, "/services/")
    assert (first.status_code, replayed(first), replayed(again)) == (201, None, "true")
    assert (again.status_code, again.content, again["Content-Type"]) == (201, first.content, first["Content-Type"])
    assert (again["Location"], again["ETag"]) == (first["Location"], '"1"')
    assert (shaves(), IdempotencyKey.objects.count()) == (1, 1)


def test_a_key_that_came_with_another_body_is_refused(salon, api):
    client = api(salon.manager)
    post(client)
    for change in ({"price": "21.00"}, {"description": ""}):
        assert problem(post(client, body=BODY | change)) == (422, "idempotency_key_reused"), change
    assert shaves() == 1


def test_a_key_that_came_with_another_path_is_refused(salon, api):
    client = api(salon.admin)
    assert post(client, f"/appointments/{salon.visit.pk}/cancel", {"reason": "x"}).status_code == 200
    other = post(client, f"/appointments/{salon.strangers_visit.pk}/cancel", {"reason": "x"})
    assert problem(other) == (422, "idempotency_key_reused")


def test_every_other_key_and_none_is_another_request(salon, api):
    client = api(salon.manager)
    for key in ("k-1", "K-1", "k-1 x"):
        assert replayed(post(client, key=key)) is None
    client.post("/services", BODY)
    assert shaves() == 4


@pytest.mark.sweep
def test_another_caller_with_the_same_key_is_independent(salon, clinic, operator, api):
    callers = [salon.manager, salon.admin, clinic.admin]
    answers = [post(api(caller)) for caller in callers]
    answers.append(post(api(operator), body=BODY | {"organization": salon.organization.pk}))
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 4
    assert [replayed(post(api(caller))) for caller in callers] == ["true"] * 3


def test_only_success_is_kept(salon, api):
    client = api(salon.manager)
    assert problem(post(client, body={"name": ""})) == (400, "validation_error")
    assert problem(post(client, "/appointments/9/cancel", {})) == (404, "not_found")
    assert problem(post(client, f"/payments/{salon.payment.pk}/refunds", {"reason": "x"}))[0] == 409
    assert IdempotencyKey.objects.count() == 0
    assert post(client).status_code == 201


@pytest.mark.sweep
def test_moves_and_series_are_repeated_as_well(salon, api):
    client, visit = api(salon.admin), salon.visit
    moves = [
        (f"/appointments/{visit.pk}/cancel", {"reason": "ill"}),
        (f"/payments/{salon.payment.pk}/complete", None),
        (f"/payments/{salon.payment.pk}/refunds", {"amount": "1.00", "reason": "late"}),
    ]
    for n, (path, body) in enumerate(moves):
        first, again = (post(client, path, body, key=str(n)) for _ in range(2))
        assert (first.status_code // 100, again.content, replayed(again)) == (2, first.content, "true")
        assert again.get("ETag") == first.get("ETag")
    visit.refresh_from_db()
    assert (visit.version, salon.payment.refunds.count()) == (2, 1)


def test_a_replay_asks_no_version(salon, api):
    client, path = api(salon.admin), f"/appointments/{salon.visit.pk}/cancel"
    first, again = (post(client, path, {"reason": "ill"}, **{"If-Match": '"1"'}) for _ in range(2))
    assert (first["ETag"], again.status_code, replayed(again)) == ('"2"', 200, "true")


def test_a_replay_needs_a_token_and_the_role(salon, api):
    client = api(salon.manager)
    post(client)
    salon.manager.role = "staff"
    salon.manager.save()  # which ends the token, too
    assert problem(post(client)) == (401, "not_authenticated")
    assert problem(post(api(salon.manager, anew=True))) == (403, "permission_denied")


def test_a_replay_is_not_for_another_role_that_may_do_the_same(salon, api):
    path, body = f"/appointments/{salon.visit.pk}/cancel", {"reason": "ill"}
    post(api(salon.staff), path, body)
    salon.staff.role = "client"
    salon.staff.save()
    salon.visit.client = salon.staff
    salon.visit.save()
    answer = post(api(salon.staff, anew=True), path, body)
    assert problem(answer) == (403, "permission_denied")
    assert "another role" in answer.json()["detail"]


def test_a_replay_needs_the_row(salon, api):
    path, body = f"/appointments/{salon.visit.pk}/cancel", {"reason": "ill"}
    post(api(salon.staff), path, body)
    salon.visit.staff = salon.colleague
    salon.visit.save()
    assert problem(post(api(salon.staff), path, body)) == (404, "not_found")


@pytest.mark.sweep
def test_a_replay_needs_the_rows_that_were_made(salon, api):
    always_at_work(salon.staff)
    client, starts = api(salon.staff), days_ahead(40).isoformat()
    booking = {"client": salon.client.pk, "service": salon.service.pk, "appointment_date": starts}
    series = ("/appointments/series", booking | {"every": 1, "count": 2})
    visit = post(client, *series, key="0").json()["appointments"][1]["id"]
    posts = [
        series,
        ("/payments", {"appointment": visit, "amount": "1.00", "payment_method": "cash"}),
        ("/users", {"name": "New", "email": "new@salon.example", "role": "client"}),
    ]
    paid = [post(client, *each, key=str(n)) for n, each in enumerate(posts)][1].json()["id"]
    assert [replayed(post(client, *each, key=str(n))) for n, each in enumerate(posts)] == ["true"] * 3
    Appointment.objects.filter(pk=visit).update(staff=salon.colleague)
    again = [post(client, *each, key=str(n)) for n, each in enumerate(posts)]
    assert [answer.status_code for answer in again] == [404, 404, 201]
    assert problem(again[1]) == problem(client.get(f"/payments/{paid}")) == (404, "not_found")


@pytest.mark.clock
def test_a_key_is_kept_for_24_hours(salon, api):
    client = api(salon.manager)
    post(client)
    kept, day = IdempotencyKey.objects.all(), timedelta(hours=24)
    kept.update(created_at=timezone.now() - day + timedelta(minutes=1))
    assert replayed(post(client)) == "true"
    kept.update(created_at=timezone.now() - day)
    assert replayed(post(client, body=BODY | {"price": "9.00"})) is None
    assert (shaves(), kept.count()) == (2, 1)


@pytest.mark.sweep
def test_a_key_that_is_no_key_is_refused(salon, api):
    client = api(salon.manager)
    for key in ("", "x" * 256, "x" * 10_240, "é", "\x00", "a\tb", "a\nb", "\x7f", "日本", "'; DROP TABLE users; --é"):
        answer = client.post("/services", BODY, HTTP_IDEMPOTENCY_KEY=key)
        assert fields(answer) == {"Idempotency-Key": "invalid"}, key
        assert shaves() == 0, key


@pytest.mark.sweep
def test_any_printable_ascii_is_a_key(salon, api):
    client = api(salon.manager)
    for key in ("x", "x" * 255, " ~ ", "'; DROP TABLE users; --", '{"a": 1}', "%00"):
        answers = [client.post("/services", BODY, HTTP_IDEMPOTENCY_KEY=key) for _ in range(2)]
        assert [replayed(answer) for answer in answers] == [None, "true"], key


@pytest.mark.sweep
def test_under_auth_and_outside_post_a_key_means_nothing(salon, api):
    client = api(salon.manager)
    secrets = {post(client, "/auth/tokens", {"name": "x"}).json()["token"] for _ in range(2)}
    assert len(secrets) == 2
    for _ in range(2):
        assert client.get("/services", headers={"Idempotency-Key": "é"}).status_code == 200
        answer = client.patch(f"/services/{salon.service.pk}", BODY, headers={"Idempotency-Key": "k"})
        assert (answer.status_code, replayed(answer)) == (200, None)
    assert problem(post(client, f"/services/{salon.service.pk}", {})) == (405, "method_not_allowed")
    assert IdempotencyKey.objects.count() == 0


def test_a_session_may_send_a_key_and_a_form_is_still_no_json(salon, client):
    client.force_login(salon.manager)
    headers = {"Idempotency-Key": "k"}
    answers = [client.post("/services", BODY, content_type="application/json", headers=headers) for _ in range(2)]
    assert [replayed(answer) for answer in answers] == [None, "true"]
    assert problem(client.post("/services", BODY, headers={"Idempotency-Key": "other"}))[0] == 415


def test_a_person_is_deleted_with_their_keys(salon, api):
    leaver = UserFactory(organization=salon.organization, role="manager")
    post(api(leaver))
    assert IdempotencyKey.objects.get().user == leaver
    assert api(salon.admin).delete(f"/users/{leaver.pk}").status_code == 204
    assert IdempotencyKey.objects.count() == 0


@pytest.mark.races
@pytest.mark.django_db(transaction=True)
def test_while_it_runs_the_same_key_is_told_to_wait(api, salon):
    client = api(salon.manager)

    def elsewhere():
        try:
            return post(client)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [f"idempotency:{salon.manager.pk}:k-1"])
        waiting = pool.submit(elsewhere).result()
    assert problem(waiting) == (409, "request_in_progress")
    assert waiting["Retry-After"] == "1"
    assert post(client).status_code == 201
    assert shaves() == 1
