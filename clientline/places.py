"""Where a page is read as if by its clock: the organization whose zone and country times and amounts are written in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import tzinfo
from typing import Protocol

from django.utils import timezone


class Place(Protocol):
    """An organization, as far as its clock and its country go."""

    country: str

    @property
    def zone(self) -> tzinfo: ...


_entered: ContextVar[Place | None] = ContextVar("place", default=None)


def enter(place: Place) -> None:
    """Until `leave`, or until another is entered."""
    timezone.activate(place.zone)
    _entered.set(place)


def leave() -> None:
    timezone.deactivate()
    _entered.set(None)


def find_country() -> str:
    """That of the place entered; '' where there is none, or it has none."""
    place = _entered.get()
    return place.country if place else ""


def is_entered() -> bool:
    """Whether a page is written: what programs read is of no place."""
    return _entered.get() is not None


@contextmanager
def leave_for_a_while() -> Iterator[None]:
    """For texts that are stored: they are written alike at every place, by the clock of the one entered."""
    token = _entered.set(None)
    try:
        yield
    finally:
        _entered.reset(token)
