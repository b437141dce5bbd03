"""When a cluster is whole: what Patroni tells of its nodes is read, and judged."""

from dataclasses import replace

from clientline.cells.members import Member, do_follow_one

LEADER = Member("n1", "leader", "running", None, 3)
SYNC = Member("n2", "sync_standby", "streaming", 0, 3)
THIRD = Member("n3", "replica", "streaming", 0, 3)


def test_a_member_is_read():
    told = {"name": "n3", "role": "replica", "state": "streaming", "lag": 0, "timeline": 3, "host": "10.0.0.3"}
    assert Member.read(told) == THIRD
    assert Member.read(told | {"lag": "unknown"}).lag is None
    leader = {"name": "n1", "role": "leader", "state": "running", "timeline": 3}
    assert Member.read(leader) == LEADER


def test_three_that_follow_one_are_whole():
    assert do_follow_one([LEADER, SYNC, THIRD])


def test_what_lacks_something_is_not():
    for members in (
        [],
        [SYNC, THIRD],
        [LEADER, replace(LEADER, name="n2"), THIRD],
        [replace(LEADER, state="stopping"), SYNC, THIRD],
        [LEADER, SYNC, replace(THIRD, state="starting")],
        [LEADER, SYNC, replace(THIRD, lag=1)],
        [LEADER, SYNC, replace(THIRD, timeline=2)],  # it has yet to be rewound
        [LEADER, replace(SYNC, role="replica"), THIRD],
    ):
        assert not do_follow_one(members), members
