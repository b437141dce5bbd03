"""One organization moves to another server and back, in this process: what test_moving.py asks under load and kills."""

import re
from io import StringIO
from unittest.mock import Mock

import psycopg
import pytest
from django.core.management import CommandError, call_command

from clientline.cells.moving import Move
from clientline.cells.refusals import MoveRefused
from clientline.cells.tests.ends import ADD_SERVICE, LEFT_BY_A_MOVE, kill, make_ends, move
from clientline.database.sequences import STRIDE
from clientline.postgres.cluster import PORT

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]
HELD = "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM second_factors), count(*) FROM services"
BELONGINGS = """
SET session_replication_role = replica;  -- who asked for the file is an operator, of no organization here
INSERT INTO list_files (organization_id, key, created_by_id, door, listed, query, headings)
    VALUES ({home}, gen_random_uuid(), 999999, 'admin', 'users', '', '');
INSERT INTO list_file_parts (organization_id, file_id, number, keys) SELECT {home}, id, 0, '{{}}' FROM list_files;
RESET session_replication_role;
INSERT INTO sessions (session_key, session_data, expire_date, last_used_at, agent, user_id)
    SELECT 'of the admin', '', now() + interval '1 day', now(), '', id FROM users WHERE email = 'ann@salon.example';
INSERT INTO procrastinate_jobs (queue_name, task_name, args, scheduled_at) VALUES
    ('default', 'send_guest_code', '{{"organization": {home}, "request": 7}}', '2100-01-01'),
    ('default', 'send_reset_code', '{{"reset": 7}}', '2100-01-01'),
    ('default', 'send_guest_code', '{{"organization": 999999, "request": 8}}', '2100-01-01');
"""
JOBS = "SELECT args FROM procrastinate_jobs WHERE scheduled_at = '2100-01-01' ORDER BY id"
FILES = "SELECT (SELECT count(*) FROM list_files), (SELECT count(*) FROM list_file_parts)"


@pytest.fixture(scope="module")
def ends(first):
    with make_ends(first) as found:
        yield found


def list_belongings(end):
    """Jobs that wait, keys of sessions, and how many files of lists with how many parts."""
    sessions = end.ask("SELECT session_key FROM sessions")
    return [args for (args,) in end.ask(JOBS)], [key for (key,) in sessions], end.ask(FILES)[0]


def test_what_stands_in_the_way_is_named_and_changes_nothing(ends):
    old, new = ends
    new.ask("INSERT INTO organizations (id, name, email) VALUES (9999, 'Other', 'office@salon.example')")
    with pytest.raises(CommandError) as refused:
        move(old, new, "--dry-run")
    assert str(refused.value) == (
        f"It cannot move:\nTaken at {new.place}:5432/clientline: office@salon.example (organizations.email)."
    )
    new.ask("DELETE FROM organizations")
    assert "Nothing stands in the way." in move(old, new, "--dry-run")
    assert (old.read_state(), new.read_state()) == ([], [])


NOT_FROM_HERE = "^It did not leave from .*: it is taken back where it left"
SENT_ASTRAY = [
    # The states at the end that has its rows and at the other one, what is asked for, and the words of the refusal.
    ("frozen", None, "--undo", "knows nothing of its move"),
    ("moved", None, "--undo", "knows nothing of its move"),
    ("moved", None, "--forget", "It is not at home at .*: nothing was deleted at "),
    ("arriving", "leaving", "--undo", NOT_FROM_HERE),
    ("arriving", "leaving", "--dry-run", "It is not at home at .* yet: its move there was not ended"),
    ("leaving", None, "--dry-run", "It is on its way elsewhere, or at home there: .* knows nothing of it"),
    ("arrived", "moved", "--dry-run", "It came back, and what is left of that move .*: end it first, with --undo"),
]
SENT_FROM_THE_NEW_HOME = [
    # The states there and where it left, from where --undo had begun and was given up in part.
    ("arrived", "moved", "--undo", NOT_FROM_HERE),
    ("frozen", "moved", "--undo", NOT_FROM_HERE),
    ("frozen", "arrived", "--undo", NOT_FROM_HERE),
    ("frozen", "moved", "--dry-run", "^It cannot move:\nIt came here itself, and may go back still"),
    ("arrived", "moved", "--dry-run", "^It cannot move:\nIt came here itself, and may go back still"),
]


def test_the_wrong_database_or_the_wrong_end_is_refused_and_loses_nothing(ends):
    """The last one is what is left once it is forgotten where it came from."""
    old, new = ends
    [(home,)] = old.ask("SELECT id FROM organizations")
    for began, group in ((old, SENT_ASTRAY), (new, SENT_FROM_THE_NEW_HOME)):
        for state, other, option, says in group:
            note_state(old, home, state, is_origin=began is old and state != "arriving")
            note_state(new, home, other, is_origin=began is new or state == "arriving")
            refuse_move(old, new, option, says)
            assert (old.read_state(), new.read_state()) == ([state], [other] if other else []), option
            for end in ends:
                end.ask("DELETE FROM relocations")
    refuse_move(new, old, "--undo", NOT_FROM_HERE)
    with pytest.raises(CommandError, match=r"^--to names the database that it leaves: "):
        move(old, old)
    assert old.ask(HELD) == [(1, 1, 1)]


def note_state(end, home, state, *, is_origin=True):
    columns = "(organization, state, notes_rows, is_origin, address)"
    if state:
        note = f"INSERT INTO relocations {columns} VALUES (%s, %s, true, %s, 'https://2.example')"
        end.ask(note, home, state, is_origin)


def refuse_move(old, new, option, says):
    with pytest.raises(CommandError, match=says):
        move(old, new, option)


def test_an_end_that_only_reads_is_refused_whatever_is_asked_for(ends):
    for end in ends:
        with end.connect() as link:
            link.execute("ALTER DATABASE clientline SET default_transaction_read_only = on")
            try:
                for option in ("--dry-run", "--undo", "--forget"):
                    place = re.escape(f"{end.place}:{PORT}/clientline")
                    refuse_move(*ends, option, f"^{place} only reads: name the one that writes\\.$")
            finally:
                link.execute("ALTER DATABASE clientline RESET default_transaction_read_only")


def test_who_waits_for_another_move_is_told_so(ends, monkeypatch):
    old, new = ends
    monkeypatch.setattr("clientline.cells.sides.LONGEST_TURN", 0)
    [(home,)] = old.ask("SELECT id FROM organizations")
    said = StringIO()
    with old.connect() as other, pytest.raises(CommandError, match=r"^Another move of organization "):
        other.execute("SELECT pg_advisory_lock(hashtextextended('relocate', %s))", [home])
        call_command("move_organization", home, "--from", old.url, "--to", new.url, "--dry-run", stdout=said)
    assert re.fullmatch(r"Waiting for another move of it at .* to end, for at most 0 s\n", said.getvalue())


LOST_SLOT = [
    ("here", "take it back with --undo, and begin anew."),
    ("there", "what changed there since does not come back. End this move with --forget, and move it from there."),
]


@pytest.mark.parametrize("giver, way_out", LOST_SLOT)
def test_nobody_waits_for_what_a_slot_that_is_gone_would_pass_on(giver, way_out):
    """As after a failover; a copy is waited for a day long."""
    move = Move.__new__(Move)
    move.organization, move.here, move.there = 42, Mock(place="a:1/x"), Mock(place="b:1/x")
    side = getattr(move, giver)
    side.ask_one.return_value, side.has_passed_on.return_value = 7, False
    side.has_slot.return_value = True
    assert not move._catch_up(side, "clientline_move_42_from_7", 0.01)
    side.has_slot.return_value = False
    with pytest.raises(MoveRefused) as refused:
        move._catch_up(side, "clientline_move_42_from_7", 10)
    assert str(refused.value) == (
        f"The slot clientline_move_42_from_7 at {side.place} is gone, as after a failover: {way_out}"
    )


GIVEN_UP = [
    psycopg.errors.AdminShutdown("terminating connection due to administrator command"),
    psycopg.InterfaceError("the connection is closed"),
    psycopg.errors.ReadOnlySqlTransaction("cannot execute UPDATE in a read-only transaction"),
]


@pytest.mark.parametrize("error", GIVEN_UP, ids=lambda error: type(error).__name__)
def test_a_server_that_ends_on_the_way_is_told_in_a_sentence(monkeypatch, error):
    monkeypatch.setattr("clientline.cells.management.commands.move_organization.Side", Mock(side_effect=error))
    with pytest.raises(CommandError) as told:
        call_command("move_organization", 42, "--from=postgres://a/x", "--to=postgres://b/x")
    assert str(told.value) == (
        f"A database gave up: {error}. What was begun is gone on with by the same command,"
        " once both ends can be written to."
    )


def test_it_moves_and_comes_back_with_what_happened_since(ends):
    """With a change just before it is frozen, one that is refused while it is, and one at the new home.

    Jobs go along, sessions end, and what operators had written stays with nobody.
    """
    old, new = ends
    [(home,)] = old.ask("SELECT id FROM organizations")
    old.ask(BELONGINGS.format(home=home))
    own, strangers = {"organization": home, "request": 7}, [{"reset": 7}, {"organization": 999999, "request": 8}]

    def change_while_frozen():
        assert (old.read_state(), new.read_state()) == (["frozen"], ["arriving"])
        with pytest.raises(psycopg.Error, match="moving"):
            old.ask(ADD_SERVICE, "Refused")

    steps = {"Freezing it": lambda: old.ask(ADD_SERVICE, "Late"), r"Comparing \d+ rows": change_while_frozen}
    said = move(old, new, steps=steps)
    assert re.search(r"It is at home at https://2\.example\. Nothing could be changed for \d\.\d\d s\.$", said.strip())
    # Called again where the one that froze it was killed, it does not know for how long.
    assert move(old, new).endswith("It is at home at https://2.example.\n")
    with pytest.raises(CommandError, match=NOT_FROM_HERE):  # it would be forgotten there, and never come back
        move(new, old, "--undo")
    assert (old.read_state(), new.read_state()) == (["moved"], ["arrived"])
    assert new.ask(HELD) == [(1, 1, 2)]
    assert list_belongings(new) == ([own], [], (0, 0))
    assert list_belongings(old) == (strangers, ["of the admin"], (0, 0))  # who comes by it is told where to go
    with pytest.raises(psycopg.Error, match="moved"):
        old.ask(ADD_SERVICE, "Refused")

    new.ask(ADD_SERVICE, "Since")
    [(given,)] = new.ask("SELECT id FROM services WHERE name = 'Since'")
    assert given % STRIDE == 2
    with pytest.raises(RuntimeError, match="killed"):
        move(old, new, "--undo", steps={"Freezing it": kill})
    with pytest.raises(CommandError, match=NOT_FROM_HERE):  # both ends note rows now
        move(new, old, "--undo")
    assert "It is at home here, as before." in move(old, new, "--undo")
    assert old.ask("SELECT name FROM services ORDER BY id") == [("Cut",), ("Late",), ("Since",)]
    assert new.ask(HELD) == [(0, 0, 0)]
    assert list_belongings(new) == ([], [], (0, 0))
    assert list_belongings(old) == ([*strangers, own], [], (0, 0))
    for end in ends:
        assert end.ask(LEFT_BY_A_MOVE) == [(0,) * 6]


NOWHERE = "postgres://postgres@127.0.0.1:1/clientline"  # where nobody listens
LOSES = "all that changed at https://2.example"
ALIVE = [
    # The state here, where the other database was, what is said of the loss, and the words of the refusal.
    (None, NOWHERE, "https://2.example", LOSES, "No move of organization .* is known at "),
    ("arriving", NOWHERE, "https://2.example", LOSES, "Its rows are not all at "),
    ("frozen", NOWHERE, "https://3.example", LOSES, r"^Its move is with https://2\.example: nothing was changed"),
    ("frozen", NOWHERE, "https://2.example", "", r"^This takes for granted .* --loses \"all that changed at https://2"),
    ("frozen", NOWHERE, "https://2.example", "all", "^This takes for granted "),
    (
        "frozen",
        "the other end",
        "https://2.example",
        LOSES,
        "is not destroyed, it answers: take the move back with --un",
    ),
]


def accept_loss(old, home, to, destroyed="https://2.example", loses=LOSES):
    options = ["--from", old.url, "--to", to, "--destroyed", destroyed, "--loses", loses]
    call_command("move_organization", home, *options, stdout=StringIO())


def test_an_end_that_may_live_is_not_given_up_and_the_loss_is_named_twice(ends):
    old, new = ends
    [(home,)] = old.ask("SELECT id FROM organizations")
    for state, to, destroyed, loses, says in ALIVE:
        note_state(old, home, state)
        with pytest.raises(CommandError, match=says):
            accept_loss(old, home, new.url if to == "the other end" else to, destroyed, loses)
        assert old.read_state() == ([state] if state else []), says
        old.ask("DELETE FROM relocations")
    note_state(old, home, "arrived", is_origin=False)
    passes_back = f"clientline_move_{home}_from_2"
    old.ask(
        f"CREATE SUBSCRIPTION {passes_back} CONNECTION 'host={new.place} port={PORT} dbname=clientline'"
        " PUBLICATION back WITH (connect = false, slot_name = NONE)"
    )
    with pytest.raises(
        CommandError,
        match=f"^{re.escape(new.place)}:{PORT}/clientline is not destroyed, it answers: "
        f"where it came from, it is taken back with --undo, or ",
    ):
        accept_loss(old, home, NOWHERE)
    assert old.read_state() == ["arrived"]
    old.ask(f"DROP SUBSCRIPTION {passes_back}")
    old.ask("DELETE FROM relocations")
    with pytest.raises(CommandError, match=r"^--loses goes with --destroyed\.$"):
        move(old, new, "--loses", LOSES)


def test_what_was_frozen_when_its_new_home_was_destroyed_is_freed(ends):
    """The last one, as the new home stays down. What passes changes back stands for a move that was decided."""
    old, new = ends
    [(home,)] = old.ask("SELECT id FROM organizations")

    with pytest.raises(RuntimeError, match="killed"):
        move(old, new, steps={"Deciding": kill})
    old.ask("UPDATE relocations SET state = 'frozen'")
    with pytest.raises(CommandError, match=r"it reads from .* at this moment"):
        accept_loss(old, home, NOWHERE)
    new.cluster.stop()
    old.ask(
        f"CREATE SUBSCRIPTION clientline_move_{home}_from_2 CONNECTION 'host=127.0.0.1 port=1'"
        " PUBLICATION back WITH (connect = false)"
    )
    with pytest.raises(psycopg.Error, match="moving"):
        old.ask(ADD_SERVICE, "Refused")
    accept_loss(old, home, NOWHERE)
    assert old.ask(LEFT_BY_A_MOVE) == [(0, 0, 0, 1, 0, 0)]
    assert old.read_state() == ["alone"]
    old.ask(ADD_SERVICE, "Free")
    assert old.ask("SELECT count(*) FROM services WHERE name = 'Free'") == [(1,)]
