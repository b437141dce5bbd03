"""A job is a row of the transaction that wants it: it vanishes and lasts with it, and somebody does it."""

import os
import signal
import time

import pytest
from django.db import OperationalError, ProgrammingError, connection, transaction
from django.utils import timezone
from procrastinate.exceptions import TaskNotFound

from clientline.postgres.tests.test_pooler import PROGRAM, Pooler
from clientline.reach import jobs, queue, worker
from clientline.tests.copies import start_copy
from organizations.models import Organization
from organizations.relocations import Relocation
from organizations.tenancy import confine_transaction

pytestmark = pytest.mark.django_db


@jobs.task(retries=0)
def rename(*, organization):
    with jobs.confined(organization):
        Organization.objects.filter(pk=organization).update(phone="done")


@jobs.task(retries=0, of_organization=False)
def rename_later(*, organization):
    rename(organization=organization)


@jobs.task(retries=0)
def look_around(*, organization):
    Organization.objects.count()


@jobs.task(retries=3)
def stumble(*, organization):
    raise ValueError("not yet")


@jobs.task(retries=0)
def linger(*, organization):
    """The first time it begins and does not come to an end; the second time it does."""
    with jobs.confined(organization):
        found = Organization.objects.get(pk=organization)
        said = "done" if found.phone == "begun" else "begun"
        Organization.objects.filter(pk=organization).update(phone=said)
    if said == "begun":
        time.sleep(60)


def waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, status::text, args FROM procrastinate_jobs ORDER BY id")
        return cursor.fetchall()


class Changed(Exception):
    """Somebody thought better of it."""


@pytest.mark.sweep
def test_a_job_vanishes_with_the_transaction_that_wanted_it(salon):
    with pytest.raises(Changed), transaction.atomic():
        jobs.defer(rename, organization=salon.organization.pk)
        assert len(waiting()) == 1
        raise Changed
    assert waiting() == []


def test_requests_add_jobs_and_see_none(salon):
    with transaction.atomic():
        confine_transaction(organization_id=salon.organization.pk)
        assert jobs.defer(rename, at=timezone.now(), organization=salon.organization.pk)
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            waiting()
        confine_transaction(organization_id=None, operator=True)
    assert [name for name, _, _ in waiting()] == ["rename"]


def test_a_taken_lock_leaves_the_callers_transaction_whole(salon):
    """procrastinate's own INSERT would abort it."""
    with transaction.atomic():
        assert jobs.defer(rename, queueing_lock="one", organization=salon.organization.pk)
        assert not jobs.defer(rename, queueing_lock="one", organization=salon.organization.pk)
        assert jobs.defer(rename, queueing_lock="other", organization=salon.organization.pk)
    assert len(waiting()) == 2


def test_nobody_defers_what_nobody_does(salon):
    def unknown():
        raise NotImplementedError

    with pytest.raises(TaskNotFound, match="cannot be imported"):
        jobs.defer(unknown, organization=salon.organization.pk)


def run_worker_once():
    worker.work(once=True)


@pytest.mark.django_db(transaction=True)
def test_a_worker_does_what_waits_and_forgets_it(salon):
    jobs.defer(rename, organization=salon.organization.pk)
    run_worker_once()
    salon.organization.refresh_from_db()
    assert (salon.organization.phone, waiting()) == ("done", [])


@pytest.mark.django_db(transaction=True)
def test_a_job_reads_nothing_before_it_is_confined(salon, caplog):
    jobs.defer(look_around, organization=salon.organization.pk)
    run_worker_once()
    assert [status for _, status, _ in waiting()] == ["failed"]
    assert "Unconfined" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_fails_is_tried_again_later(salon, caplog):
    jobs.defer(stumble, organization=salon.organization.pk)
    run_worker_once()
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text, attempts, scheduled_at - now() FROM procrastinate_jobs")
        ((status, attempts, wait),) = cursor.fetchall()
    assert (status, attempts) == ("todo", 1)
    assert 0 < wait.total_seconds() <= 3


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_worker_was_doing_is_put_back(salon):
    jobs.defer(rename, organization=salon.organization.pk)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id")
        (number,) = cursor.fetchone()
        cursor.execute("SELECT id FROM procrastinate_fetch_job_v2(NULL, %s)", [number])
        queue.rescue_stalled()
        assert [status for _, status, _ in waiting()] == ["doing"]  # it may live
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")
        queue.rescue_stalled()
    assert [status for _, status, _ in waiting()] == ["todo"]


def test_the_queue_is_measured(salon):
    assert queue.measure_queue() == {"jobs_waiting": 0, "jobs_oldest_seconds": 0, "jobs_failed": 0}
    with connection.cursor() as cursor:
        for status in ("todo", "failed", "doing"):
            jobs.defer(rename, organization=salon.organization.pk)
            cursor.execute(
                "UPDATE procrastinate_jobs SET status = %s::procrastinate_job_status"
                " WHERE id = (SELECT max(id) FROM procrastinate_jobs)",
                [status],
            )
        jobs.defer(rename, at=timezone.now() + timezone.timedelta(days=1), organization=salon.organization.pk)
        cursor.execute("UPDATE procrastinate_events SET at = now() - interval '1 minute'")
    assert queue.measure_queue() == {"jobs_waiting": 1, "jobs_oldest_seconds": 60, "jobs_failed": 1}


def test_behind_a_pooler_a_worker_polls(monkeypatch):
    assert worker.can_listen()
    monkeypatch.setitem(connection.settings_dict, "POOLER", "transaction")
    assert not worker.can_listen()


def test_a_worker_looks_on_another_connection_once_the_database_has_closed_one(transactional_db):
    connection.ensure_connection()
    connection.connection.close()
    with pytest.raises(OperationalError):
        worker.choose_options()
    assert worker.choose_options()["listen_notify"]
    assert connection.connection is None


def wait_for_phone(organization, phone):
    deadline = time.monotonic() + 60
    while Organization.objects.get(pk=organization.pk).phone != phone:
        assert time.monotonic() < deadline, f"nobody wrote {phone!r}"
        time.sleep(0.02)


def die_after_commit(organization):
    with transaction.atomic():
        jobs.defer(rename, organization=organization)
        transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_committed_job_is_done_though_its_process_died_right_after(salon):
    process = start_copy(die_after_commit, salon.organization.pk)
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert [status for _, status, _ in waiting()] == ["todo"]
    run_worker_once()
    salon.organization.refresh_from_db()
    assert salon.organization.phone == "done"


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_what_a_killed_worker_was_doing_is_done_by_another(salon):
    jobs.defer(linger, organization=salon.organization.pk)
    process = start_copy(worker.work)
    wait_for_phone(salon.organization, "begun")
    process.kill()
    process.join()
    run_worker_once()
    assert [status for _, status, _ in waiting()] == ["doing"]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '31 seconds'")
    run_worker_once()
    salon.organization.refresh_from_db()
    assert (salon.organization.phone, waiting()) == ("done", [])


def work_behind(port):
    connection.settings_dict |= {"HOST": "127.0.0.1", "PORT": port, "EMBEDDED_DATA": None}
    worker.LOOKED_FOR_EVERY = 3600  # of who is told of new jobs, which a pooler does not pass on
    worker.work()


@pytest.mark.faults
@pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed: apt install pgbouncer")
@pytest.mark.django_db(transaction=True)
def test_behind_pgbouncer_jobs_are_done_as_they_come(salon, tmp_path):
    with Pooler(tmp_path) as pooler:
        process = start_copy(work_behind, pooler.port)
        try:
            for phone in ("one", "two"):  # the second comes when the worker is at rest
                Organization.objects.filter(pk=salon.organization.pk).update(phone=phone)
                jobs.defer(rename, organization=salon.organization.pk)
                wait_for_phone(salon.organization, "done")
        finally:
            process.terminate()
            process.join(30)
        assert process.exitcode == 0


@pytest.mark.faults
@pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed: apt install pgbouncer")
@pytest.mark.django_db(transaction=True)
def test_who_is_told_to_stop_stops_though_the_database_goes_away_meanwhile(salon, tmp_path):
    with Pooler(tmp_path) as pooler:
        process = start_copy(work_behind, pooler.port)
        jobs.defer(rename, organization=salon.organization.pk)
        wait_for_phone(salon.organization, "done")
        os.kill(process.pid, signal.SIGSTOP)  # so that it meets both at once
    process.terminate()
    os.kill(process.pid, signal.SIGCONT)
    process.join(30)
    assert process.exitcode == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", [rename, rename_later])
def test_jobs_of_who_has_moved_are_left_out_and_do_not_fail(salon, kind):
    """They went along: nobody has to look at them here."""
    jobs.defer(kind, organization=salon.organization.pk)
    Relocation.objects.create(organization=salon.organization.pk, state="moved", address="https://two.example")
    worker.work(once=True)
    assert waiting() == []
    salon.organization.refresh_from_db()
    assert salon.organization.phone == ""
