"""Lists as files are read from a replica where there is one, and the audit says as of when."""

import csv
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.db import connection
from django.utils import timezone

from clientline.admin import exports
from clientline.reach import worker
from clientline.reach.files import writing
from clientline.reach.files.models import ListFile
from organizations.models import Audit
from organizations.replica import TooFarBehind

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked_there(with_replica, monkeypatch):
    """For each part of a file that was written, whether it was read where nothing can be written."""
    found, write_rows = [], exports.ExportMixin.write_rows

    def look(self, *arguments):
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('transaction_read_only') = 'on'")
            found.append(cursor.fetchone()[0])
        return write_rows(self, *arguments)

    monkeypatch.setattr(exports.ExportMixin, "write_rows", look)
    return found


def read_names(answer):
    return [row["name"] for row in csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))]


def read_audit():
    """The facts of the one export, of which the moment is now."""
    changes = Audit.objects.get(action="export").changes
    if "as_of" in changes:
        as_of = datetime.fromisoformat(changes.pop("as_of")[1])
        assert timezone.now() - as_of < timedelta(minutes=1)
        return changes, True
    return changes, False


@pytest.mark.parametrize("is_there", [True, False])
def test_the_list_of_a_page(salon, client, settings, asked_there, is_there):
    if not is_there:
        settings.DATABASE_REPLICA = {}
    client.force_login(salon.manager)
    names = read_names(client.get("/admin/accounts/user/export/", {"role__exact": "staff"}))
    assert names == ["Salon colleague", "Salon staff"]
    assert (asked_there, read_audit()) == ([is_there], ({"rows": [None, "2"]}, is_there))


def test_a_wrong_address_and_too_many_rows_are_told_as_ever(salon, operator, client, with_replica, monkeypatch):
    client.force_login(operator)
    answer = client.get("/admin/accounts/user/export/", {"is_active__exact": "x"})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/accounts/user/?e=1")
    monkeypatch.setattr(exports, "MOST_ROWS", 1)
    assert client.get("/admin/accounts/user/export/")["Location"] == "/admin/accounts/user/?"


def test_the_file_of_a_report(salon, client, with_replica):
    client.force_login(salon.manager)
    assert client.get("/admin/reports/csv/").status_code == 200
    changes, is_as_of = read_audit()
    assert (changes["report"][1].partition("-")[0], is_as_of) == ("revenue", True)


def write_by_a_job(api, salon, monkeypatch):
    monkeypatch.setattr(writing, "AT_ONCE", 4)
    key = api(salon.manager).post("/exports", {"list": "users"}).json()["id"]
    worker.work(once=True)
    return read_names(api(salon.manager).get(f"/exports/{key}/file"))


@pytest.mark.sweep
def test_the_file_of_a_job_part_by_part(salon, api, asked_there, monkeypatch):
    assert len(write_by_a_job(api, salon, monkeypatch)) == 6
    assert (asked_there, read_audit()) == ([True, True], ({"rows": [None, "6"]}, True))


def test_one_that_does_not_know_of_the_file_is_passed_by(salon, api, with_replica):
    """Rows that were counted might be missing there as well. Here the primary is the replica."""
    api(salon.manager).post("/exports", {"list": "users"})
    file = ListFile.objects.get()
    reader = writing._begin(file.organization_id, file.pk, salon.manager)
    assert writing._read_lines(reader, [salon.staff.pk]).startswith(str(salon.staff.pk).encode())
    ListFile.objects.update(rows=None)
    with pytest.raises(TooFarBehind):
        writing._read_lines(reader, [salon.staff.pk])
