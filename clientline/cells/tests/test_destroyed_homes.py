"""The other end of a move is gone for good, or only seems to be: who is at home then, and who notices two homes.

The end that freezes it and one that may live are in test_one_move.py.
"""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command

from clientline.cells.status import examine_cluster
from clientline.cells.tests.ends import ADD_SERVICE, LEFT_BY_A_MOVE, kill, make_ends, move
from clientline.database.doubtful_homes import DOUBTFUL_HOMES

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]


@pytest.fixture
def ends(first):
    with make_ends(first) as found:
        yield found


def accept_loss(end, lost, number):
    [(organization,)] = end.ask("SELECT id FROM organizations")
    name = f"https://{number}.example"
    options = ["--from", end.url, "--to", lost.url, "--destroyed", name, "--loses", f"all that changed at {name}"]
    call_command("move_organization", organization, *options, stdout=StringIO())


def list_homes(end):
    """What cluster_status says of them."""
    with end.connect() as link:
        found = list(examine_cluster(link.cursor(), needs_standby=False))
    return [(each.says, each.is_well) for each in found if each.name.startswith("home of ")]


def is_alone(end, number):
    """At home and nothing left of the move, but for what is kept of the other end."""
    assert end.ask(LEFT_BY_A_MOVE) == [(0, 0, 0, 1, 0, 0)]
    end.ask(ADD_SERVICE, "Alone")
    return list_homes(end) == [(f"here, as https://{number}.example was given up as destroyed", True)]


@pytest.mark.whole  # test_one_move.py frees what was frozen
def test_the_old_home_of_a_moved_one_is_its_home_again_and_notices_a_second_one(ends, monkeypatch):
    """The new home comes back: its cable was only cut."""
    old, new = ends
    move(old, new)
    new.ask(ADD_SERVICE, "Since")
    assert list_homes(new) == [("arrived, with https://1.example", None)]
    new.cluster.stop()
    with pytest.raises(psycopg.Error, match="moved"):
        old.ask(ADD_SERVICE, "Refused")
    accept_loss(old, new, 2)
    assert is_alone(old, 2)
    new.start()
    monkeypatch.setattr("clientline.cells.status._answers", lambda address: True)
    told = "here, as https://2.example was given up as destroyed, and answers: it may have two"
    assert list_homes(old) == [(told, False)]
    [(organization,)] = new.ask("SELECT id FROM organizations")
    assert new.ask(DOUBTFUL_HOMES) == [(organization,)]
    [(says, is_well)] = list_homes(new)
    assert says.startswith("arrived, with https://1.example, which does not read what changes here") and not is_well
    for option in ("--dry-run", "--undo", "--forget"):
        for one, other in (ends, reversed(ends)):
            with pytest.raises(CommandError, match=r"^It is at home at .* and at .*: nothing is moved or deleted"):
                move(one, other, option)


@pytest.mark.whole
def test_who_was_leaving_is_free_again(ends):
    old, new = ends
    with pytest.raises(RuntimeError):
        move(old, new, steps={"Comparing all rows": kill})
    assert (old.read_state(), new.read_state()) == (["leaving"], ["arriving"])
    new.cluster.stop()
    accept_loss(old, new, 2)
    assert is_alone(old, 2)
    new.start()  # where it never arrived it is at home nowhere else
    assert new.ask(DOUBTFUL_HOMES) == []


@pytest.mark.whole
def test_the_new_home_needs_no_former_one(ends):
    old, new = ends
    move(old, new)
    old.cluster.stop()
    accept_loss(new, old, 1)
    assert is_alone(new, 1)
    old.start()  # and still says that it has moved
    with pytest.raises(psycopg.Error, match="moved"):
        old.ask(ADD_SERVICE, "Refused")
