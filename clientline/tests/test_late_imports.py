"""What is imported when it is used, and by servers before they have workers."""

import sys
import threading

import pytest

from clientline import late_imports
from clientline.late_imports import import_all, import_when_used


@pytest.fixture
def write_module(tmp_path, monkeypatch):
    """Writes a module that can be imported; what asks for one late in this test is known in this test alone."""
    monkeypatch.setattr(late_imports, "_asked_for", {})
    monkeypatch.syspath_prepend(tmp_path)
    written = []

    def write(name, source):
        (tmp_path / f"{name}.py").write_text(source)
        written.append(name)

    yield write
    for name in written:
        sys.modules.pop(name, None)


def test_a_module_is_imported_when_something_of_it_is_asked_for(write_module):
    write_module("dear_to_import", "VALUE = 5\n")
    dear = import_when_used("dear_to_import")
    assert "dear_to_import" not in sys.modules
    assert dear.VALUE == 5
    assert "dear_to_import" in sys.modules
    with pytest.raises(AttributeError, match="module 'dear_to_import' has no attribute 'NOTHING'"):
        _ = dear.NOTHING


def test_several_threads_import_it_once_and_get_all_of_it(write_module):
    write_module("asked_by_many", "import threading\nBEGUN = threading.current_thread()\nclass Last: pass\n")
    dear, gate, got = import_when_used("asked_by_many"), threading.Barrier(8), []

    def ask():
        gate.wait()
        got.append((dear.BEGUN, dear.Last))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_a_server_imports_what_waits_and_what_waits_because_of_that(write_module):
    write_module("inner_one", "VALUE = 6\n")
    outer = "from clientline.late_imports import import_when_used\ninner = import_when_used('inner_one')\n"
    write_module("outer_one", outer)
    import_when_used("outer_one")
    import_all()
    assert {"outer_one", "inner_one"} <= set(sys.modules)


def test_a_server_says_at_its_start_what_is_missing(write_module):
    import_when_used("nobody_has_this")
    with pytest.raises(ModuleNotFoundError, match="No module named 'nobody_has_this'"):
        import_all()
