"""An organization moves to another cluster, while its people work on; nothing is lost, and it has one home."""

import re
import subprocess
import sys
import tempfile
from datetime import timedelta

import pytest

from appointments.tests.load import FIRST_SLOT, ONCE_EACH
from clientline.cells.tests.moving import FollowingLoad, open_cells
from clientline.database.sequences import STRIDE

# test_one_move.py asks the same of one move without callers, test_homes.py what these are told.
pytestmark = [pytest.mark.whole, pytest.mark.faults, pytest.mark.xdist_group("moving")]
LONGEST_FREEZE = 3 * 1.0  # seconds: three times what is promised, as the machine may be busy
REFUSALS = {"moving", "moved", "request_in_progress", "unavailable"}


@pytest.fixture(scope="module")
def cells():
    with tempfile.TemporaryDirectory(prefix="clientline-") as first, tempfile.TemporaryDirectory(prefix="c") as second:
        old, new = open_cells(first, second)
        try:
            yield old, new
        finally:
            old.close()
            new.close()


def move(old, new, *options):
    return old.manage("move_organization", old.organization, "--to", new.superuser_url, *options)


def explain(old, new, *options):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        old.begin_and_wait("move_organization", old.organization, "--to", new.superuser_url, *options)
    return failed.value.output


def assert_nothing_is_lost(load, house):
    assert load.failures == []
    effects = house.effects()
    assert {key: effects.get(key) for key in load.done} == dict.fromkeys(load.done, ONCE_EACH)
    assert {key for key, counts in effects.items() if counts != ONCE_EACH} <= set(load.tried) - set(load.done)
    assert {code for _, code, _ in load.refusals} <= REFUSALS
    assert "broken" not in house.manage("check_invariants")


def test_what_stands_in_the_way_is_named_and_changes_nothing(cells):
    old, new = cells
    new.ask("INSERT INTO organizations (name, email) VALUES ('Other', 'office@salon.example')")
    said = explain(old, new, "--dry-run")
    assert "It cannot move:" in said
    assert re.search(r"Taken at .*: office@salon\.example \(organizations\.email\)", said)
    assert (old.read_state(), new.read_state()) == (None, None)
    new.ask("DELETE FROM organizations")
    assert "Nothing stands in the way." in move(old, new, "--dry-run")


def test_it_moves_under_load_and_comes_back_with_what_happened_since(cells):
    old, new = cells
    with FollowingLoad(old, new) as load:
        said = move(old, new)
        load.wait_for_bookings(20)
    assert (load.failures, load.server) == ([], new.server)
    assert float(re.search(r"Nothing could be changed for (\d+\.\d+) s", said)[1]) < LONGEST_FREEZE
    assert_nothing_is_lost(load, new)
    assert (old.read_state(), new.read_state()) == ("moved", "arrived")
    assert {row % STRIDE for (row,) in new.ask("SELECT id FROM appointments WHERE notes LIKE 'key %'")} == {1, 2}

    assert_the_same_key_has_one_effect(load)
    for path in ("/appointments", "/auth/me"):
        told = old.server.call("GET", path, token=old.token)
        assert (told.status, told.body["code"], told.body["address"]) == (421, "moved", new.address)
        assert told.headers["Location"] == new.address + path
        assert new.server.call("GET", path, token=old.token).status == 200

    with FollowingLoad(new, old) as load:
        assert "It is at home here, as before." in move(old, new, "--undo")
        load.wait_for_bookings(20)
    assert (load.failures, load.server) == ([], old.server)
    assert_nothing_is_lost(load, old)
    assert (old.read_state(), new.read_state()) == (None, None)
    assert new.ask("SELECT count(*) FROM appointments") == [(0,)]
    assert_nothing_is_left(old, new)


def assert_the_same_key_has_one_effect(load):
    """Answered at the old home, and sent again at the new one."""
    key = load.done[0]
    start = FIRST_SLOT + timedelta(minutes=30) * int(key.split()[1])
    visit = load.house.visit | {"appointment_date": start.isoformat(), "notes": key}
    answer = load.send("/appointments", visit, key)
    assert (answer.status, answer.headers["Idempotent-Replayed"]) == (201, "true")


def assert_nothing_is_left(*houses):
    for house in houses:
        for left in ("pg_publication", "pg_subscription", "pg_replication_slots", "relocations", "relocated_rows"):
            assert house.ask(f"SELECT count(*) FROM {left}") == [(0,)], left
        assert house.ask("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'a_guard_%'") == [(0,)]
        assert house.ask("SELECT count(*) FROM pg_class WHERE relreplident = 'f'") == [(0,)]


# What the command says as it begins each step: it is killed there, and called again.
POINTS = [
    "Guarding",
    "Publishing",
    "Copying",
    "Comparing all",
    "Following",
    "Preparing",
    "Freezing",
    "Comparing 0",
    "Deciding",
    "Telling",
    "Turning",
]
POINTS_OF_UNDO = ["Comparing all", "Freezing", "Deciding", "Ending", "Deleting"]


def list_homes(*houses):
    """Those whose database says that it is the organization's home: decided by who has arrived."""
    states = [house.read_state() for house in houses]
    has = [house.ask("SELECT count(*) FROM organizations") == [(1,)] for house in houses]
    homes = []
    for number, house in enumerate(houses):
        is_open = states[number] in (None, "leaving", "arrived")
        is_frozen = states[number] == "frozen" and states[1 - number] != "arrived"
        if has[number] and (is_open or is_frozen):
            homes.append(house)
    return homes


def kill_at(point, old, new, *options):
    """Whether it got there."""
    with old.begin("move_organization", old.organization, "--to", new.superuser_url, *options) as program:
        for line in program.stdout:
            if line.startswith(point):
                program.kill()
                return True
        return False


def test_killed_at_any_point_it_has_one_home_and_goes_on(cells):
    old, new = cells
    for point in POINTS:
        if old.read_state() == "moved" and point not in ("Telling", "Turning"):
            move(old, new, "--undo")
        assert kill_at(point, old, new), point
        assert len(list_homes(old, new)) == 1, point
    move(old, new)
    assert list_homes(old, new) == [new]
    for point in POINTS_OF_UNDO:
        if old.read_state() is None:
            move(old, new)
        assert kill_at(point, old, new, "--undo"), point
        assert len(list_homes(old, new)) == 1, point
    move(old, new, "--undo")
    assert list_homes(old, new) == [old]
    assert_nothing_is_left(old, new)
    assert "broken" not in old.manage("check_invariants")


MANY = 200_000
FILL = """
INSERT INTO appointments ({columns}) SELECT {values}
FROM appointments one, generate_series(1, %s) AS number (n) WHERE one.id = (SELECT min(id) FROM appointments)
"""
SHIFTED = {"appointment_date", "ends_at", "busy_from", "busy_until", "local_start"}


def fill(house, visits):
    """Add visits of the years that are over."""
    rows = house.ask("SELECT attname FROM pg_attribute WHERE attrelid = 'appointments'::regclass AND attnum > 1")
    columns = [name for (name,) in rows if not name.startswith(".") and name != "calendar_uid"]
    values = [
        f"one.{name} - interval '5 years' - n * interval '30 minutes'" if name in SHIFTED else f'one."{name}"'
        for name in columns
    ]
    quoted = ", ".join(f'"{name}"' for name in columns)
    with house.connect(user="clientline") as connection:
        connection.execute("SELECT set_config('clientline.audit', 'off', true)")
        connection.execute(FILL.format(columns=quoted, values=", ".join(values)), [visits])
        connection.execute("UPDATE appointments SET status = 'completed' WHERE ends_at < now()")
    house.ask("VACUUM ANALYZE appointments")


def test_many_visits_move_under_eight_writers_frozen_for_less_than_a_second(cells):
    old, new = cells
    fill(old, MANY)
    with FollowingLoad(old, new, rest=0) as load:
        said = move(old, new)
        load.wait_for_bookings(50)
    sys.stdout.write(said)
    assert float(re.search(r"Nothing could be changed for (\d+\.\d+) s", said)[1]) < LONGEST_FREEZE
    assert_nothing_is_lost(load, new)
    assert new.ask("SELECT count(*) FROM appointments WHERE ends_at < now()") == [(MANY,)]
    assert "Nothing of it is left here." in move(old, new, "--forget")
    assert_nothing_is_left(old, new)
    assert old.ask("SELECT count(*) FROM appointments") == [(0,)]
    assert new.server.call("GET", "/auth/me", token=old.token).status == 200
