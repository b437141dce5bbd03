"""Workers share what they compile, and agree on what they have collected."""

from types import SimpleNamespace

from clientline.tests.collecting import begin_elsewhere, pytest_collection_modifyitems


def test_each_worker_begins_at_another_place_and_comes_to_all():
    assert [begin_elsewhere([*"abcdefg"], number, 3) for number in range(4)] == [
        [*"abcdefg"],
        [*"cdefgab"],
        [*"efgabcd"],
        [*"abcdefg"],  # one in place of another that has crashed
    ]


def test_all_workers_have_the_tests_in_one_order_and_those_of_a_module_in_theirs():
    items = [SimpleNamespace(path=path, name=name) for path, name in ("b2", "b1", "a2", "a1")]
    worker = SimpleNamespace(workerinput={"workerid": "gw1", "workercount": 2})
    pytest_collection_modifyitems(worker, items)
    assert [item.path + item.name for item in items] == ["a2", "a1", "b2", "b1"]
