"""What `make test` leaves out of the sweeps, and `make test-all` (--all) runs: combinations, never a value."""

from collections import defaultdict

import hypothesis
import pytest


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="every combination in the sweeps, instead of every value")


def pytest_configure(config):
    # A gate says the same of the same commit every time. --all looks for what nobody has thought of.
    hypothesis.settings.register_profile("gate", derandomize=True, database=None, max_examples=10)
    hypothesis.settings.register_profile("all", max_examples=50)
    hypothesis.settings.load_profile("all" if config.getoption("all") else "gate")
    for line in (
        'pairs("admin"): of two parameters, every value with one of the other, and all of them with this one',
        "whole: a product whose values other tests cover, too",
    ):
        config.addinivalue_line("markers", f"{line}; all with --all")


def pytest_collection_modifyitems(config, items):
    if config.getoption("all"):
        return
    values = values_of(items)
    left = {item for item in items if not stays(item, values)}
    config.hook.pytest_deselected(items=list(left))
    items[:] = [item for item in items if item not in left]


def values_of(items):
    """(test, name of a parameter) → its values in their order."""
    values = defaultdict(list)
    for item in items:
        if item.get_closest_marker("pairs"):
            for name, value in item.callspec.params.items():
                known = values[item.function, name]
                known += [] if value in known else [value]
    return values


def stays(item, values):
    if item.get_closest_marker("whole"):
        return False
    pairs = item.get_closest_marker("pairs")
    return pairs is None or pairs.args[0] in item.callspec.params.values() or on_the_diagonal(item, values)


def on_the_diagonal(item, values):
    """Both count on together, and the shorter one begins again: each value meets one of the other."""
    known = [(values[item.function, name], value) for name, value in item.callspec.params.items()]
    shorter = min(len(all_values) for all_values, _ in known)
    places = {all_values.index(value) % shorter for all_values, value in known}
    return len(places) == 1


@pytest.fixture
def everything(request):
    """Whether this run has --all."""
    return request.config.getoption("all")
