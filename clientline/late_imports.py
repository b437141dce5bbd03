"""Modules that are imported when they are first used: dear ones, which most starts of Python never need.

    if TYPE_CHECKING:
        import phonenumbers
    else:
        phonenumbers = import_when_used("phonenumbers")

The name stands for the module, and mypy reads the true import. It is for the few modules that
`clientline/tests/test_starts.py` names: any other import stands on top of its file, and says at the start what is
missing. In an annotation such a name is quoted, or Python would import the module to evaluate it; fields of a dataclass
name only what they take of it, as dataclasses look into quotes from 3.15 on.

A server imports all of them before it has workers, by `import_all`: they share the memory, and no request waits.
"""

from importlib import import_module
from types import ModuleType
from typing import Any


class LateModule:
    """A module's attributes, by its dotted name."""

    def __init__(self, path: str):
        self._path = path
        self._module: ModuleType | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module or self.import_now(), name)

    def import_now(self) -> ModuleType:
        # Python holds a lock for each module: of two threads, the second waits until the first has all of it.
        self._module = import_module(self._path)
        return self._module


_asked_for: dict[str, LateModule] = {}


def import_when_used(path: str) -> Any:
    """What stands for the module of this dotted name until, and after, something of it is asked for."""
    return _asked_for.setdefault(path, LateModule(path))


def import_all() -> None:
    """Import what waits, and what waits because of that."""
    for path in iter(_find_waiting, None):
        _asked_for[path].import_now()


def _find_waiting() -> str | None:
    return next((path for path, late in _asked_for.items() if late._module is None), None)
