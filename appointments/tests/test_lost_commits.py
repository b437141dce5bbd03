"""A COMMIT whose answer is lost: neither "done" nor "nothing was changed", and repeated with its key done once."""

import os
import signal
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener

import pytest
from django.db import connection

from accounts.tests.factories import PASSWORD
from appointments.tests.factories import days_ahead
from appointments.tests.load import CALLERS, IN_A_HOUSE, as_problem, wait_until
from appointments.tests.test_crashes import PASSING, UNKNOWN_WITH_KEY
from clientline.backoffice.once import SENT_BEFORE
from clientline.command_line import run
from clientline.postgres.backend import patience
from clientline.postgres.backend.outcomes import leaves_doubt
from clientline.tests.pages import typed

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]
UNKNOWN = (503, "outcome_unknown", None)
FORESEEN = {"done", PASSING, UNKNOWN}
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
STOPS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)  # a fast restart, an immediate one, and a crash


@pytest.fixture
def postgresql(house):
    """A superuser's connection whose own commits wait for nobody."""
    with house.connect("postgres", autocommit=True) as connection:
        connection.execute("SET synchronous_commit = local")
        yield connection


@contextmanager
def no_standby(postgresql):
    """Every COMMIT saves and then waits for a standby that never comes."""
    postgresql.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    postgresql.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        postgresql.execute("ALTER SYSTEM RESET synchronous_standby_names")
        postgresql.execute("SELECT pg_reload_conf()")


def end_wait(postgresql, how):
    """Let pg_terminate_backend or pg_cancel_backend end the first COMMIT that waits."""
    wait_until(lambda: postgresql.execute(WAITING).fetchone())
    postgresql.execute(f"SELECT {how}(({WAITING} LIMIT 1))")


def lose_commit(postgresql, send, how="pg_terminate_backend"):
    """What `send()` gives when its COMMIT is saved and its answer lost."""
    with no_standby(postgresql), ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send)
        end_wait(postgresql, how)
        return answer.result()


@pytest.fixture
def visit(house, server):
    start = days_ahead(20).isoformat()
    booked = server.call("POST", "/appointments", token=house.token, body=house.visit | {"appointment_date": start})
    yield booked.body["id"]
    server.call("POST", f"/appointments/{booked.body['id']}/cancel", token=house.token, body={"reason": "of a test"})


def pay(house, server, visit, **headers):
    body = {"appointment": visit, "amount": "1.00", "payment_method": "cash", "allow_overpayment": True}
    return server.call("POST", "/payments", token=house.token, body=body | headers.pop("body", {}), **headers)


def payments_of(postgresql, visit):
    return postgresql.execute("SELECT count(*) FROM payments WHERE appointment_id = %s", [visit]).fetchone()[0]


@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
def test_a_payment_whose_commit_was_lost_is_told_apart_and_with_its_key_made_once(
    house, server, postgresql, visit, how
):
    key = {"Idempotency_Key": f"lost by {how}"}
    before, so_far = payments_of(postgresql, visit), len(server.output)
    lost = lose_commit(postgresql, lambda: pay(house, server, visit, **key), how)
    assert as_problem(lost) == UNKNOWN_WITH_KEY
    assert "Look before" in lost.body["detail"]
    assert "Traceback" not in server.output[so_far:]
    again = pay(house, server, visit, **key)
    assert (again.status, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert payments_of(postgresql, visit) == before + 1


def rename(house, server, name):
    return server.call("PATCH", f"/services/{house.service}", token=house.token, body={"name": name})


def test_an_answer_that_is_on_one_machine_alone_is_not_given_again(house, server, postgresql, visit):
    """Whoever repeats as told meets the row of the first time, which the standby never had."""
    key = {"Idempotency_Key": "on one machine"}
    for _ in range(2):
        lost = lose_commit(postgresql, lambda: pay(house, server, visit, **key), "pg_cancel_backend")
        assert as_problem(lost) == UNKNOWN_WITH_KEY
    assert pay(house, server, visit, **key).headers["Idempotent-Replayed"] == "true"
    assert payments_of(postgresql, visit) == 1


def test_what_need_not_be_changed_again_is_not_known_to_last_either(house, server, postgresql):
    for _ in range(2):
        lost = lose_commit(postgresql, lambda: rename(house, server, "On one machine"), "pg_cancel_backend")
        assert as_problem(lost) == UNKNOWN
    assert rename(house, server, "On one machine").status == 200


def test_without_a_key_nothing_asks_to_send_it_again(house, server, postgresql, visit):
    assert as_problem(lose_commit(postgresql, lambda: pay(house, server, visit))) == UNKNOWN
    assert payments_of(postgresql, visit) == 1


def test_of_two_transactions_the_first_one_is_told_as_well(house, server, postgresql, visit):
    online = {"body": {"payment_method": "online"}, "Idempotency_Key": "online, lost"}
    lost = lose_commit(postgresql, lambda: pay(house, server, visit, **online))
    assert as_problem(lost) == UNKNOWN_WITH_KEY
    assert payments_of(postgresql, visit) == 1


def test_a_statement_that_ends_itself_is_told_like_a_commit(house, server, postgresql):
    body = {"email": "admin@salon.example", "password": "not the right one"}
    lost = lose_commit(postgresql, lambda: server.call("POST", "/auth/login", body=body))
    assert as_problem(lost) == UNKNOWN


def test_a_commit_that_waits_for_a_standby_is_given_up(house, postgresql):
    limited, heard = patience.Patience(), []
    limited.start(longest=0.1)
    with no_standby(postgresql), house.connect("postgres") as connection:
        connection.add_notice_handler(lambda notice: heard.append(leaves_doubt(notice)))
        connection.execute("UPDATE organizations SET name = name")
        with limited.limit(connection):
            connection.commit()
        assert connection.execute("SELECT pg_sleep(1)").fetchone() == ("",)  # what comes next is not canceled
        connection.rollback()
    assert heard == [True]
    assert not limited.running


def add_service(house, server, name):
    return server.call("POST", "/services", token=house.token, body={"name": name})


@pytest.mark.whole
def test_a_standby_that_is_gone_holds_nobody_for_longer_than_a_statement_may_take(house, server, postgresql):
    """PostgreSQL's own limit ends before the wait: of itself, it would last until the standby is back.

    Services share no row: a second payment would wait for the first one's receipt number, and be refused sooner.
    """
    callers = 2 * 4 + 1  # one more than the two workers have threads
    with no_standby(postgresql), ThreadPoolExecutor(callers) as pool:
        wait_until(lambda: postgresql.execute("SHOW synchronous_standby_names").fetchone() == ("nobody",))
        began = time.monotonic()
        names = [f"In vain {number}" for number in range(callers)]
        answers = list(pool.map(lambda name: as_problem(add_service(house, server, name)), names))
        took = time.monotonic() - began
        read = server.call("GET", "/services", token=house.token)
    assert (answers, read.status) == ([UNKNOWN] * callers, 200)
    assert patience.LONGEST < took < 3 * patience.LONGEST
    assert {service["name"] for service in read.body["results"]} >= {*names}


class Browser:
    """Somebody at the admin, with cookies; whatever the status, pages are answered."""

    def __init__(self, server):
        self.address = f"http://127.0.0.1:{server.port}"
        self.opener = build_opener(HTTPCookieProcessor())
        self.send("/admin/login/", {"username": "admin@salon.example", "password": PASSWORD})

    def open(self, path, data=None):
        try:
            answer = self.opener.open(self.address + path, data and urlencode(data, doseq=True).encode())
        except HTTPError as refusal:
            answer = refusal
        return SimpleNamespace(status=answer.status, url=answer.url, content=answer.read())

    def send(self, path, values):
        """What the form at this path says to these values, and what was sent."""
        sent = typed(self.open(path), **values)
        return self.open(path, sent), sent


# test_error_pages.py asks for the page, test_sent_again.py what a form does that comes again.
@pytest.mark.whole
def test_a_form_of_the_admin_says_so_and_is_done_once(house, server, postgresql, visit):
    browser, path = Browser(server), f"/admin/appointments/appointment/{visit}/payment/"
    values = {"amount": "1.00", "payment_method": "cash", "completed": "on", "allow_overpayment": "on"}
    lost, sent = lose_commit(postgresql, lambda: browser.send(path, values))
    assert lost.status == 503
    assert "Perhaps this was saved, perhaps not" in lost.content.decode()
    again = browser.open(path, sent)
    assert (again.status, again.url) == (200, f"{browser.address}/admin/appointments/appointment/{visit}/change/")
    assert str(SENT_BEFORE) in again.content.decode()
    assert payments_of(postgresql, visit) == 1


@pytest.fixture
def here(house, monkeypatch, django_db_blocker):
    """Connections of this process go to the house."""
    connection.close()
    for key, value in (IN_A_HOUSE | {"EMBEDDED_DATA": house.cluster.data}).items():
        monkeypatch.setitem(connection.settings_dict, key, value)
    with django_db_blocker.unblock():
        yield


def test_a_command_says_that_it_may_have_saved(here, postgresql):
    def create():
        command = ["create_organization", "--name=Lost", "--email=lost@x.example", "--admin-email=a@lost.example"]
        with pytest.raises(SystemExit) as ended:
            run(["manage.py", *command])
        return ended.value.code

    lost = lose_commit(postgresql, create)
    assert lost.endswith("It may be saved or not: look before you repeat it.")
    assert postgresql.execute("SELECT count(*) FROM organizations WHERE name = 'Lost'").fetchone() == (1,)


def write_on(house, server, over, told):
    """Add one service after the other, without keys, and note what each was answered."""
    while not over.is_set():
        name = f"write {next(house.slots)}"
        answer = server.call("POST", "/services", token=house.token, body={"name": name})
        told[name] = "done" if answer.status == 201 else as_problem(answer)
        time.sleep(0 if answer.status == 201 else 0.1)


def restart(house, signal_number):
    """End the server in its way; whoever asks next starts it again."""
    postmaster = house.cluster.status().pid
    os.kill(postmaster, signal_number)
    wait_until(lambda: house.cluster.status().pid not in (None, postmaster))


@pytest.mark.parametrize("run", [1, *(pytest.param(run, marks=pytest.mark.whole) for run in range(2, 11))])
def test_three_restarts_under_eight_writers_leave_what_was_answered(house, server, everything, run):
    over, told = threading.Event(), {}

    def have_done(aim):
        """Or else failed, of which the end of the test tells."""
        answers = list(told.values())
        failed = set(answers) - FORESEEN or any(writer.done() for writer in writers)
        return failed or answers.count("done") >= aim

    with ThreadPoolExecutor(CALLERS) as pool:
        writers = [pool.submit(write_on, house, server, over, told) for _ in range(CALLERS)]
        try:
            # A crash under load is in test_crashes.py, too.
            for signal_number in STOPS if everything else STOPS[:1]:
                aim = list(told.values()).count("done") + CALLERS
                wait_until(partial(have_done, aim))
                restart(house, signal_number)
        finally:
            over.set()
        for writer in writers:
            writer.result()

    sys.stdout.write(f"{Counter(told.values())}\n")
    with house.connect() as connection:
        rows = dict(connection.execute("SELECT name, count(*) FROM services WHERE name LIKE 'write %' GROUP BY name"))
    counts = {answer: {rows.get(name, 0) for name in told if told[name] == answer} for answer in set(told.values())}
    assert set(told.values()) <= FORESEEN
    assert counts["done"] == {1}
    assert counts.get(PASSING, set()) <= {0}
    assert counts.get(UNKNOWN, set()) <= {0, 1}
