"""Whose request is next in a worker: everybody's, while nobody else is here; then no more than a share."""

import pytest

from clientline.web.shares import LONGEST_WAIT, MOST_KNOWN, STAY, Organizations, Share, Turns

SALON, CLINIC, OUTSIDE = Share(1), Share(2), Share(None)
SEARCH = Share(1, is_search=True)


class Worker:
    """Takes what may be answered at once, and tells which."""

    def __init__(self, threads=4):
        self.turns, self.running, self.now = Turns(threads), [], 1000.0

    def ask(self, *shares):
        """These arrive one after the other; returns what is answered at once."""
        for share in shares:
            self.turns.add(share, None, now=self.now)
        return self.take()

    def take(self):
        taken = list(iter(lambda: self.turns.take(now=self.now), None))
        self.running += taken
        return [turn.share for turn in taken]

    def end(self, share):
        """One of these is answered; returns what is answered next."""
        turn = next(turn for turn in self.running if turn.share == share)
        self.running.remove(turn)
        self.turns.end(turn, now=self.now)
        return self.take()


@pytest.fixture
def worker():
    return Worker()


@pytest.mark.parametrize("kind", [SALON, SEARCH], ids=["anything", "free times"])
def test_one_organization_alone_has_all_threads(worker, kind):
    assert worker.ask(*[kind] * 64) == [kind] * 4
    assert [worker.end(kind) for _ in range(60)] == [[kind]] * 60


def test_who_comes_later_stands_before_what_is_over_a_share(worker):
    worker.ask(*[SALON] * 64)
    assert worker.ask(CLINIC) == []
    assert worker.end(SALON) == [CLINIC]
    assert worker.end(SALON) == []  # two of four run: the share
    assert worker.end(SALON) == [SALON]
    assert worker.end(CLINIC) == []  # it has just been here


def test_half_of_the_threads_are_a_share_and_one_for_free_times(worker):
    assert worker.ask(CLINIC, *[SEARCH] * 3, *[SALON] * 3) == [CLINIC, SEARCH, SALON]
    assert worker.end(SALON) == [SALON]
    assert worker.end(SEARCH) == [SEARCH]
    assert Worker(threads=1).ask(SEARCH) == [SEARCH]


def test_the_oldest_is_next_of_what_is_within_its_share(worker):
    worker.ask(*[SALON] * 4)
    for number in (3, 4, 5):
        worker.now += 0.001
        worker.ask(Share(number))
    assert [worker.end(SALON) for _ in range(3)] == [[Share(3)], [Share(4)], [Share(5)]]


def test_an_organization_is_here_until_shortly_after_its_last_answer(worker):
    worker.ask(CLINIC, *[SEARCH] * 4)
    worker.end(CLINIC)
    worker.now += STAY - 0.001
    assert worker.take() == []
    worker.now += 0.001
    assert worker.take() == [SEARCH] * 3


def test_one_that_is_answered_for_long_is_here(worker):
    worker.ask(CLINIC, *[SEARCH] * 4)
    worker.now += STAY * 10
    assert worker.take() == []


def test_what_is_outside_of_all_shares_is_first_and_counts_for_nobody(worker):
    worker.ask(*[SALON] * 8)
    worker.ask(*[OUTSIDE] * 3)
    assert [worker.end(SALON) for _ in range(3)] == [[OUTSIDE]] * 3
    assert worker.end(OUTSIDE) == [SALON]


def test_what_is_over_a_share_is_given_up_after_a_while_and_nothing_else(worker):
    worker.ask(CLINIC, *[SEARCH] * 2)
    worker.now += 0.001
    worker.ask(SEARCH, *[SALON] * 3)
    worker.now += LONGEST_WAIT - 0.001
    assert [turn.share for turn in worker.turns.give_up(now=worker.now)] == [SEARCH]
    assert worker.turns.give_up(now=worker.now) == []  # the third came later
    worker.now += 0.001
    assert {turn.share for turn in worker.turns.give_up(now=worker.now)} == {SEARCH, SALON}


def test_who_is_alone_is_never_given_up(worker):
    worker.ask(*[SEARCH] * 64)
    worker.now += LONGEST_WAIT * 100
    assert worker.turns.give_up(now=worker.now) == []


def test_what_is_forgotten_takes_no_room(worker):
    for number in range(100):
        worker.ask(Share(number))
        worker.end(Share(number))
        worker.now += STAY / 2
    assert (len(worker.turns.seen) <= 3, worker.turns.waiting, worker.turns.running) == (True, {}, {})
    organizations = Organizations()
    for number in range(MOST_KNOWN + 1):
        organizations.remember(f"Bearer {number}", number)
    assert organizations.known == {hash(f"Bearer {MOST_KNOWN}"): MOST_KNOWN}
    assert [organizations.find(f"Bearer {number}") for number in (MOST_KNOWN, 1)] == [MOST_KNOWN, None]
