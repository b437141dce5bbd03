"""What `make test` leaves out of the sweeps, and `make test-all` (--all) runs: combinations, never a value."""

import os
import re
from collections import defaultdict
from functools import cache
from itertools import count

import hypothesis
import pytest
from hypothesis.internal.conjecture import providers
from xdist.scheduler import LoadScopeScheduling


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="every combination in the sweeps, instead of every value")


def pytest_configure(config):
    # A gate says the same of the same commit every time. --all looks for what nobody has thought of.
    # Neither says more of a slow or busy machine than of a quick one.
    slowly = {"deadline": None, "suppress_health_check": [hypothesis.HealthCheck.too_slow]}
    hypothesis.settings.register_profile("gate", derandomize=True, database=None, max_examples=10, **slowly)
    hypothesis.settings.register_profile("all", max_examples=50, **slowly)
    hypothesis.settings.load_profile("all" if config.getoption("all") else "gate")
    if not config.getoption("all"):
        # Of each module of ours, which each worker would read and parse: a second of each, and other cases wherever a
        # worker has imported something else.
        providers._get_local_constants = lambda: providers._local_constants
    for line in (
        'pairs("admin"): of two parameters, all values of the one with this of the other, and each of those with one',
        'only("staff"): of a parameter, this value',
        "whole: a product whose values other tests cover, too",
    ):
        config.addinivalue_line("markers", f"{line}; all with --all")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """One more than there are processors: some tests wait for a timeout, a server or a disk."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


HANDFUL = 10  # ordinary tests: 0.5 s, which is what a worker may come later to the end than another


class Together(LoadScopeScheduling):
    """Files with dear fixtures go to one worker as a whole, then handfuls of ordinary tests, then dear ones singly.

    Those in a browser go to one worker, which starts one Chromium for all of them. Whichever files are together the
    most tests go first: the longest is not what everybody waits for in the end.

    xdist 3.8 would keep files together by its mark, but writes that into the ids of tests, which pytest 9.2 does not
    let it change. It goes through all that a worker has had for each test that ends, and sends each in a message.
    """

    def add_node_collection(self, node, collection):
        super().add_node_collection(node, collection)
        self.scopes = dict(zip(collection, scopes_of(collection, self.config.rootpath), strict=True))

    def _split_scope(self, nodeid):
        return self.scopes[nodeid]


def scopes_of(nodeids, root):
    """Of each test, the name of those that go to a worker with it."""
    places = defaultdict(count)  # of a file → those of its tests
    for nodeid in nodeids:
        file = nodeid.split("::")[0]
        group, single = group_of(root / file), is_dear(root / file)
        yield group or (nodeid if single else f"{file} {next(places[file]) // HANDFUL}")


@cache
def group_of(path):
    """The name under which a file of tests stays together, None where each of them may go anywhere."""
    text = path.read_text()
    if named := re.search(r'mark\.xdist_group\("(\w+)"\)', text):
        return named[1]
    if re.search(r"^pytestmark = \[?\s*pytest\.mark\.browser\b", text, re.MULTILINE):
        return "browser"
    return path.stem if re.search(r"mark\.faults\b", text) else None


@cache
def is_dear(path):
    return bool(re.search(r"mark\.(races|whole)\b|^pytestmark = .*\bsweep\b", path.read_text(), re.MULTILINE))


@pytest.hookimpl(trylast=True)  # after -m and -k
def pytest_collection_modifyitems(config, items):
    if not config.getoption("all"):
        values = values_of(items)
        keep(config, items, [item for item in items if stays(item, values)])


def keep(config, items, kept):
    config.hook.pytest_deselected(items=list(set(items) - set(kept)))
    items[:] = kept


def values_of(items):
    """(test, name of a parameter) → its values in their order."""
    values = defaultdict(list)
    for item in items:
        if item.get_closest_marker("pairs"):
            for name, value in parameters(item).items():
                known = values[item.function, name]
                known += [] if value in known else [value]
    return values


def stays(item, values):
    only = item.get_closest_marker("only")
    if item.get_closest_marker("whole") or (only and not set(parameters(item).values()) <= {*only.args}):
        return False
    pairs = item.get_closest_marker("pairs")
    return pairs is None or pairs.args[0] in parameters(item).values() or has_its_turn(item, values, pairs.args[0])


def parameters(item):
    """Names and values of a test's own: not at which moment it runs."""
    named = item.callspec.params.items() if hasattr(item, "callspec") else ()
    return {name: value for name, value in named if name != "shift"}


def has_its_turn(item, values, named):
    """Each value beside the named one meets one of the other parameter: the first the first, and so on around."""
    known = [(values[item.function, name], value) for name, value in parameters(item).items()]
    (own, value), (others, other) = sorted(known, key=lambda each: named not in each[0])
    return others.index(other) == own.index(value) % len(others)


@pytest.fixture
def share(request, everything):
    """`share(values)`: the third of the values whose turn it is in this case; with --all they are all.

    The cases of a test take turns by the places of their parameters; `share(values, place)` says one instead.
    """
    turn = turn_of(request.node)

    def share(values, place=turn):
        return list(values) if everything else list(values)[place % 3 :: 3]

    return share


def turn_of(item):
    return sum(item.callspec.indices.values()) if hasattr(item, "callspec") else 0


@pytest.fixture(scope="session")
def everything(pytestconfig):
    """Whether this run has --all."""
    return pytestconfig.getoption("all")
