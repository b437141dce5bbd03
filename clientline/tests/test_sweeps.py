"""What `make test` leaves out of a product: never a value, and never a row of the one that counts."""

from itertools import product

import pytest

from clientline.tests.sweeps import on_the_diagonal

PROBES = {"which": [f"cause {n}" for n in range(7)], "who": ["admin", "manager", "staff"]}


class Item:
    """What of a collected test is asked."""

    function = None

    def __init__(self, **params):
        self.params, self.callspec = params, self


@pytest.mark.parametrize("names", [("which", "who"), ("who", "which")])
def test_the_diagonal_holds_every_value_of_both(names):
    values = {(None, name): PROBES[name] for name in names}
    pairs = [dict(zip(names, pair, strict=True)) for pair in product(*(PROBES[name] for name in names))]
    kept = [pair for pair in pairs if on_the_diagonal(Item(**pair), values)]
    assert len(kept) == 7
    assert {pair["which"] for pair in kept} == set(PROBES["which"])
    assert {pair["who"] for pair in kept} == set(PROBES["who"])
