"""What `make test` leaves out of a product: never a value, and never a row of the one that counts."""

from itertools import product

import pytest
from hypothesis.internal.conjecture import providers

from clientline.tests.moments import SHIFTS, list_by_moments
from clientline.tests.sweeps import group_of, has_its_turn, scopes_of

PROBES = {"which": [f"cause {n}" for n in range(7)], "who": ["admin", "manager", "staff"]}


class Item:
    """What of a collected test is asked."""

    function = None

    def __init__(self, **params):
        self.params, self.callspec = params, self


@pytest.mark.parametrize("names", [("which", "who"), ("who", "which")])
@pytest.mark.parametrize(
    ("named", "kept"),
    [
        ("admin", {("cause 0", "admin"), ("cause 1", "manager"), ("cause 2", "staff")}),
        ("cause 1", {(f"cause {n}", ("admin", "manager", "staff")[n % 3]) for n in range(7)}),
    ],
)
def test_each_value_beside_the_named_one_meets_one_of_the_other(names, named, kept):
    values = {(None, name): PROBES[name] for name in names}
    pairs = [dict(zip(names, pair, strict=True)) for pair in product(*(PROBES[name] for name in names))]
    turns = [pair for pair in pairs if has_its_turn(Item(**pair), values, named)]
    assert {(pair["which"], pair["who"]) for pair in turns} == kept


def test_of_three_places_each_has_a_third_and_together_they_have_all(share, everything):
    shares = [share(range(8), place) for place in range(3)]
    assert shares == ([[*range(8)]] * 3 if everything else [[0, 3, 6], [1, 4, 7], [2, 5]])


@pytest.mark.only("staff")
@pytest.mark.parametrize("who", PROBES["who"])
def test_of_a_parameter_one_value_is_enough_for_the_gate(who, everything):
    assert everything or who == "staff"


@pytest.mark.parametrize("who", PROBES["who"])
def test_each_case_has_the_third_of_its_own_place(share, who):
    assert share(range(8)) == share(range(8), PROBES["who"].index(who))


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("", None),
        ("pytestmark = pytest.mark.races", None),
        ("pytestmark = pytest.mark.browser", "browser"),
        ("x = 1\npytestmark = [\n    pytest.mark.browser,\n    pytest.mark.whole,\n]", "browser"),
        ("@pytest.mark.browser\ndef test_one_of_many(): ...", None),
        ("pytestmark = pytest.mark.faults", "test_x"),
        ('pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("house")]', "house"),
    ],
)
def test_a_file_with_dear_fixtures_stays_together_with_those_it_names(tmp_path, text, group):
    (tmp_path / "test_x.py").write_text(text)
    assert group_of(tmp_path / "test_x.py") == group


def test_ordinary_tests_go_to_a_worker_by_handfuls_of_a_file_and_dear_ones_singly(tmp_path):
    (tmp_path / "test_x.py").write_text("")
    (tmp_path / "test_y.py").write_text("pytestmark = pytest.mark.sweep")
    (tmp_path / "test_z.py").write_text("pytestmark = pytest.mark.faults")
    ids = [f"test_x.py::test_{n}" for n in range(23)] + ["test_y.py::test_1", "test_y.py::test_2", "test_z.py::test_1"]
    scopes = ["test_x.py 0"] * 10 + ["test_x.py 1"] * 10 + ["test_x.py 2"] * 3
    assert [*scopes_of(ids, tmp_path)] == [*scopes, "test_y.py::test_1", "test_y.py::test_2", "test_z"]


@pytest.mark.parametrize(("in_turn", "numbers"), [(True, [0, 4, 1, 5, 2, 3]), (False, [*range(6)] * 4)])
def test_each_test_has_its_turn_at_one_moment_or_is_run_at_each(in_turn, numbers):
    items = [Item(number=number, shift=shift) for number in range(6) for shift in SHIFTS]
    listed = [item.params for item in list_by_moments(items, in_turn=in_turn)]
    assert [each["number"] for each in listed] == numbers
    assert [each["shift"] for each in listed] == sorted(each["shift"] for each in listed)


def test_random_cases_of_the_gate_come_from_no_module_that_a_worker_happens_to_have(everything):
    assert (len(providers._get_local_constants()) > 0) == everything
