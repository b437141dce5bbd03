"""Lists as files by a job: what is in them, whose they are, and what becomes of them."""

import csv
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from clientline.admin import exports
from clientline.privacy import personal_data
from clientline.reach import jobs, worker
from clientline.reach.files import reading, writing
from clientline.reach.files.models import ListFile, ListFilePart
from clientline.tests.pages import Page
from organizations.models import Audit

pytestmark = pytest.mark.django_db


@pytest.fixture
def few_at_once(monkeypatch):
    monkeypatch.setattr(writing, "AT_ONCE", 3)


def ask(client, listed="users", **filters):
    answer = client.post("/exports", {"list": listed, "filters": filters})
    assert answer.status_code == 202, answer.content
    return answer.json()


def write_all():
    """What a worker does, here and now."""
    for file in ListFile.objects.order_by("id"):
        writing.write_list(organization=file.organization_id, file=file.pk, by=file.created_by_id)


def read(answer):
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    content = b"".join(answer.streaming_content)
    assert int(answer["Content-Length"]) == len(content)
    return list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))


@pytest.mark.sweep
def test_a_list_becomes_a_file_by_api(salon, api, few_at_once):
    UserFactory.create_batch(7, organization=salon.organization, role="client")
    client = api(salon.manager)
    asked = ask(client, role="client")
    assert asked | {"id": "", "created_at": "", "expires_at": ""} == {
        "id": "",
        "list": "users",
        "filters": {"role": "client"},
        "status": "waiting",
        "rows": None,
        "done": 0,
        "created_at": "",
        "expires_at": "",
        "url": None,
    }
    path = f"/exports/{asked['id']}"
    assert client.get(f"{path}/file").status_code == 404
    write_all()
    told = client.get(path).json()
    assert (told["status"], told["rows"], told["done"]) == ("ready", 9, 9)
    assert told["url"] == f"http://testserver{path}/file"
    rows = read(client.get(f"{path}/file"))
    clients = User.objects.filter(organization=salon.organization, role="client").order_by("id")
    assert [int(row["id"]) for row in rows] == list(clients.values_list("id", flat=True))
    assert {row["role"] for row in rows} == {"client"}


def test_the_file_is_the_one_that_the_back_office_downloads(salon, api, client, few_at_once):
    client.force_login(salon.manager)
    asked = ask(api(salon.manager), "appointments")
    write_all()
    at_once = b"".join(client.get("/admin/appointments/appointment/export/").streaming_content)
    written = b"".join(api(salon.manager).get(f"/exports/{asked['id']}/file").streaming_content)
    assert sorted(written.splitlines()) == sorted(at_once.splitlines())  # one by id, the other by date
    assert written.startswith(b"\xef\xbb\xbfid,starts_at,")


@pytest.mark.sweep
def test_long_lists_lead_to_a_page_that_waits(salon, client, monkeypatch, few_at_once):
    monkeypatch.setattr(exports, "MOST_ROWS", 5)
    client.force_login(salon.admin)
    url = client.get("/admin/accounts/user/export/", {"q": "salon"})["Location"]
    page = client.get(url)
    assert 'http-equiv="refresh"' in page.content.decode()
    assert client.get("/admin/accounts/user/export/", {"q": "salon"})["Location"] == url  # asked twice
    assert client.get(f"{url}download/").status_code == 404
    write_all()
    page = client.get(url)
    assert 'http-equiv="refresh"' not in page.content.decode()
    (link,) = [link for link in Page(page).links if "download" in link]
    names = [row["name"] for row in read(client.get(link))]
    assert (len(names), names) == (6, sorted(names))


@pytest.mark.sweep
def test_operators_of_all_organizations_narrow_the_list(salon, clinic, operator, client, monkeypatch):
    monkeypatch.setattr(exports, "MOST_ROWS", 5)
    client.force_login(operator)
    answer = client.get("/admin/accounts/user/export/")
    assert answer["Location"].startswith("/admin/accounts/user/?")
    client.post(f"/admin/act/{salon.organization.pk}/")
    url = client.get("/admin/accounts/user/export/")["Location"]
    write_all()
    (link,) = [link for link in Page(client.get(url)).links if "download" in link]
    assert {row["name"].split()[0] for row in read(client.get(link))} == {"Salon"}


def test_operators_say_of_which_organization(salon, clinic, operator, api):
    answer = api(operator).post("/exports", {"list": "users"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "organization")
    body = {"list": "users", "organization": clinic.organization.pk}
    asked = api(operator).post("/exports", body).json()
    write_all()
    rows = read(api(operator).get(f"/exports/{asked['id']}/file"))
    assert {row["name"].split()[0] for row in rows} == {"Clinic"}


@pytest.mark.sweep
def test_what_is_no_list_is_refused(salon, api):
    admin = api(salon.admin)
    for body, field in (
        ({}, "list"),
        ({"list": "audit"}, "list"),
        ({"list": "users", "filters": {"nonsense": "1"}}, "nonsense"),
        ({"list": "users", "filters": {"role": "owner"}}, "role"),
        ({"list": "users", "filters": {"role": {}}}, "role"),
        ({"list": "users", "filters": {"limit": "5"}}, "limit"),
        ({"list": "users", "filters": []}, "filters"),
        ({"list": "users", "organization": 0}, "organization"),
        ({"list": "users", "columns": []}, "columns"),
    ):
        answer = admin.post("/exports", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"].split(".")[-1]) == (400, field), body
    assert not ListFile.objects.exists()


@pytest.mark.sweep
def test_only_who_asked_has_the_file(salon, clinic, api, client):
    asked = ask(api(salon.manager))
    write_all()
    for other in (salon.admin, clinic.manager):
        for path in ("", "/file"):
            assert api(other).get(f"/exports/{asked['id']}{path}").status_code == 404
        client.force_login(other)
        assert client.get(f"/admin/files/{asked['id']}/").status_code == 404
    for other in (salon.staff, salon.client):
        assert api(other).post("/exports", {"list": "users"}).status_code == 403
        assert api(other).get(f"/exports/{asked['id']}/file").status_code == 403
    assert api().get(f"/exports/{asked['id']}/file").status_code == 401


def test_who_may_not_any_more_gets_nothing(salon, api):
    manager = UserFactory(organization=salon.organization, role="manager")
    asked = ask(api(manager))
    User.objects.filter(pk=manager.pk).update(role="staff")
    write_all()
    assert ListFile.objects.get().state == "failed"
    User.objects.filter(pk=manager.pk).update(role="manager")
    client = api(manager, anew=True)  # another role ends the token
    assert client.get(f"/exports/{asked['id']}").json()["status"] == "failed"
    assert client.get(f"/exports/{asked['id']}/file").status_code == 404


def test_nothing_of_another_organization_is_in_it_and_the_audit_says_who_took_how_much(salon, clinic, api):
    asked = ask(api(salon.admin))
    ask(api(clinic.admin), "appointments")
    write_all()
    rows = read(api(salon.admin).get(f"/exports/{asked['id']}/file"))
    assert {row["name"].split()[0] for row in rows} == {"Salon"}
    entry = Audit.objects.get(action="export", organization=salon.organization)
    assert (entry.actor, entry.table) == (salon.admin, "users")
    assert entry.changes == {"rows": [None, "6"]}


@pytest.mark.sweep
def test_a_worker_that_died_is_followed_by_one_that_goes_on(salon, api, few_at_once, monkeypatch):
    UserFactory.create_batch(10, organization=salon.organization)
    asked = ask(api(salon.manager))
    file = ListFile.objects.get()
    write_part, left = writing._write_part, [2]

    def die(*arguments):
        if not left[0]:
            raise SystemExit
        left[0] -= 1
        return write_part(*arguments)

    monkeypatch.setattr(writing, "_write_part", die)
    with pytest.raises(SystemExit):
        write_all()
    file.refresh_from_db()
    assert (file.state, file.done) == ("writing", 6)
    written = dict(ListFilePart.objects.exclude(content=None).values_list("number", "content"))
    monkeypatch.setattr(writing, "_write_part", write_part)
    write_all()
    assert dict(ListFilePart.objects.filter(number__in=written).values_list("number", "content")) == written
    ids = [int(row["id"]) for row in read(api(salon.manager).get(f"/exports/{asked['id']}/file"))]
    assert ids == sorted(User.objects.filter(organization=salon.organization).values_list("id", flat=True))


def test_rows_that_went_meanwhile_are_left_out(salon, api, few_at_once, monkeypatch):
    gone = UserFactory(organization=salon.organization)
    asked = ask(api(salon.manager))
    file = ListFile.objects.get()
    writing._begin(salon.organization.pk, file.pk, salon.manager)
    gone.delete()
    write_all()
    rows = read(api(salon.manager).get(f"/exports/{asked['id']}/file"))
    assert (len(rows), ListFile.objects.get().rows) == (6, 7)


@pytest.mark.sweep
def test_a_file_goes_after_some_hours_and_when_somebody_is_erased(salon, clinic, api):
    ask(api(clinic.manager))
    asked = ask(api(salon.manager))
    write_all()
    personal_data.erase(by=salon.admin, client=salon.client, now=timezone.now())
    assert ListFile.objects.get().organization_id == clinic.organization.pk
    assert api(salon.manager).get(f"/exports/{asked['id']}").status_code == 404
    ListFile.objects.update(created_at=timezone.now() - reading.KEPT - timedelta(seconds=1))
    reading.forget_files()
    assert not ListFilePart.objects.exists()


def test_what_is_deleted_while_it_is_written_ends_there(salon, api):
    asked = ask(api(salon.manager))
    assert api(salon.manager).delete(f"/exports/{asked['id']}").status_code == 204
    jobs_left = SimpleNamespace(organization=salon.organization.pk, file=1, by=salon.manager.pk)
    assert writing.write_list(**vars(jobs_left)) is None


@pytest.mark.sweep
def test_nobody_keeps_more_than_some(salon, api):
    client = api(salon.manager)
    files = [ask(client, role=role)["id"] for role in ("admin", "manager", "staff", "client")]
    files += [ask(client)["id"], ask(client, "services")["id"]]
    assert len(set(files)) == 6
    assert [client.get(f"/exports/{key}").status_code for key in files] == [404, 200, 200, 200, 200, 200]


@pytest.mark.django_db(transaction=True)
def test_a_worker_writes_it(salon, api):
    asked = ask(api(salon.manager))
    worker.work(once=True)
    assert api(salon.manager).get(f"/exports/{asked['id']}").json()["status"] == "ready"


def test_a_list_of_nothing_is_its_headings(salon, api):
    asked = ask(api(salon.manager), "payments", status="failed")
    write_all()
    assert read(api(salon.manager).get(f"/exports/{asked['id']}/file")) == []
    assert jobs.ROUNDS  # forgetting is one of them
