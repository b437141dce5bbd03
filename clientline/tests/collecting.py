"""Each worker collects all tests, but begins at another place: what one has compiled there, the others find compiled.

pytest writes the asserts of a module anew before Python compiles it. On a fresh clone that takes ten seconds, which
every worker would spend by itself, as all would come to each module at the same moment.
"""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    report = yield
    if isinstance(collector, pytest.Directory) and (worker := find_worker(collector.config)):
        report.result = begin_elsewhere(report.result, *worker)
    return report


@pytest.hookimpl(tryfirst=True)  # before pytest moves those together that share a fixture
def pytest_collection_modifyitems(config, items):
    if find_worker(config):
        items.sort(key=lambda item: item.path)


def find_worker(config):
    """The number of this one, and how many there are; None where tests run without others."""
    own = getattr(config, "workerinput", None)
    return own and (int(own["workerid"].removeprefix("gw")), own["workercount"])


def begin_elsewhere(nodes, number, of):
    start = len(nodes) * (number % of) // of
    return nodes[start:] + nodes[:start]
